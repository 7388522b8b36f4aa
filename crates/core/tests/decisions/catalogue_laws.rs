//! What holds for any two products, whatever was edited.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    catalogue::{ChangeCause, Choice, Decision, Gone, Halves, Owner, PriceTerms, ProductRule, convert},
    contract::{PriceKind, Side},
    model::{Field, Value},
};

use crate::{
    catalogue_samples::{Bench, set_price},
    samples::{cases, key},
};

const TAXES: [i64; 6] = [0, 5, 9, 19, 21, 24];

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![Just(Owner::Store), Just(Owner::Erp), Just(Owner::Newest), Just(Owner::Ask)]
}

fn kind() -> impl Strategy<Value = PriceKind> {
    prop_oneof![Just(PriceKind::Net), Just(PriceKind::Gross)]
}

/// Few values, so that sides often agree by chance.
fn value_of(field: Field, pick: u8) -> Value {
    let pick = pick % 4;
    match field {
        Field::Tax => Value::number(Decimal::from(TAXES[usize::from(pick)])),
        Field::Price => Value::number(Decimal::new(4990 + i64::from(pick) * 333, 2)),
        Field::Cost | Field::Weight => Value::number(Decimal::new(i64::from(pick) * 1_235, 3)),
        Field::Active => Value::Flag(pick.is_multiple_of(2)),
        Field::Categories => Value::paths((0..pick).map(|n| vec![format!("c{n}")])),
        Field::Images => Value::addresses((0..pick).map(|n| format!("i{}", (n + pick) % 4))),
        Field::Sku => Value::text(["HD-0", "HD-1", "A", "B"][usize::from(pick)]),
        _ => Value::text(["", "one", "two", "a longer one"][usize::from(pick)]),
    }
}

const EDITED: [Field; 11] = [
    Field::Name,
    Field::Description,
    Field::Brand,
    Field::Categories,
    Field::Images,
    Field::Tax,
    Field::Sku,
    Field::Ean,
    Field::Price,
    Field::Weight,
    Field::Active,
];

#[derive(Clone, Debug)]
struct Edit {
    of_store: bool,
    field: Field,
    unit: usize,
    pick: u8,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<bool>(), prop::sample::select(EDITED.to_vec()), 0_usize..2, any::<u8>())
        .prop_map(|(of_store, field, unit, pick)| Edit { of_store, field, unit, pick });
    prop::collection::vec(edit, 0..8)
}

fn apply(bench: &mut Bench, edits: &[Edit]) {
    for edit in edits {
        let side = if edit.of_store { Side::Store } else { Side::Erp };
        let units = if edit.of_store { &bench.store } else { &bench.erp };
        let named = units.variants[edit.unit].unit.key.clone();
        bench.set(side, &named, edit.field, value_of(edit.field, edit.pick));
    }
}

prop_compose! {
    /// `is_net`: both sides' prices are net.
    fn life(is_net: bool)(
        owners in prop::collection::vec(prop::option::weighted(0.9, owner()), EDITED.len()),
        active in prop::option::of(owner()),
        price in owner(),
        (authority, erp_holds) in (kind(), kind()),
        directions in prop::collection::vec(prop::bool::weighted(0.8), 4),
        (store_places, erp_places) in (prop_oneof![Just(2_u32), Just(4)], prop_oneof![Just(2_u32), Just(4)]),
        short in any::<bool>(),
        gone in prop_oneof![Just(Gone::Ask), Just(Gone::Archive), Just(Gone::Leave)],
        before in edits(),
        is_remembered in any::<bool>(),
        after in edits(),
    ) -> Bench {
        let mut bench = Bench::with_variants(2);
        bench.rule.owners =
            EDITED.into_iter().zip(owners).filter_map(|(field, owner)| Some((field, owner?))).collect();
        bench.rule.owners.remove(&Field::Price);
        bench.rule.owners.remove(&Field::Active);
        bench.rule.owners.extend(active.map(|owner| (Field::Active, owner)));
        bench.rule.gone = gone;
        (bench.rule.to_store, bench.rule.to_erp) = (directions[0], directions[1]);
        let rule = bench.price_rule();
        rule.owner = price;
        (rule.authority, rule.erp_holds) =
            if is_net { (PriceKind::Net, PriceKind::Net) } else { (authority, erp_holds) };
        (rule.to_store, rule.to_erp) = (directions[2], directions[3]);
        (rule.store_places, rule.erp_places) = (store_places, erp_places);
        rule.jump_percent = Decimal::ONE_THOUSAND;
        if short {
            bench.rule.erp_fields.entry(Field::Name).or_default().length = Some(5);
            bench.rule.store_fields.entry(Field::Weight).or_default().decimals = Some(1);
        }
        apply(&mut bench, &before);
        if is_remembered {
            bench = bench.agreed();
        }
        apply(&mut bench, &after);
        bench
    }
}

