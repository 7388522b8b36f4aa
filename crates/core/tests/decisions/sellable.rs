//! The formula of a store's figure, number by number, and what it says to people.

use proptest::prelude::*;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId,
    model::StockRow,
    stock::{Figure, LedgerEntry, SellableInputs, StockRule, Undecidable, WarehouseRule, sellable},
};

use crate::samples::{cases, decimal, key, whole};

fn rule(warehouses: &[(&str, Figure)]) -> StockRule {
    StockRule {
        warehouses: warehouses
            .iter()
            .map(|(name, figure)| WarehouseRule {
                warehouse: key(name),
                name: (*name).to_owned(),
                figure: *figure,
            })
            .collect(),
        buffer: Decimal::ZERO,
        max_listed: None,
        multiple: Decimal::ONE,
        backorders: false,
    }
}

/// A row that tells the same of all three figures.
fn row(warehouse: &str, figure: Decimal) -> StockRow {
    StockRow {
        unit: key("E1"),
        warehouse: key(warehouse),
        physical: Some(figure),
        free: Some(figure),
        projected: Some(figure),
    }
}

fn ordered(store: &str, order: &str, warehouse: Option<&str>, quantity: i64) -> LedgerEntry {
    LedgerEntry {
        store: ConnectionId::new(store),
        order: key(order),
        unit: key("E1"),
        warehouse: warehouse.map(key),
        quantity: whole(quantity),
        recorded: Decimal::ZERO,
        reserved: Decimal::ZERO,
        moved: Decimal::ZERO,
    }
}

fn figure(rule: &StockRule, rows: &[StockRow], ledger: &[LedgerEntry], decimals: u32) -> Decimal {
    match sellable(rule, &SellableInputs { rows, ledger, decimals }) {
        Ok(explanation) => explanation.figure,
        Err(undecidable) => panic!("{undecidable}"),
    }
}

#[test]
fn a_missing_row_or_figure_is_never_taken_for_zero() {
    let rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Projected)]);
    let missing =
        sellable(&rule, &SellableInputs { rows: &[row("Cluj", whole(5))], ledger: &[], decimals: 0 });
    assert!(matches!(&missing, Err(Undecidable::MissingRow { name, .. }) if name == "Depot"), "{missing:?}");
    let untold = StockRow { projected: None, ..row("Depot", whole(5)) };
    let untold =
        sellable(&rule, &SellableInputs { rows: &[row("Cluj", whole(5)), untold], ledger: &[], decimals: 0 });
    let text = untold.map_err(|undecidable| undecidable.to_string());
    assert_eq!(
        text.unwrap_err(),
        "the ERP gives no projected figure for warehouse Depot; choose another figure in the configuration"
    );
}

#[test]
fn a_rule_without_warehouses_gives_no_figure() {
    let inputs = SellableInputs { rows: &[], ledger: &[], decimals: 0 };
    assert_eq!(sellable(&rule(&[]), &inputs), Err(Undecidable::NoWarehouse));
}

#[test]
fn what_a_warehouse_owes_beyond_what_it_has_is_taken_off_the_others() {
    let rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Free)]);
    // Ordered by the customer before anything was moved to the depot: the goods can only come from Cluj.
    let rows = [row("Cluj", whole(13)), row("Depot", whole(0))];
    let ledger = [ordered("shop", "1", Some("Depot"), 13)];
    assert_eq!(figure(&rule, &rows, &ledger, 0), whole(0));
    // They are moved there, and then reserved: the figure doesn't change.
    let rows = [row("Cluj", whole(0)), row("Depot", whole(13))];
    assert_eq!(figure(&rule, &rows, &ledger, 0), whole(0));
    // The ERP shipped three more than it knew of; they came from somewhere.
    let rows = [row("Cluj", whole(4)), row("Depot", whole(-3))];
    assert_eq!(figure(&rule, &rows, &[], 0), whole(1));
    let rows = [row("Cluj", whole(1)), row("Depot", whole(-3))];
    assert_eq!(figure(&rule, &rows, &[], 0), whole(0));
}

