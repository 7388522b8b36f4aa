//! Writing what was decided about a pair, and settling it with the answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId, RemoteKey,
    catalogue::{Decision, FieldChange, Halves, writes},
    clock::later,
    contract::{Applied, ConnectorError, ErrorKind, Lookup, ProductChanges, Side, Write},
    disposition::{Disposition, disposition},
    model::{Entity, Field, Product, Record},
};
use zygos_storage::{
    Attempt, FieldBases, JournalEntry, Mutation, OutboxRecord, OutboxRow, SentField, SentWrite, Settled,
    StoredProduct,
};

use super::{
    REFUSED, WRITE, Went, Work,
    creating::INCOMPLETE,
    pairing::Paired,
    refusing::{Refused, without_refused},
};
use crate::{
    engine::Engine,
    error::{EngineError, Result},
    event::Event,
    settings::{Connection, StoreSettings},
    settling::one,
};

const NOT_TAKEN: &str = "field_not_taken";

/// An answered write and when it was answered, or how the row ends without one.
pub(super) type Sent = std::result::Result<(Applied, Timestamp), Went>;

impl Engine {
    /// Merges a pair and writes what differs, to one side after the other.
    pub(super) async fn settle_pair(&self, work: &Work<'_>, row: &OutboxRow, pair: Paired) -> Result<Went> {
        let mut pair = pair;
        let mut decision = self.decide_pair(work, &pair).await?;
        if decision.changes.iter().any(FieldChange::needs_fresh)
            || self.asks_something_new(work.store, &pair, &decision).await?
        {
            // Whoever edits the other side now must not be overwritten by what was read a while ago, and nobody is asked
            // about what is past.
            let Some(fresh) = self.read_pair(work.store, &pair).await? else {
                return Ok(Went::Ends(Settled::Again { due_at: self.now(), reason: None, failed: false }));
            };
            pair = fresh;
            decision = self.decide_pair(work, &pair).await?;
        }
        self.tell_of(work.store, &pair, &decision).await?;
        if let Some(ends) = self.differs_from_plan(work, row, &pair, &decision).await? {
            return Ok(ends);
        }
        // A store's edit that is met here before any verification saw it is a drift all the same.
        let drifts = self.drifts_of(work.store, &pair, &decision.changes).await?;
        if !drifts.is_empty() {
            self.commit(drifts).await?;
        }
        let wanted = decision.changes.len();
        decision.changes.retain(|change| {
            !work.massed.contains(&(change.to, change.field)) || !super::guarding::counts(change)
        });
        let some_are_held = decision.changes.len() < wanted;
        let mut written = 0;
        for (side, product) in [(Side::Store, &pair.store), (Side::Erp, &pair.erp)] {
            match self.archive_left_half(work, row, side, product, false).await? {
                Some(Went::Through(more)) => written += more,
                Some(ends @ Went::Ends(_)) => return Ok(ends),
                None => {}
            }
        }
        let mut refused = None;
        for side in [Side::Store, Side::Erp] {
            let (to_store, to_erp) = writes(&decision.changes, work.rule);
            let write = match side {
                Side::Store => to_store,
                Side::Erp => to_erp,
            };
            if let Some(write) = write {
                match self.send_changes(work, row, &pair, &mut decision.changes, (side, write)).await? {
                    Went::Through(more) => written += more,
                    // What is refused waits for a person; new variants and the other side don't wait with it.
                    Went::Ends(held @ Settled::Held { .. }) => refused = Some(held),
                    ends @ Went::Ends(_) => return Ok(ends),
                }
            }
            match self.send_variants(work, row, &pair, side, &decision).await? {
                Went::Through(more) => written += more,
                Went::Ends(held @ Settled::Held { .. }) => refused = Some(held),
                ends @ Went::Ends(_) => return Ok(ends),
            }
        }
        if let Some(held) = refused {
            return Ok(Went::Ends(held));
        }
        if some_are_held {
            let due_at = later(self.now(), self.settings.pace.recheck_held);
            return Ok(Went::Ends(Settled::Again { due_at, reason: None, failed: false }));
        }
        if written == 0 && decision.changes.is_empty() {
            let subject = pair.store.product.key.as_str();
            self.commit_close(&work.store.connection.id, REFUSED, subject).await?;
            self.commit_close(&work.store.connection.id, NOT_TAKEN, subject).await?;
            let sides = [
                (Side::Erp, &pair.erp, &decision.new_in_store),
                (Side::Store, &pair.store, &decision.new_in_erp),
            ];
            for (side, source, units) in sides {
                let key = &source.product.key;
                // It is there, whatever it waited for.
                let alone = self.incomplete(work.store, side, key);
                self.commit_close(&work.store.connection.id, INCOMPLETE, &alone).await?;
                if units.is_empty() {
                    // What lacked something is gone, or is there by now.
                    self.commit_close(&work.store.connection.id, INCOMPLETE, key.as_str()).await?;
                }
            }
        }
        Ok(Went::Through(written))
    }

