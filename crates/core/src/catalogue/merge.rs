//! The three-way merge of one field. Each side's value is compared with its own half of the base, never with the
//! other side's value: what a side made of a value that Zygos wrote is not an edit.

use rust_decimal::Decimal;

use super::{ChangeCause, Choice, Halves, Owner};
use crate::{
    contract::{FieldCapability, Side},
    model::{Field, Value},
    money::round,
};

/// One field as both sides have it now, and what is known and wanted of it.
#[derive(Clone, Debug)]
pub struct Meeting<'a> {
    pub field: Field,
    pub owner: Owner,
    pub base: Option<&'a Halves>,
    pub store: &'a Value,
    pub erp: &'a Value,
    /// Of a price that is net on one side and gross on the other: the tax between them.
    pub percent: Option<Decimal>,
    pub into_store: Target<'a>,
    pub into_erp: Target<'a>,
    /// What a person said about this field.
    pub answer: Option<Choice>,
}

/// A side as the receiver of a field.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// The flow goes this way and the side takes the field.
    pub may_write: bool,
    pub ability: &'a FieldCapability,
    /// The other side's value as this side would hold it.
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Nothing is to be written. `adopt`: what is to be kept as the base, where it isn't yet.
    Agreed {
        adopt: Option<Halves>,
    },
    Write {
        to: Side,
        after: Value,
        cause: ChangeCause,
    },
    /// A person decides.
    Conflict(Clash),
    /// The two differ, and the value that holds may not go to the other side: not governed.
    Leave,
}

/// Why a person must decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// The rule is to ask about every difference.
    Asked,
    /// No side owns it and they never agreed.
    NeverAgreed,
    /// No side owns it and both were changed since they agreed.
    BothMoved,
    /// The side takes fewer characters. Nothing is cut.
    TooLong { to: Side, most: u32, length: usize },
    /// The side can't be without it and the other one has nothing.
    Needed { to: Side },
    /// A person chose a value that may not go to the other side.
    NoWay { to: Side },
    /// Another unit of that side has the SKU.
    Taken { to: Side, by: crate::RemoteKey },
    /// The ERP sells it no more.
    Retired,
}

/// A value as a side with this ability holds it: numbers are rounded to its decimals; nothing else is changed.
pub fn carried(value: &Value, ability: &FieldCapability) -> Value {
    match (value, ability.decimals) {
        (Value::Number(number), Some(decimals)) => Value::number(round(*number, decimals)),
        _ => value.clone(),
    }
}

pub fn merge(meeting: &Meeting<'_>) -> Merged {
    use ChangeCause::{FirstMeeting, OtherEdited, OwnerChanged, TargetMoved};
    if let Some(choice) = meeting.answer {
        return meeting.answered(choice);
    }
    let (store_moved, erp_moved) = match meeting.base {
        None => (true, true),
        Some(base) => (base.store != *meeting.store, base.erp != *meeting.erp),
    };
    let terms_moved = meeting.base.is_some_and(|base| base.percent != meeting.percent);
    if !(store_moved || erp_moved || terms_moved) {
        return Merged::Agreed { adopt: None };
    }
    if meeting.is_same() {
        return meeting.agreed();
    }
    let owned = |owner_moved: bool, other_moved: bool| match (meeting.base, owner_moved, other_moved) {
        (None, ..) => FirstMeeting,
        (_, true, _) => OwnerChanged,
        (_, false, true) => OtherEdited,
        (_, false, false) => TargetMoved,
    };
    match meeting.owner {
        Owner::Store => meeting.write(Side::Erp, owned(store_moved, erp_moved)),
        Owner::Erp => meeting.write(Side::Store, owned(erp_moved, store_moved)),
        // Only the tax moved: nobody disagrees, the store follows the ERP's price.
        Owner::Newest | Owner::Ask if !store_moved && !erp_moved => meeting.write(Side::Store, TargetMoved),
        Owner::Ask => meeting.conflict(Clash::Asked),
        Owner::Newest if meeting.base.is_none() => meeting.conflict(Clash::NeverAgreed),
        Owner::Newest => match (store_moved, erp_moved) {
            (true, true) => meeting.conflict(Clash::BothMoved),
            (true, false) => meeting.write(Side::Erp, ChangeCause::Newest),
            _ => meeting.write(Side::Store, ChangeCause::Newest),
        },
    }
}

