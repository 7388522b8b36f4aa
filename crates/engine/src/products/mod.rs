//! Products and prices between a store and the ERP.
//!
//! A row in the outbox says "compare product P", never what to write. Both sides are looked at when the row is worked
//! on, every field is merged by its owner against what both last agreed on, and only what differs is written.

mod adding;
mod answers;
mod carrying;
mod comparing;
mod creating;
mod deciding;
mod gone;
mod guarding;
mod keeping;
mod pairing;
mod planning;
mod questions;
mod refusing;
mod rule;
mod sending;
mod story;
mod telling;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use zygos_core::{
    ConnectionId, RemoteKey, RunId,
    catalogue::ProductRule,
    clock::later,
    contract::{Lane, Side},
    model::{Entity, Field},
};
use zygos_storage::{OutboxKind, OutboxRecord, OutboxRow, Settled, StoredProduct};

pub use planning::PlannedProduct;
pub use story::FieldStory;

pub(crate) use creating::READ_FEED;
pub(crate) use guarding::Massed;
pub(crate) use keeping::{UNREADABLE_FIELD, products_in};

use self::pairing::ListPrices;
pub(crate) use self::pairing::Paired;
use crate::{
    engine::Engine,
    error::{EngineError, Result},
    health::Deed,
    plan_seen::Seen,
    settings::StoreSettings,
    settling::settle,
};

pub(crate) const WRITE: Deed = Deed::Write(Entity::Catalogue);
/// The kind of issue about what a side refuses.
const REFUSED: &str = "product_refused";
const READ: Deed = Deed::Read(Entity::Catalogue);

/// Products worked on together. Each may take a few calls, and all must be done within the claim.
const BATCH: u32 = 30;

/// What one pass over a store's due products did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductPass {
    pub looked_at: u64,
    /// Writes, to either side.
    pub written: u64,
    pub put_off: u64,
}

/// What a row of the outbox is about, as things stand.
pub(crate) enum Subject {
    Pairs(Vec<Paired>),
    /// Only this side has it.
    Lone {
        side: Side,
        product: Box<StoredProduct>,
    },
    /// Neither side has it any more.
    Nothing,
}

/// What a pass works with.
pub(crate) struct Work<'a> {
    pub store: &'a StoreSettings,
    pub rule: &'a ProductRule,
    pub prices: Option<ListPrices>,
    pub run: Option<&'a RunId>,
    pub seen: Option<&'a Seen<'a>>,
    /// Fields that are not written to a side now: too many would change together.
    pub massed: BTreeSet<(Side, Field)>,
    /// What was refused in this pass, by row: one issue says all of it.
    pub refusals: Mutex<BTreeMap<i64, Vec<String>>>,
}

impl<'a> Work<'a> {
    /// To look at products of a store, without writing.
    pub fn of(store: &'a StoreSettings, rule: &'a ProductRule, prices: Option<ListPrices>) -> Self {
        Self {
            store,
            rule,
            prices,
            run: None,
            seen: None,
            massed: BTreeSet::new(),
            refusals: Mutex::default(),
        }
    }
}

/// How work on a row goes on.
pub(crate) enum Went {
    /// So many writes; nothing is left to do but what waits for a person.
    Through(u64),
    /// The row can't come to its end now.
    Ends(Settled),
}

impl Engine {
    /// Works on the due products of one store, once.
    pub async fn product_pass(&self, store: &StoreSettings, run: Option<&RunId>) -> Result<ProductPass> {
        self.product_pass_of(store, run, None).await
    }

    /// As [`Self::product_pass`]; with a plan, only of its products, and only what is still as the plan says.
    pub(crate) async fn product_pass_of(
        &self,
        store: &StoreSettings,
        run: Option<&RunId>,
        seen: Option<&Seen<'_>>,
    ) -> Result<ProductPass> {
        let id = &store.connection.id;
        let mut pass = ProductPass::default();
        if self.product_rule(store).is_none() {
            return Ok(pass);
        }
        if !self.is_live(id).await? {
            return Ok(pass);
        }
        self.check_rested(&store.connection, READ)?;
        self.check_rested(&self.settings.erp, READ)?;
        self.link().await?;
        let now = self.now();
        let lease_until = later(now, self.settings.pace.lease);
        let rows = match seen {
            Some(seen) => {
                let records = seen.next_products(id, BATCH);
                self.repository.claim_these(id, &records, now, lease_until).await?
            }
            None => self.repository.claim(id, OutboxKind::Product, now, lease_until, BATCH).await?,
        };
        if rows.is_empty() {
            return Ok(pass);
        }
        pass.looked_at = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut left: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
        let outcome = self.work_on(store, &rows, run, seen, &mut pass, &mut left).await;
        match outcome {
            Ok(()) => Ok(pass),
            Err(error @ EngineError::Storage(_)) => Err(error),
            Err(error) => {
                for row in rows.iter().filter(|row| left.contains(&row.id)) {
                    self.settle_if_ours(row, self.again_after(row, &error)).await?;
                }
                Err(error)
            }
        }
    }