    /// Whether something forbids a write now: nothing may be written there, the run wrote enough, or the plan that is
    /// carried out doesn't hold these `words`.
    pub(super) async fn may_not_write(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        target: &Connection,
        words: Option<Vec<String>>,
    ) -> Result<Option<Went>> {
        if !self.is_live(&target.id).await? || self.check_rested(target, WRITE).is_err() {
            let due_at = later(self.now(), self.settings.pace.recheck_held);
            return Ok(Some(Went::Ends(Settled::Again { due_at, reason: None, failed: false })));
        }
        if let (Some(seen), Some(words)) = (work.seen, words)
            && !seen.product_is_as_seen(&work.store.connection.id, &row.record, &words)
        {
            return Ok(Some(Went::Ends(Settled::Again { due_at: self.now(), reason: None, failed: false })));
        }
        self.beyond_allowance(work, row).await
    }

    async fn beyond_allowance(&self, work: &Work<'_>, row: &OutboxRow) -> Result<Option<Went>> {
        let id = &work.store.connection.id;
        let OutboxRecord::Product { key, .. } = &row.record else { return Ok(None) };
        if self.allowed(id, &[format!("product {key}")]).await? == [true] {
            return Ok(None);
        }
        Ok(Some(Went::Ends(self.held_by_allowance(id, 1).await?)))
    }

    async fn differs_from_plan(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        pair: &Paired,
        decision: &Decision,
    ) -> Result<Option<Went>> {
        let Some(seen) = work.seen else { return Ok(None) };
        let mut now = super::planning::words_of(work, pair, decision);
        for (side, product) in [(Side::Store, &pair.store), (Side::Erp, &pair.erp)] {
            now.extend(self.left_halves(work.store, side, &product.product).await?.words(side));
        }
        if seen.product_is_as_seen(&work.store.connection.id, &row.record, &now) {
            return Ok(None);
        }
        Ok(Some(Went::Ends(Settled::Again { due_at: self.now(), reason: None, failed: false })))
    }

