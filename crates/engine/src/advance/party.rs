//! Finding an order's customer in the ERP.

use std::collections::BTreeSet;

use zygos_core::{
    RemoteKey,
    contract::{ConnectorError, Fetch, Lane},
    model::{Entity, PartyQuery, Record},
    orders::{HoldReason, ImportPlan},
};

use crate::{engine::Engine, error::Result, health::Deed};

impl Engine {
    pub(super) async fn find_party(&self, plan: &ImportPlan) -> Result<Found> {
        if let Some(party) = &plan.fixed_party {
            return Ok(Found::One(party.clone()));
        }
        let erp = &self.settings.erp;
        if !erp.connector.capabilities().can_fetch(Entity::Customer) {
            return Ok(Found::None);
        }
        for query in &plan.lookups {
            let context = self.context(Lane::Orders);
            let fetch = Fetch::Parties(query.clone());
            let items = match self
                .ask_about_one(erp, Deed::Read(Entity::Customer), erp.connector.fetch(&context, &fetch))
                .await?
            {
                Ok(items) => items,
                Err(error) => return Ok(Found::Failed(error)),
            };
            let mut keys: BTreeSet<RemoteKey> = items
                .into_iter()
                .filter_map(|item| match item {
                    // A VAT number is the customer's own, whatever else the ERP knows of it.
                    Ok(Record::Customer(party))
                        if matches!(query, PartyQuery::VatNumber(_)) || plan.new_party.can_be(&party) =>
                    {
                        Some(party.key)
                    }
                    _ => None,
                })
                .collect();
            match (keys.len(), keys.pop_first()) {
                (1, Some(party)) => return Ok(Found::One(party)),
                (0, _) | (_, None) => {}
                (count, Some(_)) => {
                    let by = match query {
                        PartyQuery::VatNumber(_) => "VAT number",
                        PartyQuery::Code(_) => "customer code",
                        PartyQuery::Email(_) => "e-mail address",
                        PartyQuery::Phone(_) => "phone number",
                    };
                    return Ok(Found::Several(HoldReason::SeveralCustomers { count, by: by.to_owned() }));
                }
            }
        }
        Ok(Found::None)
    }
}

pub(super) enum Found {
    One(RemoteKey),
    None,
    Several(HoldReason),
    /// The look-up failed for this order alone.
    Failed(ConnectorError),
}
