//! Corners that decisions got wrong once.

use crate::samples::*;
use rust_decimal::Decimal;
use zygos_core::{
    contract::Write,
    guard::{FeedShape, GuardLimits, StockChange, inspect_stock},
    linking::{LinkIssue, LinkProposal, MatchedBy, link_units},
    model::*,
    orders::{FeedbackRule, ImportDecision, decide_import, feedback::feedback},
    stock::*,
};

fn links(p: &[LinkProposal]) -> Vec<(String, String, MatchedBy)> {
    p.iter()
        .filter_map(|p| match p {
            LinkProposal::Link { store, erp, by } => Some((store.to_string(), erp.to_string(), *by)),
            _ => None,
        })
        .collect()
}

#[test]
fn multiple_of_one_means_any_so_metres_keep_their_decimals() {
    let rule = StockRule {
        warehouses: vec![WarehouseRule { warehouse: key("W"), name: "W".into(), figure: Figure::Free }],
        buffer: Decimal::ZERO,
        max_listed: None,
        multiple: Decimal::ONE,
        backorders: false,
    };
    let rows = [StockRow {
        unit: key("E"),
        warehouse: key("W"),
        physical: None,
        free: Some(decimal("2.5")),
        projected: None,
    }];
    let got = sellable(&rule, &SellableInputs { rows: &rows, ledger: &[], decimals: 2 }).unwrap();
    assert_eq!(got.figure, decimal("2.5"), "{:?}", got.lines());
}
#[test]
fn exact_sku_wins_over_an_ean_met_earlier() {
    let store = [unit("S1", Some("OTHER"), Some("111")), unit("S2", Some("MUG"), None)];
    let erp = [unit("E1", Some("MUG"), Some("111"))];
    let p = link_units(&store, &erp, &[]);
    assert_eq!(links(&p), [("S2".to_string(), "E1".to_string(), MatchedBy::Sku)], "{p:?}");
}
#[test]
fn two_store_units_with_one_ean_are_not_guessed_between() {
    let store = [unit("S1", None, Some("111")), unit("S2", None, Some("111"))];
    let p = link_units(&store, &[unit("E1", None, Some("111"))], &[]);
    assert_eq!(links(&p), [], "{p:?}");
}
#[test]
fn a_unit_without_sku_whose_ean_finds_nothing_is_reported() {
    let p = link_units(&[unit("S1", None, Some("111"))], &[], &[]);
    assert!(!p.is_empty());
}
#[test]
fn ambiguous_text_when_the_only_candidate_is_linked_elsewhere() {
    let p = link_units(
        &[unit("S1", Some("X"), None), unit("S2", Some("CUP"), None)],
        &[unit("E1", Some("CUP"), None)],
        &[(key("S1"), key("E1"))],
    );
    let text = p
        .iter()
        .find_map(|p| match p {
            LinkProposal::Issue(i @ LinkIssue::Ambiguous { .. }) => Some(i.to_string()),
            _ => None,
        })
        .unwrap();
    assert!(!text.contains("several products"), "{text}");
}
#[test]
fn a_hand_typed_waybill_that_is_a_prefix_of_ours_stays() {
    let mut d = document("9", DocumentState::Processing, order().total);
    d.shipments = vec![shipment("1", ShipmentState::Shipped, Some("AWB12"))];
    let o = Order { awb: Some("AWB1".into()), ..order() };
    let w = feedback(&o, &d, &FeedbackRule::default());
    assert!(!w.iter().any(|w| matches!(w, Write::SetTracking { .. })), "{w:?}");
}
#[test]
fn a_waybill_shared_by_later_parcels_is_told_once() {
    let mut d = document("9", DocumentState::Processing, order().total);
    d.shipments = vec![
        shipment("1", ShipmentState::Shipped, Some("A")),
        shipment("2", ShipmentState::Shipped, Some("B")),
        shipment("3", ShipmentState::Shipped, Some("B")),
    ];
    let w = feedback(&order(), &d, &FeedbackRule::default());
    assert!(matches!(&w[0], Write::SetTracking { tracking, .. } if tracking.number == "A, B"), "{w:?}");
}
#[test]
fn mass_fall_below_zero_is_held_like_zero() {
    let c: Vec<_> = (0..100)
        .map(|n| StockChange { unit: key(&n.to_string()), sku: None, before: whole(5), after: whole(-1) })
        .collect();
    assert!(
        !inspect_stock(
            &c,
            FeedShape { units_expected: 100, units_read: 100, all_zero: false },
            &GuardLimits::default()
        )
        .is_empty()
    );
}
#[test]
fn a_blank_vat_number_is_not_given_to_the_erp() {
    let mut o = order();
    o.customer.company =
        Some(Company { name: "X SRL".into(), vat_number: Some(" ".into()), registration_number: None });
    let ImportDecision::Import(p) = decide_import(&o, &rule(), false, &link) else { panic!() };
    assert_eq!(p.new_party.vat_number, None);
}
#[test]
fn a_split_with_a_line_of_nothing_still_repartitions() {
    let root = Order { lines: vec![mugs()], ..order() };
    let child = Order {
        id: key("95700001.1"),
        lines: vec![mugs(), OrderLine { unit: Some(key("S2")), quantity: Decimal::ZERO, ..mugs() }],
        ..order()
    };
    assert!(matches!(
        zygos_core::orders::split::judge(&root, &[child]),
        zygos_core::orders::split::SplitVerdict::Repartition(_)
    ));
}
#[test]
fn a_piece_multiple_of_fraction_still_gives_whole_pieces() {
    let rule = StockRule {
        warehouses: vec![WarehouseRule { warehouse: key("W"), name: "W".into(), figure: Figure::Free }],
        buffer: Decimal::ZERO,
        max_listed: None,
        multiple: decimal("2.5"),
        backorders: false,
    };
    let rows = [StockRow {
        unit: key("E"),
        warehouse: key("W"),
        physical: None,
        free: Some(whole(8)),
        projected: None,
    }];
    let got = sellable(&rule, &SellableInputs { rows: &rows, ledger: &[], decimals: 0 }).unwrap();
    assert_eq!(got.figure.fract(), Decimal::ZERO, "{}", got.figure);
}
