//! Independent eyes on all product changes that wait for a store, whatever batch they are worked on in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use zygos_core::{
    ConnectionId,
    catalogue::{ChangeCause, FieldChange},
    clock::elapsed,
    contract::{Lane, Side},
    guard::{CatalogueSize, Weight, inspect_catalogue},
    model::Field,
};
use zygos_storage::OutboxRecord;

use super::{Subject, Work};
use crate::{
    engine::{Engine, lock},
    error::Result,
    settings::StoreSettings,
};

const SUBJECT: &str = "products";
/// Fewer rows can't hold a mass of anything.
const FEW: usize = 10;
const ALL: u32 = u32::MAX >> 1;

/// What was found when it was last looked at, by store.
pub(crate) type Massed = BTreeMap<ConnectionId, Inspected>;

#[derive(Clone, Debug)]
pub(crate) struct Inspected {
    at: Timestamp,
    held: BTreeSet<(Side, Field)>,
    /// Rows and their revisions that it was about.
    rows: BTreeSet<(i64, i64)>,
}

impl Engine {
    /// The fields that are not written to a side now because too many products would change together. `rows`: how many
    /// this pass claimed.
    pub(super) async fn held_en_masse(
        &self,
        store: &StoreSettings,
        rows: usize,
    ) -> Result<BTreeSet<(Side, Field)>> {
        let id = &store.connection.id;
        if self.guard_is_waived(id).await? {
            lock(&self.massed).remove(id);
            self.commit_close(id, "guard", SUBJECT).await?;
            return Ok(BTreeSet::new());
        }
        let known = lock(&self.massed).get(id).cloned();
        let known = known.filter(|known| elapsed(known.at, self.now()) < self.settings.pace.recheck_held);
        if let Some(known) = &known
            && (!known.held.is_empty() || rows < FEW)
        {
            return Ok(known.held.clone());
        }
        let mut waiting = self.repository.outbox(Some(id), ALL).await?;
        // What only one side has is made, not changed.
        waiting.retain(|row| matches!(row.record, OutboxRecord::Product { side: Side::Store, .. }));
        let rows: BTreeSet<(i64, i64)> = waiting.iter().map(|row| (row.id, row.revision)).collect();
        // All that waits is what was waiting already: deciding it again, batch after batch, would find the same.
        if let Some(known) = known.filter(|known| rows.is_subset(&known.rows)) {
            return Ok(known.held);
        }
        let waiting: Vec<OutboxRecord> = waiting.into_iter().map(|row| row.record).collect();
        let (held, texts) = if waiting.len() < FEW {
            (BTreeSet::new(), Vec::new())
        } else {
            self.inspect_waiting(store, &waiting).await?
        };
        if texts.is_empty() {
            self.commit_close(id, "guard", SUBJECT).await?;
        } else {
            let text = format!(
                "{id}: {}. These changes are held and looked at again every few minutes; `zygos plan` shows them. If they are \
                 right, approve this issue by its number (`zygos approve`).",
                texts.join("; ")
            );
            let open = self.repository.open_issue(id, "guard", SUBJECT).await?;
            if open.is_none_or(|open| open.text != text) {
                self.commit(vec![self.issue(id, "guard", SUBJECT, text, &["approve"])]).await?;
            }
        }
        let inspected = Inspected { at: self.now(), held: held.clone(), rows };
        lock(&self.massed).insert(id.clone(), inspected);
        Ok(held)
    }

    async fn inspect_waiting(
        &self,
        store: &StoreSettings,
        waiting: &[OutboxRecord],
    ) -> Result<(BTreeSet<(Side, Field)>, Vec<String>)> {
        let mut pairs = Vec::new();
        for record in waiting {
            let OutboxRecord::Product { side: Side::Store, key } = record else { continue };
            if let Subject::Pairs(found) = self.subject_of(store, Side::Store, key).await? {
                pairs.extend(found);
            }
        }
        let units: Vec<_> = pairs.iter().flat_map(super::pairing::Paired::erp_units).collect();
        let (rule, prices) = self.priced(store, &units, Lane::Catalogue).await?;
        let work = Work::of(store, &rule, prices);
        let mut changes: Vec<FieldChange> = Vec::new();
        for pair in &pairs {
            let decision = self.decide_pair(&work, pair).await?;
            changes.extend(decision.changes.into_iter().filter(counts));
        }
        let mut held = BTreeSet::new();
        let mut texts = Vec::new();
        for (side, connection) in [(Side::Store, &store.connection.id), (Side::Erp, &self.settings.erp.id)] {
            let size = CatalogueSize {
                products: self.product_count(connection).await?,
                units: self.repository.unit_count(connection).await?,
            };
            for finding in inspect_catalogue(side, &changes, size, &self.settings.guard) {
                if finding.weight == Weight::Hold {
                    held.insert((finding.side, finding.field));
                    texts.push(finding.text);
                }
            }
        }
        Ok((held, texts))
    }

    async fn product_count(&self, connection: &ConnectionId) -> Result<u64> {
        const TOGETHER: u32 = 10_000;
        let mut count = 0;
        let mut after = None;
        loop {
            let keys = self.repository.product_keys(connection, after.as_ref(), TOGETHER).await?;
            count += u64::try_from(keys.len()).unwrap_or(u64::MAX);
            after = keys.last().cloned();
            if after.is_none() {
                return Ok(count);
            }
        }
    }
}

/// What is written when two catalogues meet for the first time was seen in the plan and approved with it.
pub(super) fn counts(change: &FieldChange) -> bool {
    change.cause != ChangeCause::FirstMeeting
}
