//! What a write needs first, and variants that only one side has.

use std::collections::BTreeMap;

use zygos_core::{
    RemoteKey,
    catalogue::{Decision, Missing, new_variant_in_erp, new_variant_in_store, prices_of_new_variants},
    clock::later,
    contract::{NewVariant, Side, Write},
    model::{Entity, Facts, Field, Value},
};
use zygos_storage::{JournalEntry, Mutation, OutboxRow, Settled};

use super::{WRITE, Went, Work, creating::INCOMPLETE, pairing::Paired};
use crate::{
    engine::{Engine, lock},
    error::Result,
    settings::Connection,
};

/// Variants that one side lacks.
pub(super) struct ToMake {
    pub variants: Vec<NewVariant>,
    /// What is missing of those that can't be made yet, by the other side's unit.
    pub lacking: BTreeMap<RemoteKey, Vec<Missing>>,
}

impl ToMake {
    pub fn of(work: &Work<'_>, pair: &Paired, side: Side, decision: &Decision) -> Self {
        let units = match side {
            Side::Store => &decision.new_in_store,
            Side::Erp => &decision.new_in_erp,
        };
        let (store, erp) = (&pair.store.product, &pair.erp.product);
        let mut to_make = Self { variants: Vec::new(), lacking: BTreeMap::new() };
        for unit in units {
            let made = match side {
                Side::Store => new_variant_in_store(erp, unit, store, work.rule, work.prices.as_ref()),
                Side::Erp => new_variant_in_erp(store, unit, work.rule),
            };
            match made {
                Ok(variant) => to_make.variants.push(variant),
                Err(missing) => {
                    to_make.lacking.insert(unit.clone(), missing);
                }
            }
        }
        to_make
    }
}

/// In words, what variants lack.
pub(super) fn in_words<'a>(missing: impl IntoIterator<Item = &'a Missing>) -> String {
    let words: Vec<&str> = missing.into_iter().map(|missing| missing.message.as_str()).collect();
    words.join("; ")
}

impl Engine {
    /// Variants that only one side has, where the other one takes new ones.
    pub(super) async fn send_variants(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        pair: &Paired,
        side: Side,
        decision: &Decision,
    ) -> Result<Went> {
        let (units, source, product, target) = match side {
            Side::Store => {
                (&decision.new_in_store, &pair.erp.product, &pair.store.product.key, &work.store.connection)
            }
            Side::Erp => {
                (&decision.new_in_erp, &pair.store.product, &pair.erp.product.key, &self.settings.erp)
            }
        };
        let source_side = match side {
            Side::Store => Side::Erp,
            Side::Erp => Side::Store,
        };
        if units.is_empty() {
            return Ok(Went::Through(0));
        }
        let id = &work.store.connection.id;
        let ToMake { variants, lacking } = ToMake::of(work, pair, side, decision);
        if lacking.is_empty() {
            self.commit_close(id, INCOMPLETE, source.key.as_str()).await?;
        } else {
            let lacks = in_words(lacking.values().flatten());
            let text = format!("{id}: of {}: {lacks}", source.title());
            self.commit(vec![self.issue(id, INCOMPLETE, source.key.as_str(), text, &[])]).await?;
        }
        if variants.is_empty() {
            return Ok(Went::Through(0));
        }
        let due_at = later(self.now(), self.settings.pace.recheck_held);
        if !self.is_live(&target.id).await? || self.check_rested(target, WRITE).is_err() {
            return Ok(Went::Ends(Settled::Again { due_at, reason: None, failed: false }));
        }
        let record = format!("product {}", source.title());
        let prices = prices_of_new_variants(side, source, work.rule);
        let write = Write::CreateVariants { product: product.clone(), variants, prices };
        let (applied, at) = match self.send_product(work, row, target, &record, write).await? {
            Ok(applied) => applied,
            Err(ends) => return Ok(ends),
        };
        let (mutations, others_came) =
            self.made(work, source_side, source, (units, false), target, &applied, at).await?;
        self.commit_if_ours(mutations).await?;
        self.relink_if(side == Side::Erp || others_came);
        Ok(Went::Through(1))
    }

    /// Makes the categories that these facts name and that the side is not known to have, parents first.
    pub(super) async fn make_categories(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        target: &Connection,
        facts: &Facts,
    ) -> Result<Option<Went>> {
        let Some(Value::Paths(paths)) = facts.get(&Field::Categories) else { return Ok(None) };
        for path in paths {
            let key = (target.id.clone(), path.clone());
            if lock(&self.known_categories).contains(&key) {
                continue;
            }
            let record = format!("category {}", path.join(" > "));
            let write = Write::CreateCategory { path: path.clone() };
            match self.send_product(work, row, target, &record, write).await? {
                Ok((applied, at)) => {
                    lock(&self.known_categories).insert(key);
                    if !applied.already {
                        self.commit_if_ours(vec![Mutation::AddJournal(JournalEntry {
                            at,
                            connection: target.id.clone(),
                            entity: Entity::Category,
                            key: applied.key.unwrap_or_else(|| RemoteKey::new(path.join(" > "))),
                            field: "created".to_owned(),
                            before: None,
                            after: Some(path.join(" > ")),
                            why: "a product is in it on the other side".to_owned(),
                            run: work.run.cloned(),
                        })])
                        .await?;
                    }
                }
                Err(ends) => return Ok(Some(ends)),
            }
        }
        Ok(None)
    }
}
