//! Comparing a store's product with the ERP's: what is written where, and what a person must see.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{
    Agreement, ChangeCause, Choice, Clash, Conflict, Decision, FieldChange, Halves, Merged, Owner,
    ProductRule, Trouble, TroubleKind,
    governed::{Governed, of_units, of_whole},
    merge::{merge, merge_on_sale},
    price::price_hold,
    words,
};
use crate::{
    contract::Side,
    ids::RemoteKey,
    model::{Field, Product, Shape, UnitKind, Value, Variant},
};

/// A store's product and the ERP's, with all that is known of the two.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    pub store: &'a Product,
    pub erp: &'a Product,
    /// All links of units of either product, the store's unit first. One whose other half belongs to another product
    /// counts as linked too.
    pub links: &'a [(RemoteKey, RemoteKey)],
    /// The two correspond one to one. Otherwise what all variants share is left alone, and no variant is added.
    pub whole: bool,
    /// By the store's product or unit. A simple product may use one key for both: their fields are not the same.
    pub bases: &'a BTreeMap<RemoteKey, BTreeMap<Field, Halves>>,
    /// By the ERP's unit, in the kind that the ERP holds, where the rule names a list. A unit that isn't here wasn't
    /// read; `None`: the list has no price for it.
    pub list_prices: Option<&'a BTreeMap<RemoteKey, Option<Decimal>>>,
    /// What people said, by the store's product or unit.
    pub answers: &'a BTreeMap<(RemoteKey, Field), Choice>,
    /// Which unit of a side has a SKU now, in any product.
    pub taken: &'a dyn Fn(Side, &str) -> Option<RemoteKey>,
}

impl<'a> Pair<'a> {
    /// The linked units of both products, in the store's order.
    pub(super) fn linked(&self) -> Vec<(&'a Variant, &'a Variant)> {
        let erp: BTreeMap<&RemoteKey, &Variant> =
            self.erp.variants.iter().map(|variant| (&variant.unit.key, variant)).collect();
        let links: BTreeMap<&RemoteKey, &RemoteKey> = self.links.iter().map(|(s, e)| (s, e)).collect();
        let variants = self.store.variants.iter();
        variants.filter_map(|store| Some((store, *erp.get(*links.get(&store.unit.key)?)?))).collect()
    }

    fn base(&self, governed: &Governed<'_>) -> Option<&'a Halves> {
        self.bases.get(governed.store_key)?.get(&governed.field)
    }

    fn product(&self, side: Side) -> &'a Product {
        match side {
            Side::Store => self.store,
            Side::Erp => self.erp,
        }
    }
}

pub fn decide(pair: &Pair<'_>, rule: &ProductRule) -> Decision {
    let mut decision = Decision::default();
    if let Some(trouble) = differing_shapes(pair) {
        decision.troubles.push(trouble);
        return decision;
    }
    for governed in of_whole(pair, rule) {
        settle(pair, rule, &governed, &mut decision);
    }
    let tax = decision.changes.iter().find(|change| change.field == Field::Tax).cloned();
    let percent =
        (tax.as_ref().filter(|change| change.to == Side::Store)).and_then(|change| change.after.as_number());
    let (of_units, troubles) = of_units(pair, rule, percent);
    decision.troubles.extend(troubles);
    for governed in &of_units {
        settle(pair, rule, governed, &mut decision);
    }
    if let Some(tax) = tax {
        carry_prices(pair, rule, &tax, &of_units, &mut decision.changes);
    }
    decision.new_in_store = lacking(pair, rule, Side::Store);
    decision.new_in_erp = lacking(pair, rule, Side::Erp);
    decision
}

/// What both sides hold now in every field that is governed, as it is adopted after a product was made on one of them
/// or written to: both as read back.
pub fn halves_after(pair: &Pair<'_>, rule: &ProductRule) -> Vec<Agreement> {
    let (units, _) = of_units(pair, rule, None);
    of_whole(pair, rule)
        .iter()
        .chain(&units)
        .map(|governed| Agreement {
            key: governed.store_key.clone(),
            field: governed.field,
            halves: governed.halves(),
        })
        .collect()
}