#[test]
fn orders_of_other_stores_count_where_the_warehouse_is_shared_and_nowhere_else() {
    let rule = rule(&[("Cluj", Figure::Free)]);
    let rows = [row("Cluj", whole(10)), row("Depot", whole(10))];
    let ledger = [ordered("other shop", "1", Some("Cluj"), 3), ordered("other shop", "2", Some("Depot"), 5)];
    assert_eq!(figure(&rule, &rows, &ledger, 0), whole(7));
}

#[test]
fn an_order_without_a_known_warehouse_is_taken_off_once() {
    let rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Free)]);
    let rows = [row("Cluj", whole(10)), row("Depot", whole(10))];
    assert_eq!(figure(&rule, &rows, &[ordered("shop", "1", None, 3)], 0), whole(17));
}

#[test]
fn with_back_orders_the_figure_goes_below_zero_and_shortfalls_count() {
    let mut rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Free)]);
    rule.backorders = true;
    let rows = [row("Cluj", whole(2)), row("Depot", whole(-5))];
    assert_eq!(figure(&rule, &rows, &[], 0), whole(-3));
    rule.backorders = false;
    assert_eq!(figure(&rule, &rows, &[], 0), whole(0));
}

#[test]
fn buffer_multiple_and_most_listed_apply_in_this_order() {
    let mut rule = rule(&[("Cluj", Figure::Free)]);
    rule.buffer = whole(3);
    rule.multiple = whole(6);
    assert_eq!(figure(&rule, &[row("Cluj", whole(22))], &[], 0), whole(18));
    rule.max_listed = Some(whole(12));
    assert_eq!(figure(&rule, &[row("Cluj", whole(22))], &[], 0), whole(12));
    // The buffer alone never makes a figure negative.
    assert_eq!(figure(&rule, &[row("Cluj", whole(1))], &[], 0), Decimal::ZERO);
}

#[test]
fn parts_of_a_piece_are_not_listed_and_metres_keep_their_decimals() {
    let mut rule = rule(&[("Cluj", Figure::Free)]);
    rule.multiple = Decimal::ZERO;
    let rows = [row("Cluj", decimal("7.987"))];
    assert_eq!(figure(&rule, &rows, &[], 0), whole(7));
    assert_eq!(figure(&rule, &rows, &[], 2), decimal("7.98"));
    rule.multiple = decimal("0.5");
    assert_eq!(figure(&rule, &rows, &[], 2), decimal("7.5"));
}

#[test]
fn the_explanation_shows_every_number_and_every_order() {
    let mut rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Projected)]);
    rule.buffer = Decimal::ONE;
    rule.multiple = whole(2);
    rule.max_listed = Some(whole(100));
    let rows = [row("Cluj", whole(10)), row("Depot", whole(3))];
    let ledger = [
        ordered("cluj-shop", "1001", Some("Cluj"), 2),
        ordered("buc-shop", "5", Some("Cluj"), 1),
        ordered("cluj-shop", "1002", Some("Depot"), 5),
        ordered("cluj-shop", "1003", None, 1),
    ];
    let explanation = sellable(&rule, &SellableInputs { rows: &rows, ledger: &ledger, decimals: 0 }).unwrap();
    assert_eq!(
        explanation.lines(),
        [
            "Cluj: free 10",
            "  less 2 of order 1001 in cluj-shop",
            "  less 1 of order 5 in buc-shop",
            "  counts 7",
            "Depot: projected 3",
            "  less 5 of order 1002 in cluj-shop",
            "  counts -2",
            "orders whose warehouse is not known:",
            "  less 1 of order 1003 in cluj-shop",
            "together 5",
            "less the buffer of 1",
            "rounded down to a multiple of 2",
            "at most 100 are listed",
            "= 2",
        ]
    );
}

