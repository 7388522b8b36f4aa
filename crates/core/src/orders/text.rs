//! Fitting texts to the ERP's fields: by policy, never silently.

use super::{HoldReason, OrderRule, TooLong};
use crate::model::Address;

/// The text as the ERP can take it, or the hold when it can't.
pub(super) fn fit(rule: &OrderRule, field: &str, text: &str) -> Result<String, HoldReason> {
    let Some(limit) = rule.text_lengths.get(field).copied() else { return Ok(text.to_owned()) };
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let length = text.chars().count();
    if length <= room {
        return Ok(text.to_owned());
    }
    match rule.too_long {
        TooLong::Hold => Err(HoldReason::TextTooLong { field: field.to_owned(), length, limit }),
        TooLong::Shorten => {
            let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
            short.push('…');
            Ok(short)
        }
    }
}

pub(super) fn fit_address(rule: &OrderRule, address: &Address) -> Result<Address, HoldReason> {
    let optional =
        |field: &str, text: &Option<String>| text.as_deref().map(|text| fit(rule, field, text)).transpose();
    Ok(Address {
        name: fit(rule, "name", &address.name)?,
        street: fit(rule, "street", &address.street)?,
        city: fit(rule, "city", &address.city)?,
        postal_code: optional("postal_code", &address.postal_code)?,
        region: optional("region", &address.region)?,
        country: address.country.clone(),
        phone: optional("phone", &address.phone)?,
    })
}
