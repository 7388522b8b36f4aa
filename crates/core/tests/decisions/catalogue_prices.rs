//! Prices: net on one side, gross on the other.

use std::collections::BTreeMap;

use zygos_core::{
    catalogue::{ChangeCause, Choice, Owner, TroubleKind, writes},
    contract::{PriceKind, Side},
    guard::{CatalogueSize, GuardLimits, inspect_catalogue},
    model::{Field, Value},
};

use crate::{
    catalogue_samples::{Bench, planned},
    samples::{decimal, key},
};

fn at_21() -> Bench {
    let mut bench = Bench::new();
    for side in [Side::Store, Side::Erp] {
        bench.set(side, &key("S"), Field::Tax, Value::number(decimal("21")));
    }
    bench.erp_price("49.90");
    bench.store_price("60.38");
    bench
}

#[test]
fn a_net_price_that_became_gross_and_net_again_is_no_edit() {
    let mut bench = at_21();
    bench.store_price("1.00");
    let mut decision = bench.decide();
    decision.changes.retain(|change| change.field == Field::Price);
    assert_eq!(planned(&decision), [(Side::Store, Field::Price, "60.38".to_owned())]);
    decision.changes[0].hold = None;
    bench.carry_out(&decision);
    assert_eq!(bench.store.variants[0].unit.price_net, Some(decimal("49.9008")), "as the store reads back");
    assert_eq!(bench.planned(), []);
}

#[test]
fn the_owner_of_the_price_says_what_it_was_and_is() {
    let mut bench = at_21().agreed();
    bench.erp_price("55");
    let decision = bench.decide();
    assert_eq!(planned(&decision), [(Side::Store, Field::Price, "66.55".to_owned())]);
    assert_eq!(decision.changes[0].why, "the ERP owns the price: it was 49.90 and is 55.00 now");
    assert_eq!(decision.changes[0].before, Value::number(decimal("60.38")));
}

#[test]
fn a_price_edited_in_the_store_is_put_back_or_goes_to_the_erp_by_owner() {
    let mut bench = at_21().agreed();
    bench.store_price("59.99");
    let back = bench.decide();
    assert_eq!(planned(&back), [(Side::Store, Field::Price, "60.38".to_owned())]);
    assert_eq!(back.changes[0].cause, ChangeCause::OtherEdited);
    bench.price_rule().owner = Owner::Newest;
    assert_eq!(bench.planned(), [(Side::Erp, Field::Price, "49.5785".to_owned())]);
    bench.price_rule().to_erp = false;
    assert_eq!(bench.planned(), []);
}

#[test]
fn a_tax_that_moves_carries_every_price_to_the_side_it_moves_on() {
    let mut bench = Bench::with_variants(2).agreed();
    bench.set(Side::Erp, &key("T"), Field::Tax, Value::number(decimal("21")));
    let decision = bench.decide();
    assert_eq!(
        planned(&decision),
        [
            (Side::Store, Field::Tax, "21".to_owned()),
            (Side::Store, Field::Price, "60.38".to_owned()),
            (Side::Store, Field::Price, "60.38".to_owned()),
        ]
    );
    assert_eq!(
        decision.changes[1].why,
        "the tax is 21 % now, so the store's price follows anew from the ERP's 49.90"
    );
    bench.carry_out(&decision);
    assert_eq!(bench.decide(), Default::default());
}

#[test]
fn a_net_price_stays_when_its_tax_moves_beneath_it() {
    let mut bench = Bench::new();
    bench.price_rule().authority = PriceKind::Net;
    bench = bench.agreed();
    bench.set(Side::Erp, &key("T"), Field::Tax, Value::number(decimal("21")));
    let decision = bench.decide();
    assert_eq!(
        planned(&decision),
        [(Side::Store, Field::Tax, "21".to_owned()), (Side::Store, Field::Price, "49.9".to_owned())]
    );
    assert_eq!(
        decision.changes[1].why,
        "the tax becomes 21 %; the price is written with it, so that it stays"
    );
    bench.carry_out(&decision);
    assert_eq!(bench.store.variants[0].unit.price_net, Some(decimal("49.90")));
    assert_eq!(bench.decide(), Default::default());
}

#[test]
fn only_the_tax_moved_in_the_store_and_the_price_follows_its_owner() {
    let of = |owner| {
        let mut bench = Bench::new();
        bench.own(Field::Tax, Owner::Store);
        bench.price_rule().owner = owner;
        bench = bench.agreed();
        bench.set(Side::Store, &key("S"), Field::Tax, Value::number(decimal("21")));
        bench
            .decide()
            .changes
            .into_iter()
            .filter(|change| change.cause == ChangeCause::TargetMoved)
            .map(|change| (change.to, change.after.to_string(), change.before == change.after))
            .collect::<Vec<_>>()
    };
    let carried = (Side::Erp, "49.9".to_owned(), true);
    for owner in [Owner::Erp, Owner::Newest, Owner::Ask] {
        assert_eq!(of(owner), [(Side::Store, "60.38".to_owned(), false), carried.clone()], "{owner:?}");
    }
    assert_eq!(of(Owner::Store), [(Side::Erp, "49.0744".to_owned(), false)]);
}

#[test]
fn a_price_below_zero_is_never_written() {
    let mut bench = at_21().agreed();
    bench.erp_price("-1");
    for answer in [None, Some(Choice::Erp)] {
        bench.answers.extend(answer.map(|choice| ((key("S"), Field::Price), choice)));
        let decision = bench.decide();
        assert_eq!(decision.changes, []);
        assert_eq!(decision.troubles[0].kind, TroubleKind::NegativePrice);
    }
}