/// What a person is asked, without the words.
fn asked(decision: &Decision) -> Vec<(RemoteKey, Field, Value, Value)> {
    decision
        .conflicts
        .iter()
        .map(|conflict| (conflict.key.clone(), conflict.field, conflict.store.clone(), conflict.erp.clone()))
        .collect()
}

/// The store is the ERP and the other way around.
fn mirrored(bench: &Bench) -> Bench {
    let rule = &bench.rule;
    let owners = rule.owners.iter().map(|(field, owner)| (*field, other_owner(*owner))).collect();
    let price = rule.price.clone().map(|price| {
        let mut mirrored = price.clone();
        (mirrored.to_store, mirrored.to_erp) = (price.to_erp, price.to_store);
        (mirrored.store_places, mirrored.erp_places) = (price.erp_places, price.store_places);
        (mirrored.authority, mirrored.erp_holds) = (price.erp_holds, price.authority);
        mirrored.owner = other_owner(price.owner);
        mirrored
    });
    let links: Vec<(RemoteKey, RemoteKey)> =
        bench.links.iter().map(|(store, erp)| (erp.clone(), store.clone())).collect();
    let renamed = |named: &RemoteKey| {
        let link = bench.links.iter().find(|(store, _)| store == named);
        link.map_or_else(|| bench.erp.key.clone(), |(_, erp)| erp.clone())
    };
    let flipped = |halves: &Halves| Halves {
        store: halves.erp.clone(),
        erp: halves.store.clone(),
        percent: halves.percent,
    };
    Bench {
        store: bench.erp.clone(),
        erp: bench.store.clone(),
        links,
        whole: bench.whole,
        rule: ProductRule {
            to_store: rule.to_erp,
            to_erp: rule.to_store,
            create_in_store: rule.create_in_erp,
            create_in_erp: rule.create_in_store,
            owners,
            price,
            store_fields: rule.erp_fields.clone(),
            erp_fields: rule.store_fields.clone(),
            ..rule.clone()
        },
        bases: bench
            .bases
            .iter()
            .map(|(named, fields)| {
                let fields = fields.iter().map(|(field, halves)| (*field, flipped(halves)));
                (renamed(named), fields.collect::<BTreeMap<_, _>>())
            })
            .collect(),
        answers: bench
            .answers
            .iter()
            .map(|((named, field), choice)| {
                let choice = match choice {
                    Choice::Store => Choice::Erp,
                    Choice::Erp => Choice::Store,
                    Choice::Leave => Choice::Leave,
                };
                ((renamed(named), *field), choice)
            })
            .collect(),
        list_prices: None,
    }
}

fn other_owner(owner: Owner) -> Owner {
    match owner {
        Owner::Store => Owner::Erp,
        Owner::Erp => Owner::Store,
        neither => neither,
    }
}

fn other_side(side: Side) -> Side {
    match side {
        Side::Store => Side::Erp,
        Side::Erp => Side::Store,
    }
}

type Planned = (Side, RemoteKey, Field, Value, Value, ChangeCause, bool);