fn settle(pair: &Pair<'_>, rule: &ProductRule, governed: &Governed<'_>, decision: &mut Decision) {
    let base = pair.base(governed);
    let answer = pair.answers.get(&(governed.store_key.clone(), governed.field)).copied();
    let meeting = governed.meeting(rule, base, answer);
    let merged = match governed.owner {
        Some(_) => merge(&meeting),
        None => merge_on_sale(&meeting, rule.gone),
    };
    let conflict = |clash: Clash| {
        let choices = [
            (Choice::Store, meeting.into_erp.may_write),
            (Choice::Erp, meeting.into_store.may_write),
            (Choice::Leave, true),
        ];
        Conflict {
            key: governed.store_key.clone(),
            sku: governed.sku.clone(),
            field: governed.field,
            store: governed.store.clone(),
            erp: governed.erp.clone(),
            base: base.cloned(),
            why: words::conflict(&clash, governed, base),
            clash,
            choices: choices
                .into_iter()
                .filter(|(_, possible)| *possible)
                .map(|(choice, _)| choice)
                .collect(),
        }
    };
    let (to, after, cause) = match merged {
        Merged::Leave => return,
        Merged::Agreed { adopt } => {
            let key = governed.store_key.clone();
            decision.agreed.extend(adopt.map(|halves| Agreement { key, field: governed.field, halves }));
            return;
        }
        Merged::Conflict(clash) => {
            decision.conflicts.push(conflict(clash));
            return;
        }
        Merged::Write { to, after, cause } => (to, after, cause),
    };
    let trouble = |kind: TroubleKind| {
        let text = words::unusable(kind, governed.field, to);
        let called = governed
            .sku
            .as_deref()
            .map_or_else(|| format!("unit {}", governed.store_key), |sku| format!("SKU {sku}"));
        let subject = match governed.field {
            Field::OldPrice => format!("{} {}", governed.store_key, governed.field),
            _ => governed.store_key.to_string(),
        };
        Trouble { kind, subject, sku: governed.sku.clone(), text: format!("{called}: {text}") }
    };
    let before = governed.value(to).clone();
    let mut hold = None;
    match (governed.field, &after) {
        (Field::Sku, Value::Text(sku)) => {
            let holder = (pair.taken)(to, sku).filter(|holder| holder != governed.key(to));
            if let Some(by) = holder {
                decision.conflicts.push(conflict(Clash::Taken { to, by }));
                return;
            }
        }
        (Field::Sku, _) => {
            decision.troubles.push(trouble(TroubleKind::NoSku));
            return;
        }
        (Field::Price | Field::OldPrice, Value::Number(price))
            if price.is_sign_negative() && !price.is_zero() =>
        {
            decision.troubles.push(trouble(TroubleKind::NegativePrice));
            return;
        }
        (Field::Price, Value::Number(price)) => {
            let jump = rule.price.as_ref().map_or(Decimal::MAX, |price| price.jump_percent);
            // Putting back what was agreed on is no jump, however far a hand edit went from it.
            let seen = match (cause, base, to) {
                (ChangeCause::OtherEdited, Some(base), Side::Store) => &base.store,
                (ChangeCause::OtherEdited, Some(base), Side::Erp) => &base.erp,
                _ => &before,
            };
            hold = price_hold(seen, *price, jump);
        }
        (Field::Price, _) => {
            decision.troubles.push(trouble(TroubleKind::NoPrice));
            return;
        }
        // Nobody has seen yet that the owner has nothing here.
        (field, Value::Empty) if cause == ChangeCause::FirstMeeting => {
            hold = Some(words::would_erase(field, to, &before));
        }
        _ => {}
    }
    if cause == ChangeCause::Answered {
        hold = None;
    }
    decision.changes.push(FieldChange {
        to,
        product: pair.product(to).key.clone(),
        key: governed.key(to).clone(),
        store_key: governed.store_key.clone(),
        sku: governed.sku.clone(),
        field: governed.field,
        owner: governed.owner.unwrap_or(Owner::Erp),
        why: words::change(governed, base, to, cause),
        before,
        after,
        store: governed.store.clone(),
        erp: governed.erp.clone(),
        cause,
        hold,
    });
}

