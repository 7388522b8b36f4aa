//! Orders that the store split: the parts take the whole's place only when they hold the same goods.

use proptest::prelude::*;
use zygos_core::{
    model::{Order, OrderLine, OrderStatus},
    orders::split::{SplitVerdict, judge, root_of, status_of_parts},
};

use crate::samples::{cases, key, mugs, order, shipping, whole};

fn part(number: usize, quantities: &[(&str, i64)]) -> Order {
    let lines = quantities
        .iter()
        .map(|(unit, quantity)| OrderLine { unit: Some(key(unit)), quantity: whole(*quantity), ..mugs() })
        .collect();
    Order { id: key(&format!("95700001.{number}")), lines, ..order() }
}

#[test]
fn the_root_is_what_stands_before_a_suffix_of_digits() {
    for (id, root) in [
        ("95700001.3", "95700001"),
        ("95700001.3.1", "95700001"),
        ("95700001", "95700001"),
        ("95700001.", "95700001."),
        (".3", ".3"),
        ("MARKET.A1", "MARKET.A1"),
    ] {
        assert_eq!(root_of(&key(id)), key(root), "{id}");
    }
}

#[test]
fn without_parts_an_order_is_gone_and_with_other_quantities_a_person_looks() {
    let root = Order { lines: vec![mugs(), shipping()], ..order() };
    assert_eq!(judge(&root, &[]), SplitVerdict::Gone);
    assert_eq!(judge(&root, &[part(1, &[("S1", 1)])]), SplitVerdict::Differs);
    assert_eq!(judge(&root, &[part(1, &[("S1", 1)]), part(2, &[("S1", 2)])]), SplitVerdict::Differs);
    assert_eq!(judge(&root, &[part(1, &[("S2", 2)])]), SplitVerdict::Differs);
}

#[test]
fn shipping_may_be_told_anew_and_a_cancelled_part_still_counts_as_ordered() {
    let root = Order { lines: vec![mugs(), shipping()], ..order() };
    let cancelled = Order { status: OrderStatus::Cancelled, ..part(2, &[("S1", 1)]) };
    assert_eq!(
        judge(&root, &[part(1, &[("S1", 1)]), cancelled]),
        SplitVerdict::Repartition(vec![key("95700001.1"), key("95700001.2")])
    );
}

#[test]
fn the_whole_is_as_far_as_its_slowest_part_and_cancelled_only_when_all_parts_are() {
    use OrderStatus::{Cancelled, Delivered, New, Shipped};
    let told = |parts: &[OrderStatus]| status_of_parts(parts.iter());
    assert_eq!(told(&[]), None);
    assert_eq!(told(&[Delivered, Shipped, Cancelled]), Some(Shipped));
    assert_eq!(told(&[Cancelled, New]), Some(New));
    assert_eq!(told(&[Cancelled, Cancelled]), Some(Cancelled));
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn however_an_order_is_cut_its_parts_take_its_place_and_one_piece_too_many_is_seen(
        pieces in prop::collection::vec((prop::sample::select(vec!["S1", "S2", "S3"]), 1_i64..5, 0_usize..3), 1..10),
        odd in any::<prop::sample::Index>(),
    ) {
        let root_lines: Vec<(&str, i64)> = pieces.iter().map(|(unit, quantity, _)| (*unit, *quantity)).collect();
        let root = Order { id: key("95700001"), ..part(0, &root_lines) };
        let cut = |pieces: &[(&'static str, i64, usize)]| -> Vec<Order> {
            (0..3)
                .map(|number| {
                    let own: Vec<(&str, i64)> = pieces
                        .iter()
                        .filter(|(_, _, to)| *to == number)
                        .map(|(unit, quantity, _)| (*unit, *quantity))
                        .collect();
                    part(number + 1, &own)
                })
                .filter(|part| !part.lines.is_empty())
                .collect()
        };
        let parts = cut(&pieces);
        prop_assert!(parts.iter().all(|part| root_of(&part.id) == root.id));
        let keys = parts.iter().map(|part| part.id.clone()).collect();
        prop_assert_eq!(judge(&root, &parts), SplitVerdict::Repartition(keys));
        let mut other = pieces.clone();
        let odd = odd.index(other.len());
        other[odd].1 += 1;
        prop_assert_eq!(judge(&root, &cut(&other)), SplitVerdict::Differs);
    }

    #[test]
    fn a_root_is_its_own_root(id in "[0-9A-Z.]{1,12}") {
        let root = root_of(&key(&id));
        prop_assert_eq!(root_of(&root), root);
    }
}