fn plan(decision: &Decision) -> Vec<Planned> {
    let changes = decision.changes.iter().map(|change| {
        let is_held = change.hold.is_some();
        let (before, after) = (change.before.clone(), change.after.clone());
        (change.to, change.key.clone(), change.field, before, after, change.cause, is_held)
    });
    changes.collect()
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn what_was_decided_once_and_carried_out_is_not_decided_again(bench in life(false)) {
        let mut bench = bench;
        let first = bench.decide();
        let mut seen = first.clone();
        for change in &mut seen.changes {
            change.hold = None;
        }
        bench.carry_out(&seen);
        let second = bench.decide();
        // A SKU that another unit gave up meanwhile is free now, and the unit that waited for it gets it.
        let waited = |named: &RemoteKey, field: Field| {
            let asked = asked(&first);
            field == Field::Sku && asked.iter().any(|(key, field, ..)| (key, *field) == (named, Field::Sku))
        };
        prop_assert!(
            second.changes.iter().all(|change| waited(&change.store_key, change.field)),
            "{:?} after {:?}", plan(&second), plan(&first)
        );
        prop_assert!(second.agreed.iter().all(|agreed| waited(&agreed.key, agreed.field)), "{:?}", second.agreed);
        let but_skus = |decision: &Decision| -> Vec<_> {
            asked(decision).into_iter().filter(|(_, field, ..)| *field != Field::Sku).collect()
        };
        prop_assert_eq!(but_skus(&second), but_skus(&first));
        for _ in 0..bench.store.variants.len() {
            let next = bench.decide();
            bench.carry_out(&next);
        }
        prop_assert_eq!(plan(&bench.decide()), []);
    }

    #[test]
    fn the_sides_are_treated_alike(bench in life(true)) {
        let mut bench = bench;
        // Who decides about being on sale when nobody was chosen is no mirror image; nor is a net price of a gross one.
        bench.rule.owners.entry(Field::Active).or_insert(Owner::Ask);
        let here = bench.decide();
        let there = mirrored(&bench).decide();
        let flipped: Vec<Planned> = plan(&there)
            .into_iter()
            .map(|(to, named, field, before, after, cause, held)| {
                (other_side(to), named, field, before, after, cause, held)
            })
            .collect();
        prop_assert_eq!(plan(&here), flipped);
        let mirrored_questions: Vec<(Field, Value, Value)> =
            asked(&there).into_iter().map(|(_, field, store, erp)| (field, erp, store)).collect();
        let questions: Vec<(Field, Value, Value)> =
            asked(&here).into_iter().map(|(_, field, store, erp)| (field, store, erp)).collect();
        prop_assert_eq!(questions, mirrored_questions);
    }

    #[test]
    fn the_owner_of_a_field_is_never_overwritten(bench in life(false)) {
        for change in bench.decide().changes {
            // A price that goes along with its tax is written as it is.
            if change.before == change.after {
                prop_assert_eq!(change.field, Field::Price);
                continue;
            }
            let owner = match change.field {
                Field::Price => bench.rule.price.as_ref().map(|price| price.owner),
                field => bench.rule.owners.get(&field).copied(),
            };
            let is_owners = match change.to {
                Side::Store => owner == Some(Owner::Store),
                Side::Erp => owner == Some(Owner::Erp),
            };
            prop_assert!(!is_owners, "{:?}", change);
            let (to_store, to_erp) = match change.field {
                Field::Price => {
                    let price = bench.rule.price.as_ref().unwrap();
                    (price.to_store, price.to_erp)
                }
                _ => (bench.rule.to_store, bench.rule.to_erp),
            };
            prop_assert!(if change.to == Side::Store { to_store } else { to_erp }, "{:?}", change);
        }
    }

    #[test]
    fn a_price_that_went_net_to_gross_to_net_is_never_an_edit(
        units in 0_i64..5_000_000,
        decimals in 0_u32..5,
        tax in prop::sample::select(TAXES.to_vec()),
        (authority, erp_holds) in (kind(), kind()),
        owner in owner(),
        (store_places, erp_places) in (prop_oneof![Just(2_u32), Just(4)], prop_oneof![Just(2_u32), Just(4)]),
        from_erp in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        let percent = Decimal::from(tax);
        for side in [Side::Store, Side::Erp] {
            bench.set(side, &key("S"), Field::Tax, Value::number(percent));
        }
        let rule = bench.price_rule();
        (rule.authority, rule.erp_holds, rule.owner) = (authority, erp_holds, owner);
        (rule.store_places, rule.erp_places) = (store_places, erp_places);
        let price = Decimal::new(units, decimals);
        let terms = PriceTerms::of(&bench.rule, Some(percent)).unwrap();
        // One side has it, the other what follows from it.
        let (store, erp) = if from_erp {
            (terms.for_store(price).unwrap(), price)
        } else {
            (price, terms.for_erp(price).unwrap())
        };
        set_price(&mut bench.store.variants[0], authority, Some(store));
        set_price(&mut bench.erp.variants[0], erp_holds, Some(erp));
        let never_met = bench.decide();
        prop_assert_eq!(plan(&never_met), []);
        prop_assert_eq!(asked(&never_met), []);
        bench.carry_out(&never_met);
        // As both are read back at every later reading.
        prop_assert_eq!(bench.decide(), Decision::default());
        let there = convert(price, PriceKind::Net, PriceKind::Gross, Some(percent), 2).unwrap();
        let back = convert(there, PriceKind::Gross, PriceKind::Net, Some(percent), 4).unwrap();
        prop_assert_eq!(convert(back, PriceKind::Net, PriceKind::Gross, Some(percent), 2), Some(there));
    }
}