    async fn work_on(
        &self,
        store: &StoreSettings,
        rows: &[OutboxRow],
        run: Option<&RunId>,
        seen: Option<&Seen<'_>>,
        pass: &mut ProductPass,
        left: &mut BTreeSet<i64>,
    ) -> Result<()> {
        let rows = self.settle_product_questions(store, rows, left).await?;
        let lane = rows.iter().map(|row| row.lane).min().unwrap_or(Lane::Catalogue);
        let keys = self.erp_keys(store, &rows).await?;
        let missing = self.refresh_products(&self.settings.erp, &keys, lane).await?;
        self.products_gone(&self.settings.erp, &missing).await?;
        let units: Vec<RemoteKey> =
            pairing::units_of(&self.repository.products(&self.settings.erp.id, &keys).await?);
        let (rule, prices) = self.priced(store, &units, lane).await?;
        let rule = &rule;
        // What a plan holds was seen by a person.
        let massed = match seen {
            Some(_) => BTreeSet::new(),
            None => self.held_en_masse(store, rows.len()).await?,
        };
        let work = Work { run, seen, massed, ..Work::of(store, rule, prices) };
        for row in &rows {
            self.keep_what_arrived(&work, row).await?;
            let went = self.work_on_row(&work, row).await?;
            left.remove(&row.id);
            match went {
                Went::Through(written) => {
                    pass.written += written;
                    self.settle_if_ours(row, Settled::Done).await?;
                }
                Went::Ends(settled) => {
                    pass.put_off += 1;
                    self.commit_if_ours(vec![settle(row, settled)]).await?;
                }
            }
        }
        Ok(())
    }

    async fn work_on_row(&self, work: &Work<'_>, row: &OutboxRow) -> Result<Went> {
        match self.subject(work.store, row).await? {
            Subject::Nothing => Ok(Went::Through(0)),
            Subject::Lone { side, product } => self.lone(work, row, side, *product).await,
            Subject::Pairs(pairs) => {
                let mut written = 0;
                for pair in pairs {
                    match self.settle_pair(work, row, pair).await? {
                        Went::Through(more) => written += more,
                        ends @ Went::Ends(_) => return Ok(ends),
                    }
                }
                Ok(Went::Through(written))
            }
        }
    }

    /// What a row is about now.
    pub(crate) async fn subject(&self, store: &StoreSettings, row: &OutboxRow) -> Result<Subject> {
        let OutboxRecord::Product { side, key } = &row.record else { return Ok(Subject::Nothing) };
        self.subject_of(store, *side, key).await
    }

    pub(crate) async fn subject_of(
        &self,
        store: &StoreSettings,
        side: Side,
        key: &RemoteKey,
    ) -> Result<Subject> {
        let id = &store.connection.id;
        let (connection, store_keys) = match side {
            Side::Store => (id, vec![key.clone()]),
            Side::Erp => (&self.settings.erp.id, self.store_keys_of(store, key).await?),
        };
        let Some(product) = self.repository.products(connection, std::slice::from_ref(key)).await?.pop()
        else {
            return Ok(Subject::Nothing);
        };
        let pairs = self.pairs(store, &store_keys).await?;
        // A row that is named by the ERP's product is about that one alone.
        let pairs: Vec<Paired> =
            pairs.into_iter().filter(|pair| side == Side::Store || &pair.erp.product.key == key).collect();
        Ok(if pairs.is_empty() {
            Subject::Lone { side, product: Box::new(product) }
        } else {
            Subject::Pairs(pairs)
        })
    }

    /// The store's products that this product of the ERP is linked to.
    async fn store_keys_of(&self, store: &StoreSettings, key: &RemoteKey) -> Result<Vec<RemoteKey>> {
        let id = &store.connection.id;
        let erp = &self.settings.erp.id;
        let products = self.repository.products(erp, std::slice::from_ref(key)).await?;
        let links = self.repository.links_to(erp, &pairing::units_of(&products)).await?;
        let linked: Vec<RemoteKey> =
            links.into_iter().filter(|link| &link.store == id).map(|link| link.store_key).collect();
        let of: BTreeSet<RemoteKey> =
            self.repository.products_of(id, &linked).await?.into_iter().map(|(_, product)| product).collect();
        Ok(of.into_iter().collect())
    }

    /// The ERP's products that these rows are about.
    async fn erp_keys(&self, store: &StoreSettings, rows: &[OutboxRow]) -> Result<Vec<RemoteKey>> {
        let mut keys = BTreeSet::new();
        for row in rows {
            match self.subject(store, row).await? {
                Subject::Pairs(pairs) => keys.extend(pairs.into_iter().map(|pair| pair.erp.product.key)),
                Subject::Lone { side: Side::Erp, product } => {
                    keys.insert(product.product.key);
                }
                Subject::Lone { .. } | Subject::Nothing => {}
            }
        }
        Ok(keys.into_iter().collect())
    }

    pub(crate) fn other_side(&self, store: &StoreSettings, side: Side) -> ConnectionId {
        match side {
            Side::Store => self.settings.erp.id.clone(),
            Side::Erp => store.connection.id.clone(),
        }
    }
}
