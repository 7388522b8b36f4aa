//! "Why is the price 60.38?": each governed field of a unit with both sides' values, who owns it, and what comes next.

use serde::Serialize;
use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Choice, Owner},
    contract::{Lane, Side},
    model::Field,
};

use super::{Subject, Work};
use crate::{engine::Engine, error::Result, settings::StoreSettings};

/// One field of a product or unit on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldStory {
    pub field: Field,
    pub store: String,
    pub erp: String,
    /// Whose value holds; `None`: the shop's own decision.
    pub owner: Option<Owner>,
    /// What is to be done about it: a change with its reason, or a question. `None`: both sides agree.
    pub next: Option<String>,
}

impl FieldStory {
    pub fn line(&self) -> String {
        let owner = match self.owner {
            Some(Owner::Store) => "the store's holds",
            Some(Owner::Erp) => "the ERP's holds",
            Some(Owner::Newest) => "the newest holds",
            Some(Owner::Ask) => "a person decides",
            None => "the shop decides",
        };
        let next = self.next.as_deref().unwrap_or("agreed");
        format!(
            "{}: {} in the store, {} in the ERP ({owner}): {next}",
            self.field.words(),
            self.store,
            self.erp
        )
    }
}

impl Engine {
    /// The fields of a store's unit and of its product, as last read. What is no pair has none.
    pub(crate) async fn field_stories(
        &self,
        store: &StoreSettings,
        unit: &RemoteKey,
    ) -> Result<Vec<FieldStory>> {
        if self.product_rule(store).is_none() {
            return Ok(Vec::new());
        }
        let id: &ConnectionId = &store.connection.id;
        let mut stories = Vec::new();
        for (_, product) in self.repository.products_of(id, std::slice::from_ref(unit)).await? {
            let Subject::Pairs(pairs) = self.subject_of(store, Side::Store, &product).await? else {
                continue;
            };
            for pair in pairs {
                let units: Vec<RemoteKey> = pair.erp_units().collect();
                let (rule, prices) = self.priced(store, &units, Lane::Catalogue).await?;
                let halves = pair.halves(prices.as_ref(), &rule);
                let work = Work::of(store, &rule, prices);
                let decision = self.decide_pair(&work, &pair).await?;
                for ((key, field), halves) in halves {
                    if &key != unit && key != product {
                        continue;
                    }
                    let mut next: Vec<String> = Vec::new();
                    for change in decision.changes.iter().filter(|c| (&c.store_key, c.field) == (&key, field))
                    {
                        let to = match change.to {
                            Side::Store => "the store",
                            Side::Erp => "the ERP",
                        };
                        next.push(match &change.hold {
                            Some(hold) => format!("{} in {to} waits for a person: {hold}", change.after),
                            None => format!("{} will be written to {to}: {}", change.after, change.why),
                        });
                    }
                    for conflict in decision.conflicts.iter().filter(|c| (&c.key, c.field) == (&key, field)) {
                        let words: Vec<&str> = Choice::CHOICES.iter().map(|(word, _)| *word).collect();
                        next.push(format!("waits for a person ({}): {}", words.join(", "), conflict.why));
                    }
                    let owner = match field {
                        Field::Price | Field::OldPrice => rule.price.as_ref().map(|price| price.owner),
                        _ => rule.owners.get(&field).copied(),
                    };
                    stories.push(FieldStory {
                        field,
                        store: halves.store.to_string(),
                        erp: halves.erp.to_string(),
                        owner,
                        next: (!next.is_empty()).then(|| next.join("; ")),
                    });
                }
            }
        }
        Ok(stories)
    }
}
