//! What would be written to products and prices now, shown and not sent.

use serde::Serialize;
use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Decision, FieldChange},
    contract::{Lane, Side},
    model::{Field, Product, Value},
};
use zygos_storage::OutboxRecord;

use super::{
    Subject, Work,
    adding::{ToMake, in_words},
    creating::Creation,
    gone::{HALF_GONE, words_of_archive},
    pairing::Paired,
    refusing::{Waiting, waits_for},
};
use crate::{engine::Engine, error::Result, forecast::Expected, plan::Plan, settings::StoreSettings};

/// Products looked at together.
const PAGE: u32 = 100;

/// One field of one product that would be written, or a product that would be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedProduct {
    pub store: ConnectionId,
    /// Where it is written to.
    pub to: ConnectionId,
    /// How the outbox names the product: by the side that has it, the store's name first.
    pub side: Side,
    pub key: RemoteKey,
    /// SKU, or the product's name for what its variants share.
    pub name: String,
    /// A field's code; `new` for a product that is made, `new variant` for a variant.
    pub field: String,
    pub before: Option<String>,
    pub after: String,
    pub why: String,
    /// It waits for a person, and why.
    pub held: Option<String>,
    /// Equal words mean the same is to be written.
    pub words: String,
}

impl Engine {
    pub(crate) async fn plan_products(
        &self,
        store: &StoreSettings,
        plan: &mut Plan,
        expected: &mut Expected,
    ) -> Result<()> {
        if self.product_rule(store).is_none() {
            return Ok(());
        }
        let refused = self.refused_rows(store).await?;
        for side in [Side::Store, Side::Erp] {
            let connection = match side {
                Side::Store => &store.connection.id,
                Side::Erp => &self.settings.erp.id,
            };
            let mut after = None;
            loop {
                let keys = self.repository.product_keys(connection, after.as_ref(), PAGE).await?;
                let Some(last) = keys.last() else { break };
                after = Some(last.clone());
                self.plan_page(store, (side, &keys), &refused, plan, expected).await?;
            }
        }
        Ok(())
    }