#[test]
fn the_summary_for_the_journal_is_one_readable_line() {
    let mut rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Physical)]);
    rule.buffer = Decimal::ONE;
    let rows = [row("Cluj", decimal("10.00")), row("Depot", whole(3))];
    let ledger = [ordered("shop", "1001", Some("Cluj"), 2), ordered("shop", "1002", None, 1)];
    let explanation = sellable(&rule, &SellableInputs { rows: &rows, ledger: &ledger, decimals: 0 }).unwrap();
    assert_eq!(
        explanation.summary(),
        "Cluj free 10 − 2 ordered + Depot physical 3 − 1 ordered, warehouse unknown − buffer 1 = 9"
    );
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_figure_is_the_largest_permitted_one(
        thousandths in -5_000_i64..200_000,
        buffer in 0_i64..5,
        multiple in prop::sample::select(vec!["0", "0.25", "0.5", "2", "6", "12"]),
        decimals in 0_u32..4,
        most in prop::option::of(0_i64..150),
        backorders in any::<bool>(),
    ) {
        // A multiple that the unit's decimals can't express is a mistake in the configuration.
        prop_assume!(!(multiple.starts_with("0.") && decimals < 2));
        let mut rule = rule(&[("Cluj", Figure::Free)]);
        rule.buffer = whole(buffer);
        rule.multiple = decimal(multiple);
        rule.max_listed = most.map(whole);
        rule.backorders = backorders;
        let value = Decimal::new(thousandths, 3);
        let shown = figure(&rule, &[row("Cluj", value)], &[], decimals);
        let step = rule.multiple.max(Decimal::new(1, decimals));
        let room = if backorders { value } else { value.max(Decimal::ZERO) } - whole(buffer);
        prop_assert!(shown.scale() <= decimals);
        match most.map(whole) {
            Some(most) if shown == most => prop_assert!(most <= room.max(Decimal::ZERO)),
            _ if shown.is_zero() && !backorders => prop_assert!(room < step),
            _ => {
                prop_assert!((shown % step).is_zero(), "{shown} is no multiple of {step}");
                prop_assert!(shown <= room && room < shown + step, "{shown} for {room}");
            }
        }
    }

    #[test]
    fn one_more_order_never_raises_a_figure(
        shelf in -5_i64..50,
        quantities in prop::collection::vec((0_i64..9, prop::option::of(Just("Cluj"))), 0..6),
        more in 0_i64..9,
        place in prop::option::of(prop::sample::select(vec!["Cluj", "Elsewhere"])),
        multiple in 0_i64..4,
        backorders in any::<bool>(),
    ) {
        let mut rule = rule(&[("Cluj", Figure::Projected)]);
        rule.multiple = whole(multiple);
        rule.backorders = backorders;
        let rows = [row("Cluj", whole(shelf))];
        let mut ledger: Vec<LedgerEntry> = quantities
            .iter()
            .enumerate()
            .map(|(number, (quantity, at))| ordered("shop", &number.to_string(), *at, *quantity))
            .collect();
        let before = figure(&rule, &rows, &ledger, 0);
        ledger.push(ordered("other shop", "one more", place, more));
        prop_assert!(figure(&rule, &rows, &ledger, 0) <= before);
    }

    #[test]
    fn the_explained_terms_add_up_to_the_sum(
        shelves in [-5_i64..50, -5_i64..50],
        ledger in prop::collection::vec((0_i64..9, 0_usize..3), 0..6),
        backorders in any::<bool>(),
    ) {
        let mut rule = rule(&[("Cluj", Figure::Free), ("Depot", Figure::Physical)]);
        rule.backorders = backorders;
        let rows = [row("Cluj", whole(shelves[0])), row("Depot", whole(shelves[1]))];
        let ledger: Vec<LedgerEntry> = ledger
            .iter()
            .enumerate()
            .map(|(number, (quantity, at))| {
                ordered("shop", &number.to_string(), [Some("Cluj"), Some("Depot"), None][*at], *quantity)
            })
            .collect();
        let explanation =
            sellable(&rule, &SellableInputs { rows: &rows, ledger: &ledger, decimals: 0 }).unwrap();
        prop_assert_eq!(explanation.warehouses.iter().map(|term| term.counts).sum::<Decimal>(), explanation.sum);
        let told: Decimal = explanation
            .warehouses
            .iter()
            .flat_map(|term| &term.taken)
            .chain(&explanation.unplaced)
            .map(|taken| taken.quantity)
            .sum();
        prop_assert_eq!(told, ledger.iter().map(|entry| entry.quantity).sum::<Decimal>());
    }
}