/// A side that keeps one of a product's two prices when its tax moves, moves the other one. So the price goes along
/// with the tax, even where it is right already.
fn carry_prices(
    pair: &Pair<'_>,
    rule: &ProductRule,
    tax: &FieldChange,
    units: &[Governed<'_>],
    changes: &mut Vec<FieldChange>,
) {
    let to = tax.to;
    let has_list = rule.price.as_ref().is_some_and(|price| price.list.is_some());
    let is_taken = rule.ability(to, Field::Price).is_some_and(|ability| ability.update);
    // A price list's prices don't hang on the product's tax. Whether prices move this way doesn't matter: none does.
    if !is_taken || (to == Side::Erp && has_list) {
        return;
    }
    for governed in units.iter().filter(|governed| governed.field == Field::Price) {
        let key = governed.key(to);
        let is_written =
            changes.iter().any(|change| (change.to, change.field, &change.key) == (to, Field::Price, key));
        let present = governed.value(to).clone();
        if is_written || present.as_number().is_none_or(|price| price < Decimal::ZERO) {
            continue;
        }
        changes.push(FieldChange {
            to,
            product: pair.product(to).key.clone(),
            key: key.clone(),
            store_key: governed.store_key.clone(),
            sku: governed.sku.clone(),
            field: Field::Price,
            owner: governed.owner.unwrap_or(Owner::Erp),
            before: present.clone(),
            after: present,
            store: governed.store.clone(),
            erp: governed.erp.clone(),
            why: words::carried_price(&tax.after),
            cause: ChangeCause::TargetMoved,
            hold: None,
        });
    }
}

fn is_sellable(variant: &Variant) -> bool {
    variant.unit.kind == UnitKind::Goods && variant.unit.active
}

fn differing_shapes(pair: &Pair<'_>) -> Option<Trouble> {
    if !pair.whole {
        return None;
    }
    let sides = [Side::Store, Side::Erp];
    let (simple, other) = (sides.into_iter().zip([Side::Erp, Side::Store])).find(|(side, other)| {
        let sold = pair.product(*other).variants.iter().filter(|variant| is_sellable(variant)).count();
        pair.product(*side).shape == Shape::Simple && sold > 1
    })?;
    let sold = pair.product(other).variants.iter().filter(|variant| is_sellable(variant)).count();
    Some(Trouble {
        kind: TroubleKind::Shape,
        subject: pair.store.key.to_string(),
        sku: None,
        text: words::shape(simple, pair.product(simple), pair.product(other), sold),
    })
}

/// The units of the other side that the product on `side` should get.
fn lacking(pair: &Pair<'_>, rule: &ProductRule, side: Side) -> Vec<RemoteKey> {
    let (wanted, source) = match side {
        Side::Store => (rule.create_in_store, pair.erp),
        Side::Erp => (rule.create_in_erp, pair.store),
    };
    let target = pair.product(side);
    // A variant that couldn't be read may be the one that seems to be missing.
    if !wanted || !pair.whole || target.shape != Shape::Variants || target.is_partly_read() {
        return Vec::new();
    }
    let linked: BTreeSet<&RemoteKey> = match side {
        Side::Store => pair.links.iter().map(|(_, erp)| erp).collect(),
        Side::Erp => pair.links.iter().map(|(store, _)| store).collect(),
    };
    let missing = source.variants.iter().filter(|variant| {
        let sku = variant.unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty());
        is_sellable(variant)
            && !linked.contains(&variant.unit.key)
            && sku.is_some_and(|sku| (pair.taken)(side, sku).is_none())
    });
    missing.map(|variant| variant.unit.key.clone()).collect()
}
