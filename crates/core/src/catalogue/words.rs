//! What was decided about a field, in words that a shop owner understands.

use super::{ChangeCause, Clash, Halves, TroubleKind, governed::Governed};
use crate::{
    contract::Side,
    model::{Field, Product, Value},
};

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Store => "the store",
        Side::Erp => "the ERP",
    }
}

pub(super) fn other(side: Side) -> Side {
    match side {
        Side::Store => Side::Erp,
        Side::Erp => Side::Store,
    }
}

/// The field as a thing somebody owns.
pub(super) fn the(field: Field) -> String {
    match field {
        Field::Active => "whether it is on sale".to_owned(),
        _ => format!("the {}", field.words()),
    }
}

/// Amounts with cents, tax with its sign, everything else as it is.
pub(super) fn shown(field: Field, value: &Value) -> String {
    match (field, value) {
        (Field::Price | Field::OldPrice | Field::Cost, Value::Number(amount)) => {
            let mut amount = amount.normalize();
            if amount.scale() < 2 {
                amount.rescale(2);
            }
            amount.to_string()
        }
        (Field::Tax, Value::Number(_)) => format!("{value} %"),
        _ => value.to_string(),
    }
}

fn was_and_is(field: Field, was: &Value, is: &Value) -> String {
    let (was, is) = (shown(field, was), shown(field, is));
    match field {
        Field::Categories | Field::Images => format!("they were {was} and are {is} now"),
        _ => format!("it was {was} and is {is} now"),
    }
}

pub(super) fn change(governed: &Governed<'_>, base: Option<&Halves>, to: Side, cause: ChangeCause) -> String {
    let field = governed.field;
    let from = other(to);
    let (source, target) = (side(from), side(to));
    let holds = shown(field, governed.value(from));
    let half = |of: Side| {
        base.map(|base| match of {
            Side::Store => &base.store,
            Side::Erp => &base.erp,
        })
    };
    let moved = |of: Side| {
        half(of)
            .filter(|half| *half != governed.value(of))
            .map(|half| was_and_is(field, half, governed.value(of)))
    };
    if governed.owner.is_none() && cause == ChangeCause::OwnerChanged {
        return match governed.erp.as_flag() {
            Some(true) => {
                "the ERP sells it again: it had been taken off sale when the ERP retired it".to_owned()
            }
            _ => "the ERP sells it no more, so it is taken off sale".to_owned(),
        };
    }
    match cause {
        ChangeCause::OwnerChanged => {
            let news = moved(from).unwrap_or_default();
            let also = match moved(to) {
                Some(_) => format!("; {target}'s was edited too and gives way"),
                None => String::new(),
            };
            format!("{source} owns {}: {news}{also}", the(field))
        }
        ChangeCause::OtherEdited => format!(
            "edited in {target}, where {}: {source} owns {}, and {source}'s holds ({holds})",
            moved(to).unwrap_or_default(),
            the(field)
        ),
        ChangeCause::FirstMeeting => {
            format!("compared for the first time: {source} owns {}, and {source}'s holds", the(field))
        }
        ChangeCause::Newest => {
            format!("changed only in {source}: {}", moved(from).unwrap_or_default())
        }
        ChangeCause::Answered => format!("a person chose what {source} has: {holds}"),
        ChangeCause::TargetMoved => match governed.percent {
            Some(percent) => format!(
                "the tax is {} % now, so {target}'s price follows anew from {source}'s {holds}",
                crate::money::plain(percent)
            ),
            None => format!("{target}'s price follows anew from {source}'s {holds}"),
        },
    }
}

pub(super) fn carried_price(tax: &Value) -> String {
    format!("the tax becomes {}; the price is written with it, so that it stays", shown(Field::Tax, tax))
}

pub(super) fn conflict(clash: &Clash, governed: &Governed<'_>, base: Option<&Halves>) -> String {
    let field = governed.field;
    let (store, erp) = (shown(field, &governed.store), shown(field, &governed.erp));
    let now = format!("the store has {store}, the ERP has {erp}");
    match clash {
        Clash::Asked => format!("{} differs, and you want to be asked: {now}", the(field)),
        Clash::NeverAgreed => {
            format!("{} was never the same on both sides, and neither owns it: {now}", the(field))
        }
        Clash::BothMoved => {
            let was = base.map_or_else(String::new, |base| {
                format!(
                    " (the store had {}, the ERP had {})",
                    shown(field, &base.store),
                    shown(field, &base.erp)
                )
            });
            format!("{} was changed on both sides since they agreed{was}: {now}", the(field))
        }
        Clash::TooLong { to, most, length } => format!(
            "{} in {} has {length} characters and {} takes {most}; nothing is cut: shorten it there, or leave both as \
             they are",
            the(field),
            side(other(*to)),
            side(*to)
        ),
        Clash::Needed { to } => format!(
            "{} is empty in {}, and {} can't be without it; fill it in there",
            the(field),
            side(other(*to)),
            side(*to)
        ),
        Clash::NoWay { to } => format!(
            "what {} has was chosen, but this flow doesn't write {} into {}: {now}",
            side(other(*to)),
            the(field),
            side(*to)
        ),
        Clash::Taken { to, by } => {
            let (wanted, present) = match to {
                Side::Store => (&erp, &store),
                Side::Erp => (&store, &erp),
            };
            format!(
                "the SKU {wanted} can't be given to id {} in {} (now {present}): id {by} there has it. Were the two \
                 swapped or taken over? Free the SKU there first",
                governed.key(*to),
                side(*to)
            )
        }
        Clash::Retired => {
            "the ERP sells it no more, and it is on sale in the store; take it off sale, or leave it"
                .to_owned()
        }
    }
}

pub(super) fn unusable(kind: TroubleKind, field: Field, to: Side) -> String {
    let (source, target) = (side(other(to)), side(to));
    match kind {
        TroubleKind::NegativePrice => format!(
            "{} in {source} is below zero; correct it there; until then {target}'s stays as it is",
            the(field)
        ),
        TroubleKind::NoSku => {
            format!("{source} has no SKU for it any more; give it one there; until then {target}'s stays")
        }
        _ => format!(
            "{source} has no {} for it; give it one there; until then {target}'s stays",
            field.words()
        ),
    }
}

pub(super) fn would_erase(field: Field, to: Side, before: &Value) -> String {
    format!(
        "{} is empty in {}, and this would erase {}'s: {}",
        the(field),
        side(other(to)),
        side(to),
        shown(field, before)
    )
}

pub(super) fn no_list_price(list: &str) -> String {
    format!(
        "the price list {list} has no price for it; add one in the ERP. The store's price stays until then"
    )
}

pub(super) fn unknown_tax() -> String {
    "its tax isn't known on either side, so net and gross prices can't be compared; set its tax. Its prices stay until \
     then"
        .to_owned()
}

pub(super) fn shape(simple_side: Side, simple: &Product, varied: &Product, sold: usize) -> String {
    format!(
        "\"{}\" (id {}) is one product in {}, but \"{}\" (id {}) is sold in {sold} variants in {}; make them alike. Until \
         then nothing of them is written",
        simple.title(),
        simple.key,
        side(simple_side),
        varied.title(),
        varied.key,
        side(other(simple_side))
    )
}