#[test]
fn a_price_that_goes_to_zero_or_jumps_waits_for_a_person() {
    for (price, words) in [("0", "it would go to zero"), ("499", "it would move by 900 %")] {
        let mut bench = at_21().agreed();
        bench.erp_price(price);
        let decision = bench.decide();
        let hold = decision.changes[0].hold.clone().unwrap();
        assert!(hold.starts_with(words), "{hold}");
        assert_eq!(writes(&decision.changes, &bench.rule), (None, None));
        bench.answers.insert((key("S"), Field::Price), Choice::Erp);
        assert_eq!(bench.decide().changes[0].hold, None);
    }
    let mut bench = at_21().agreed();
    bench.erp_price("60");
    assert_eq!(bench.decide().changes[0].hold, None, "20 % may pass");
}

#[test]
fn what_both_agreed_on_goes_back_however_far_a_hand_edit_jumped() {
    for typed in ["1", "4990"] {
        let mut bench = at_21().agreed();
        bench.store_price(typed);
        let decision = bench.decide();
        assert_eq!(
            (decision.changes[0].hold.as_ref(), decision.changes[0].cause),
            (None, ChangeCause::OtherEdited)
        );
    }
}

#[test]
fn a_held_price_does_not_let_the_tax_move_the_present_one() {
    let mut bench = Bench::new().agreed();
    bench.set(Side::Erp, &key("T"), Field::Tax, Value::number(decimal("21")));
    bench.erp_price("0");
    let (store, _) = writes(&bench.decide().changes, &bench.rule);
    let store = store.unwrap();
    assert_eq!(store.facts[&Field::Tax], Value::number(decimal("21")));
    assert_eq!(store.units[&key("S")][&Field::Price], Value::number(decimal("59.38")));
}

#[test]
fn many_doubtful_prices_at_once_are_one_finding() {
    let mut bench = Bench::with_variants(40).agreed();
    for erp in &mut bench.erp.variants {
        erp.unit.price_net = Some(decimal("0"));
    }
    let size = CatalogueSize { products: 1, units: 40 };
    let found = inspect_catalogue(Side::Store, &bench.decide().changes, size, &GuardLimits::default());
    assert_eq!(found[0].text, "40 of the store's 40 prices would go to zero or jump together");
}

#[test]
fn a_price_with_six_decimals_arrives_rounded_and_then_agrees() {
    for (price, gross) in [("33.333333", "40.33"), ("12.345678", "14.94"), ("0.004133", "0.01")] {
        let mut bench = at_21();
        bench.price_rule().jump_percent = decimal("1000");
        bench = bench.agreed();
        bench.erp_price(price);
        let decision = bench.decide();
        assert_eq!(bench.planned()[0].2, Value::number(decimal(gross)).to_string());
        bench.carry_out(&decision);
        assert_eq!(bench.decide(), Default::default(), "{price}");
    }
}

#[test]
fn without_a_tax_net_and_gross_are_not_compared() {
    let mut bench = Bench::new();
    for product in [&mut bench.store, &mut bench.erp] {
        product.facts.remove(&Field::Tax);
        product.variants[0].unit.tax_percent = None;
    }
    let decision = bench.decide();
    assert_eq!(decision.changes, []);
    assert_eq!(decision.troubles[0].kind, TroubleKind::UnknownTax);
    bench.price_rule().authority = PriceKind::Net;
    assert_eq!(bench.decide().troubles, [], "net and net need none");
}

#[test]
fn a_price_list_is_the_price_and_one_without_a_price_is_told() {
    let mut bench = at_21();
    bench.price_rule().list = Some("Shop".to_owned());
    assert!(!bench.decide().agreed.iter().any(|agreement| agreement.field == Field::Price), "not read");
    bench.list_prices = Some(BTreeMap::from([(key("E"), Some(decimal("49.90")))]));
    bench = bench.agreed();
    bench.list_prices = Some(BTreeMap::from([(key("E"), Some(decimal("45")))]));
    let decision = bench.decide();
    assert_eq!(planned(&decision), [(Side::Store, Field::Price, "54.45".to_owned())]);
    bench.list_prices = Some(BTreeMap::from([(key("E"), None)]));
    let without = bench.decide();
    assert_eq!(without.changes, []);
    assert_eq!(without.troubles[0].kind, TroubleKind::NoListPrice);
    bench.list_prices = Some(BTreeMap::new());
    assert_eq!(bench.decide(), Default::default());
}

#[test]
fn a_price_that_its_owner_lost_leaves_the_other_as_it_is() {
    let mut bench = at_21().agreed();
    bench.erp.variants[0].unit.price_net = None;
    let decision = bench.decide();
    assert_eq!(decision.changes, []);
    assert_eq!(decision.troubles[0].kind, TroubleKind::NoPrice);
}

#[test]
fn the_price_before_a_reduction_goes_where_both_sides_have_one() {
    let mut bench = at_21();
    bench.set(Side::Erp, &key("E"), Field::OldPrice, Value::number(decimal("100")));
    assert_eq!(bench.planned(), [], "the store has no such field");
    bench.set(Side::Store, &key("S"), Field::OldPrice, Value::Empty);
    assert_eq!(bench.planned(), [(Side::Store, Field::OldPrice, "121".to_owned())]);
}