impl Meeting<'_> {
    fn target(&self, side: Side) -> (&Target<'_>, &Value) {
        match side {
            Side::Store => (&self.into_store, self.store),
            Side::Erp => (&self.into_erp, self.erp),
        }
    }

    /// Both mean the same, as far as each side can say it.
    fn is_same(&self) -> bool {
        match (self.store, self.erp) {
            (Value::Addresses(store), Value::Addresses(erp)) => {
                store.len() == erp.len() && store.iter().all(|address| erp.contains(address))
            }
            (store, erp) => self.into_store.value == *store || self.into_erp.value == *erp,
        }
    }

    pub(super) fn halves(&self) -> Halves {
        Halves { store: self.store.clone(), erp: self.erp.clone(), percent: self.percent }
    }

    pub(super) fn agreed(&self) -> Merged {
        let now = self.halves();
        Merged::Agreed { adopt: (self.base != Some(&now)).then_some(now) }
    }

    fn answered(&self, choice: Choice) -> Merged {
        let to = match choice {
            Choice::Leave => return self.agreed(),
            Choice::Store => Side::Erp,
            Choice::Erp => Side::Store,
        };
        if self.is_same() {
            return self.agreed();
        }
        match self.write(to, ChangeCause::Answered) {
            Merged::Leave => Merged::Conflict(Clash::NoWay { to }),
            other => other,
        }
    }

    fn conflict(&self, clash: Clash) -> Merged {
        if self.into_store.may_write || self.into_erp.may_write {
            Merged::Conflict(clash)
        } else {
            Merged::Leave
        }
    }

    pub(super) fn write(&self, to: Side, cause: ChangeCause) -> Merged {
        let (target, before) = self.target(to);
        let after = if self.field == Field::Images { self.with_added(to) } else { target.value.clone() };
        if after == *before {
            return self.agreed();
        }
        if !target.may_write {
            return Merged::Leave;
        }
        let length = after.as_text().map_or(0, |text| text.chars().count());
        if let Some(most) = target.ability.length
            && usize::try_from(most).is_ok_and(|most| length > most)
        {
            return Merged::Conflict(Clash::TooLong { to, most, length });
        }
        if target.ability.required && after.is_blank() {
            return Merged::Conflict(Clash::Needed { to });
        }
        Merged::Write { to, after, cause }
    }

    /// The images of `to` and those of the other side that it lacks; none is taken away.
    fn with_added(&self, to: Side) -> Value {
        let addresses = |value: &Value| match value {
            Value::Addresses(each) => each.clone(),
            _ => Vec::new(),
        };
        let (there, source, base) = match to {
            Side::Store => (self.store, self.erp, self.base.map(|base| (&base.store, &base.erp))),
            Side::Erp => (self.erp, self.store, self.base.map(|base| (&base.erp, &base.store))),
        };
        let (had_there, had_source) =
            base.map_or_else(Default::default, |(there, source)| (addresses(there), addresses(source)));
        // A side that keeps copies under addresses of its own has those of the base already.
        let is_copied = |address: &String| had_source.contains(address) && !had_there.contains(address);
        let added = addresses(source).into_iter().filter(|address| !is_copied(address));
        Value::addresses(addresses(there).into_iter().chain(added))
    }
}

/// Whether a unit is on sale, where the merchant chose no owner: the shop decides. Only the ERP's retiring a unit, and
/// its taking back one that was taken off sale for it, reach the store.
pub(super) fn merge_on_sale(meeting: &Meeting<'_>, gone: super::Gone) -> Merged {
    use super::Gone;
    if let Some(choice) = meeting.answer {
        return meeting.answered(choice);
    }
    let Some(base) = meeting.base else { return meeting.agreed() };
    let (was, is) = (&base.erp, meeting.erp);
    let (on, off) = (&Value::Flag(true), &Value::Flag(false));
    if was == on && is == off {
        if meeting.store == off {
            // The shop took it off itself. The base keeps the ERP's "on": its coming back then changes nothing here,
            // and a shop that puts it on sale meanwhile hears that the ERP doesn't sell it.
            return Merged::Agreed { adopt: None };
        }
        return match gone {
            Gone::Archive => meeting.write(Side::Store, ChangeCause::OwnerChanged),
            Gone::Ask => meeting.conflict(Clash::Retired),
            Gone::Leave => meeting.agreed(),
        };
    }
    if was == off && is == on && base.store == *off && meeting.store == off {
        return meeting.write(Side::Store, ChangeCause::OwnerChanged);
    }
    meeting.agreed()
}