    async fn plan_page(
        &self,
        store: &StoreSettings,
        (side, keys): (Side, &[RemoteKey]),
        refused: &Waiting,
        plan: &mut Plan,
        expected: &mut Expected,
    ) -> Result<()> {
        let refused_of = |side: Side, key: &RemoteKey| {
            refused.get(&OutboxRecord::Product { side, key: key.clone() }).map(String::as_str)
        };
        let mut subjects = Vec::new();
        let mut units = Vec::new();
        for key in keys {
            let subject = self.subject_of(store, side, key).await?;
            match &subject {
                Subject::Pairs(pairs) if side == Side::Store => {
                    units.extend(pairs.iter().flat_map(Paired::erp_units));
                }
                Subject::Lone { product, .. } if side == Side::Erp => {
                    units.extend(product.product.variants.iter().map(|variant| variant.unit.key.clone()));
                }
                _ => {}
            }
            subjects.push((key, subject));
        }
        let (rule, prices) = self.priced(store, &units, Lane::Catalogue).await?;
        let rule = &rule;
        let work = Work::of(store, rule, prices);
        for (key, subject) in subjects {
            match subject {
                // Paired products are planned once, under the store's name.
                Subject::Pairs(pairs) if side == Side::Store => {
                    for pair in pairs {
                        let decision = self.decide_pair(&work, &pair).await?;
                        self.expect_changes(store, rule, &pair, &decision, expected);
                        let refused = refused_of(Side::Store, key);
                        let refused = refused.or_else(|| refused_of(Side::Erp, &pair.erp.product.key));
                        self.planned(&work, (key, refused), &pair, &decision, plan);
                        for (half, product) in [(Side::Store, &pair.store), (Side::Erp, &pair.erp)] {
                            let named = (side, key);
                            self.plan_archive(store, named, half, &product.product, plan).await?;
                        }
                    }
                }
                Subject::Lone { product, .. } => {
                    let product = &product.product;
                    self.plan_archive(store, (side, key), side, product, plan).await?;
                    let creation = self.creation(store, rule, side, product, work.prices.as_ref()).await?;
                    let to = self.other_side(store, side);
                    let held = match creation {
                        Creation::No | Creation::NotYet => continue,
                        Creation::Make(new) => match refused_of(side, key) {
                            Some(text) => waits_for(text, None),
                            None => {
                                self.expect_new(store, side, new, expected);
                                None
                            }
                        },
                        Creation::Waits(missing) => Some(in_words(&missing)),
                    };
                    let variants = product.variants.len();
                    plan.products.push(PlannedProduct {
                        store: store.connection.id.clone(),
                        side,
                        key: key.clone(),
                        name: product.title().to_owned(),
                        field: "new".to_owned(),
                        before: None,
                        after: match variants {
                            1 => product.title().to_owned(),
                            _ => format!("{} ({variants} variants)", product.title()),
                        },
                        why: format!("{to} does not have it"),
                        held,
                        words: format!("make {} in {to}", product.title()),
                        to,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What is to be taken off sale on the side `half` because the other one has it no more.
    async fn plan_archive(
        &self,
        store: &StoreSettings,
        (side, key): (Side, &RemoteKey),
        half: Side,
        product: &Product,
        plan: &mut Plan,
    ) -> Result<()> {
        let to = match half {
            Side::Store => &store.connection.id,
            Side::Erp => &self.settings.erp.id,
        };
        for unit in self.left_halves(store, half, product).await?.on_sale {
            let sku = product.variant(&unit).and_then(|variant| variant.unit.sku.clone());
            plan.products.push(PlannedProduct {
                store: store.connection.id.clone(),
                to: to.clone(),
                side,
                key: key.clone(),
                name: sku.unwrap_or_else(|| product.title().to_owned()),
                field: Field::Active.code().to_owned(),
                before: Some(Value::Flag(true).to_string()),
                after: Value::Flag(false).to_string(),
                why: HALF_GONE.to_owned(),
                held: None,
                words: words_of_archive(half, &unit),
            });
        }
        Ok(())
    }

    /// `refused`: what the issue of its row says, where it waits for one.
    fn planned(
        &self,
        work: &Work<'_>,
        (key, refused): (&RemoteKey, Option<&str>),
        pair: &Paired,
        decision: &Decision,
        plan: &mut Plan,
    ) {
        let store = work.store;
        let waits = |field: Option<Field>| refused.and_then(|text| waits_for(text, field));
        let to = |side: Side| match side {
            Side::Store => store.connection.id.clone(),
            Side::Erp => self.settings.erp.id.clone(),
        };
        let planned = |side: Side, name: String, field: &str, words: String| PlannedProduct {
            store: store.connection.id.clone(),
            to: to(side),
            side: Side::Store,
            key: key.clone(),
            name,
            field: field.to_owned(),
            before: None,
            after: String::new(),
            why: String::new(),
            held: None,
            words,
        };
        let product = &pair.store.product;
        for change in &decision.changes {
            let name = super::sending::name_of(change, product);
            plan.products.push(PlannedProduct {
                before: Some(change.before.to_string()),
                after: change.after.to_string(),
                why: change.why.clone(),
                held: change.hold.clone().or_else(|| waits(Some(change.field))),
                ..planned(change.to, name, change.field.code(), words_of_change(change))
            });
        }
        for (side, units) in [(Side::Store, &decision.new_in_store), (Side::Erp, &decision.new_in_erp)] {
            let source = if side == Side::Store { &pair.erp.product } else { product };
            let lacking = ToMake::of(work, pair, side, decision).lacking;
            for unit in units {
                let name = product.title().to_owned();
                let sku = source.variant(unit).and_then(|variant| variant.unit.sku.clone());
                plan.products.push(PlannedProduct {
                    after: sku.unwrap_or_else(|| unit.to_string()),
                    why: format!("{} does not have it", to(side)),
                    held: lacking.get(unit).map(in_words).or_else(|| waits(None)),
                    ..planned(side, name, "new variant", words_of_variant(side, unit))
                });
            }
        }
    }
}

/// What a decision would write, each as words that are equal when the same is written.
pub(super) fn words_of(work: &Work<'_>, pair: &Paired, decision: &Decision) -> Vec<String> {
    let changes = decision.changes.iter().filter(|change| change.hold.is_none()).map(words_of_change);
    let mut words: Vec<String> = changes.collect();
    for (side, units) in [(Side::Store, &decision.new_in_store), (Side::Erp, &decision.new_in_erp)] {
        let lacking = ToMake::of(work, pair, side, decision).lacking;
        let made = units.iter().filter(|unit| !lacking.contains_key(unit));
        words.extend(made.map(|unit| words_of_variant(side, unit)));
    }
    words
}

fn words_of_change(change: &FieldChange) -> String {
    let side = match change.to {
        Side::Store => "store",
        Side::Erp => "ERP",
    };
    format!("{side}, {} of {}: {} → {}", change.field.words(), change.key, change.before, change.after)
}

fn words_of_variant(side: Side, unit: &RemoteKey) -> String {
    match side {
        Side::Store => format!("store, new variant {unit}"),
        Side::Erp => format!("ERP, new variant {unit}"),
    }
}
