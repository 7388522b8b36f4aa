//! What office staff type in by hand: customers and sales that no program made.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    TrytonSandbox,
    control::{Refusal, press},
    parties, sales, seed,
    store::Values,
    values::Value,
};
use crate::locked;

/// A customer as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyView {
    pub id: i64,
    pub code: String,
    pub name: String,
    /// As typed: numbers of every kind.
    pub identifiers: Vec<String>,
}

impl TrytonSandbox {
    /// A customer with an address and what else is known; returns its id.
    pub fn add_customer(
        &self,
        name: &str,
        email: Option<&str>,
        phone: Option<&str>,
        vat_number: Option<&str>,
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            let party = seed::party(&mut erp.store, name);
            for (kind, value) in [("email", email), ("phone", phone)] {
                let Some(value) = value else { continue };
                erp.store.insert(
                    "party.contact_mechanism",
                    Values::from([
                        ("party", Value::One(party)),
                        ("active", Value::Boolean(true)),
                        ("type", Value::text(kind)),
                        ("value", Value::text(value)),
                    ]),
                );
            }
            if let Some(number) = vat_number {
                let id = erp.store.insert(
                    "party.identifier",
                    Values::from([
                        ("party", Value::One(party)),
                        ("active", Value::Boolean(true)),
                        ("type", Value::text("eu_vat")),
                        ("code", Value::text(number)),
                    ]),
                );
                parties::compact(&mut erp.store, id);
            }
            Ok(party)
        })
    }

    /// Every party, those of the base data included, by id.
    pub fn parties(&self) -> Vec<PartyView> {
        let erp = locked(&self.erp);
        let store = &erp.store;
        let view = |id: i64| PartyView {
            id,
            code: store.text("party.party", id, "code").to_owned(),
            name: store.text("party.party", id, "name").to_owned(),
            identifiers: store
                .pointing("party.identifier", "party", id)
                .into_iter()
                .map(|identifier| store.text("party.identifier", identifier, "code").to_owned())
                .collect(),
        };
        store.ids("party.party").into_iter().map(view).collect()
    }

    /// A sale as typed: a draft without taxes, of no shop. Lines are product, quantity and price.
    pub fn enter_sale(
        &self,
        party: i64,
        warehouse: i64,
        lines: &[(i64, Decimal, Decimal)],
        reference: &str,
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            let address = erp.store.pointing("party.address", "party", party).first().copied();
            let today = Value::Date(erp.store.today());
            let sale = erp.store.insert(
                sales::SALE,
                Values::from([
                    ("party", Value::One(party)),
                    ("invoice_address", Value::one(address)),
                    ("shipment_address", Value::one(address)),
                    ("warehouse", Value::One(warehouse)),
                    ("currency", Value::One(erp.store.base.currency)),
                    ("company", Value::One(erp.store.base.company)),
                    ("reference", Value::text(reference)),
                    ("sale_date", today),
                    ("state", Value::text("draft")),
                    ("shipment_state", Value::text("none")),
                    ("invoice_state", Value::text("none")),
                    ("shipment_method", Value::text("order")),
                    ("invoice_method", Value::text("order")),
                ]),
            );
            for (product, quantity, price) in lines {
                let values = Values::from([
                    ("sale", Value::One(sale)),
                    ("type", Value::text("line")),
                    ("product", Value::One(*product)),
                    ("quantity", Value::Float(*quantity)),
                    ("unit", Value::One(erp.store.base.unit)),
                    ("unit_price", Value::Numeric(*price)),
                ]);
                erp.store.insert(sales::LINE, values);
            }
            press(erp, sales::SALE, &["quote"], sale)?;
            Ok(sale)
        })
    }
}