    /// Writes what was decided for one side. What it refuses is told, and taken out of the changes with all that hangs on
    /// it.
    async fn send_changes(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        pair: &Paired,
        changes: &mut Vec<FieldChange>,
        (side, write): (Side, ProductChanges),
    ) -> Result<Went> {
        let store = work.store;
        let target = match side {
            Side::Store => &store.connection,
            Side::Erp => &self.settings.erp,
        };
        let due_at = later(self.now(), self.settings.pace.recheck_held);
        if !self.is_live(&target.id).await? || self.check_rested(target, WRITE).is_err() {
            return Ok(Went::Ends(Settled::Again { due_at, reason: None, failed: false }));
        }
        if let Some(ends) = self.beyond_allowance(work, row).await? {
            return Ok(ends);
        }
        if let Some(ends) = self.make_categories(work, row, target, &write.facts).await? {
            return Ok(ends);
        }
        let record = format!("product {}", pair.store.product.title());
        let (mut write, mut refused) = (write, Refused::default());
        let (applied, at) = loop {
            let update = Write::UpdateProduct(Box::new(write));
            let fields = fields_after(work, pair, target, side, changes);
            let (error, deadline) = match self.try_product(work, row, target, &record, update, fields).await?
            {
                Ok(Some(sent)) => break sent,
                Ok(None) => return Ok(Went::Ends(Settled::Done)),
                Err(failed) => failed,
            };
            // One field that can't be taken holds back itself, and not what else there is to write.
            let Some(rest) = without_refused(&error, changes, side, work.rule) else {
                return self.product_failed(work, row, target, &record, &error, deadline).await;
            };
            refused.add(rest.fields, &error);
            *changes = rest.changes;
            let Some(left) = rest.write else {
                let held = self.held_by_refusal(work, row, target, &record, &refused).await?;
                return Ok(held.map_or(Went::Through(0), Went::Ends));
            };
            write = left;
        };
        let written: Vec<FieldChange> =
            changes.iter().filter(|change| change.to == side && change.hold.is_none()).cloned().collect();
        let went = self.settle_changes(work, row, pair, side, &written, &applied, at).await?;
        if refused.is_nothing() {
            return Ok(went);
        }
        let held = self.held_by_refusal(work, row, target, &record, &refused).await?;
        Ok(match (went, held) {
            (Went::Through(_), Some(held)) => Went::Ends(held),
            (went, _) => went,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "a write, its answer, and what it was about")]
    async fn settle_changes(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        pair: &Paired,
        side: Side,
        changes: &[FieldChange],
        applied: &Applied,
        at: Timestamp,
    ) -> Result<Went> {
        let store = work.store;
        let store_id = &store.connection.id;
        let target = match side {
            Side::Store => store_id,
            Side::Erp => &self.settings.erp.id,
        };
        let Some(Record::Catalogue(shown)) = &applied.record else {
            // Read afresh, and compared again.
            return Ok(Went::Ends(Settled::Again { due_at: self.now(), reason: None, failed: false }));
        };
        let kept = self.keeping(target, std::slice::from_ref(&**shown), at, None).await?;
        let mut mutations = kept.mutations;
        // A price list computes: what it makes of the write is read back too.
        let prices = match side {
            Side::Erp => {
                let units: Vec<RemoteKey> = pair.erp_units().collect();
                self.list_prices(work.rule, &units, row.lane).await?
            }
            Side::Store => work.prices.clone(),
        };
        let (in_store, in_erp) = match side {
            Side::Store => (&**shown, &pair.erp.product),
            Side::Erp => (&pair.store.product, &**shown),
        };
        let shown = Paired {
            store: StoredProduct { product: in_store.clone(), ..pair.store.clone() },
            erp: StoredProduct { product: in_erp.clone(), ..pair.erp.clone() },
            links: pair.links.clone(),
            whole: pair.whole,
            bases: BTreeMap::new(),
        };
        let now = shown.halves(prices.as_ref(), work.rule);
        let asked_under = pair.halves(work.prices.as_ref(), work.rule);
        let (mut not_taken, mut terms_moved) = (Vec::new(), false);
        for change in changes {
            let Some(halves) = now.get(&(change.store_key.clone(), change.field)).cloned() else { continue };
            let read_back = match side {
                Side::Store => &halves.store,
                Side::Erp => &halves.erp,
            };
            // A price that only went along with its tax settles nothing: its own question stays open.
            if !change.settles() {
                continue;
            }
            let is_same = *read_back == change.before;
            // A picture is fetched later by the store, and isn't shown at once.
            if is_same && change.before != change.after && change.field != Field::Images {
                not_taken.push(change);
                continue;
            }
            let percent = asked_under
                .get(&(change.store_key.clone(), change.field))
                .and_then(|halves| percent_after(halves, changes));
            if percent == halves.percent {
                mutations.push(Mutation::PutFieldBases(FieldBases {
                    store: store_id.clone(),
                    key: change.store_key.clone(),
                    halves: [(change.field, halves.clone())].into(),
                }));
            } else {
                // The tax was changed meanwhile, so this isn't the price that was meant.
                terms_moved = true;
            }
            let written =
                JournalEntry { at, after: Some(read_back.to_string()), ..entry_of(work, target, change) };
            mutations.push(Mutation::AddJournal(written));
            mutations.extend(self.drift_ends(store_id, change, &pair.store.product).await?);
            self.tell(&Event::FieldWritten {
                store: store_id.clone(),
                connection: target.clone(),
                sku: name_of(change, &pair.store.product),
                field: change.field,
                before: change.before.to_string(),
                after: change.after.to_string(),
                why: change.why.clone(),
            });
        }
        if terms_moved {
            let reason = "its tax was changed while its price was written";
            mutations.push(self.product_wish(store_id, Side::Store, &pair.store.product.key, reason));
        }
        let went = if not_taken.is_empty() {
            Went::Through(1)
        } else {
            let fields: Vec<String> = not_taken
                .iter()
                .map(|change| {
                    format!("the {} of {}", change.field.words(), name_of(change, &pair.store.product))
                })
                .collect();
            let text = format!(
                "{target} took {} and still shows what it was. It is tried again; look into its settings of this product.",
                fields.join(" and ")
            );
            mutations.push(self.issue(store_id, NOT_TAKEN, pair.store.product.key.as_str(), text, &[]));
            Went::Ends(Settled::Again { due_at: self.retry_at(row), reason: None, failed: true })
        };
        self.commit_if_ours(mutations).await?;
        // What somebody made or renamed meanwhile is met here for the first time.
        self.relink_if(kept.renamed);
        Ok(went)
    }

    /// Marks, sends, and notes the try. A refusal is told, and ends the row.
    pub(super) async fn send_product(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        target: &Connection,
        record: &str,
        write: Write,
    ) -> Result<Sent> {
        Ok(match self.try_product(work, row, target, record, write, Vec::new()).await? {
            Ok(Some(sent)) => Ok(sent),
            Ok(None) => Err(Went::Ends(Settled::Done)),
            Err((error, deadline)) => {
                Err(self.product_failed(work, row, target, record, &error, deadline).await?)
            }
        })
    }

    /// Marks, sends, and notes the try, with what both sides hold in its fields once it is carried out; `None`: the row is
    /// somebody else's by now. A refusal comes with the time until which the write could have been answered.
    async fn try_product(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        target: &Connection,
        record: &str,
        write: Write,
        fields: Vec<SentField>,
    ) -> Result<std::result::Result<Option<(Applied, Timestamp)>, (ConnectorError, Timestamp)>> {
        let context = self.context(row.lane);
        let at = self.now();
        let to = (target.id != row.connection).then(|| target.id.clone());
        let sent = SentWrite { write: write.clone(), to, at, deadline: context.deadline, fields };
        if !self.mark_sent(row, sent).await? {
            return Ok(Ok(None));
        }
        let outcome = one(target.connector.apply(&context, std::slice::from_ref(&write)).await);
        let attempt = |outcome: String| {
            Mutation::AddAttempt(Attempt {
                at,
                connection: target.id.clone(),
                record: record.to_owned(),
                write: name_of_write(&write).to_owned(),
                outcome,
                run: work.run.cloned(),
            })
        };
        match outcome {
            Ok(applied) => {
                self.answered(target, WRITE).await?;
                let words = if applied.already { "already" } else { "applied" };
                self.commit_if_ours(vec![attempt(words.to_owned())]).await?;
                // What it shows is as of now: a page that was asked for while the write was under way is older.
                Ok(Ok(Some((applied, self.now()))))
            }
            Err(error) => {
                self.failed_for_one(target, WRITE, &error).await?;
                self.commit_if_ours(vec![attempt(crate::history::outcome_of(&error))]).await?;
                Ok(Err((error, context.deadline)))
            }
        }
    }

    async fn product_failed(
        &self,
        work: &Work<'_>,
        row: &OutboxRow,
        target: &Connection,
        record: &str,
        error: &ConnectorError,
        deadline: Timestamp,
    ) -> Result<Went> {
        if !error.is_of_one_record() && !error.maybe_applied() {
            // The side as a whole is in trouble: nothing else of this pass goes there.
            return Err(EngineError::Connection { connection: target.id.clone(), error: error.clone() });
        }
        if error.maybe_applied() {
            let due_at = later(deadline, target.connector.capabilities().max_in_flight);
            return Ok(Went::Ends(Settled::Unknown { due_at }));
        }
        let again = |failed| Settled::Again { due_at: self.now(), reason: None, failed };
        Ok(Went::Ends(match disposition(&error.kind, true, Lookup::Reference) {
            Disposition::RetryAfter(wait) => {
                Settled::Again { due_at: later(self.now(), wait), reason: None, failed: true }
            }
            Disposition::Quarantine | Disposition::AskPerson => {
                let mut refused = Refused::default();
                refused.add(Vec::new(), error);
                let told = self.held_by_refusal(work, row, target, record, &refused).await?;
                told.unwrap_or_else(|| again(true))
            }
            _ if error.kind == ErrorKind::NotFound => {
                self.read_row_again(work.store, row).await?;
                again(true)
            }
            _ => Settled::Again { due_at: self.retry_at(row), reason: None, failed: true },
        }))
    }

    /// The record isn't there: a direct read says which side lost it.
    async fn read_row_again(&self, store: &StoreSettings, row: &OutboxRow) -> Result<()> {
        if let super::Subject::Pairs(pairs) = self.subject(store, row).await? {
            for pair in &pairs {
                self.read_pair(store, pair).await?;
            }
        }
        Ok(())
    }

    async fn drift_ends(
        &self,
        store: &ConnectionId,
        change: &FieldChange,
        product: &Product,
    ) -> Result<Vec<Mutation>> {
        let field = change.field.code();
        let mut mutations = Vec::new();
        if self.repository.open_drift(store, &change.store_key, field).await?.is_none() {
            if !change.cause.is_drift() {
                return Ok(Vec::new());
            }
            // It was seen and put right before verification came by.
            mutations.push(self.drift_of(store, change, product));
        }
        self.tell(&Event::DriftCorrected {
            store: store.clone(),
            sku: change.sku.clone().unwrap_or_else(|| change.store_key.to_string()),
        });
        mutations.push(Mutation::CloseDrift {
            store: store.clone(),
            unit: change.store_key.clone(),
            field: field.to_owned(),
            at: self.now(),
        });
        Ok(mutations)
    }
}

/// The tax that a price is compared by once these changes are written: the store's.
fn percent_after(now: &Halves, changes: &[FieldChange]) -> Option<Decimal> {
    let tax = changes.iter().find(|change| (change.to, change.field) == (Side::Store, Field::Tax));
    let new = tax.filter(|change| change.hold.is_none()).and_then(|change| change.after.as_number());
    now.percent.map(|percent| new.unwrap_or(percent))
}

/// What follows for these fields once they are written as decided.
fn fields_after(
    work: &Work<'_>,
    pair: &Paired,
    target: &Connection,
    to: Side,
    changes: &[FieldChange],
) -> Vec<SentField> {
    let now = pair.halves(work.prices.as_ref(), work.rule);
    let mut fields = Vec::new();
    for change in changes.iter().filter(|change| change.to == to && change.hold.is_none() && change.settles())
    {
        let Some(now) = now.get(&(change.store_key.clone(), change.field)) else { continue };
        let after = change.after.clone();
        let halves = match to {
            Side::Store => Halves { store: after, percent: percent_after(now, changes), ..now.clone() },
            Side::Erp => Halves { erp: after, percent: percent_after(now, changes), ..now.clone() },
        };
        let base = FieldBases {
            store: work.store.connection.id.clone(),
            key: change.store_key.clone(),
            halves: [(change.field, halves)].into(),
        };
        fields.push(SentField { base, entry: entry_of(work, &target.id, change) });
    }
    fields
}

/// How the journal tells of a change, but for when it was made.
fn entry_of(work: &Work<'_>, target: &ConnectionId, change: &FieldChange) -> JournalEntry {
    JournalEntry {
        at: Timestamp::UNIX_EPOCH,
        connection: target.clone(),
        entity: if change.field == Field::Price { Entity::Price } else { Entity::Catalogue },
        key: change.key.clone(),
        field: change.field.code().to_owned(),
        before: Some(change.before.to_string()),
        after: Some(change.after.to_string()),
        why: change.why.clone(),
        run: work.run.cloned(),
    }
}

pub(super) fn name_of(change: &FieldChange, product: &Product) -> String {
    change.sku.clone().unwrap_or_else(|| product.title().to_owned())
}

fn name_of_write(write: &Write) -> &'static str {
    match write {
        Write::CreateProduct(_) => "create",
        Write::CreateVariants { .. } => "create variants",
        Write::CreateCategory { .. } => "create category",
        _ => "update",
    }
}
