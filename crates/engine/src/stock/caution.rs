//! What keeps a decided figure from being written at once: the guard, and the policy for drift.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::Write,
    drift::{DriftEvidence, classify},
    guard::{FeedShape, GuardFinding, StockChange, Weight, inspect_pace, inspect_stock},
    model::Entity,
    money::plain,
    stock::Explanation,
};
use zygos_storage::{Drift, Mutation, OutboxRow, Settled};

use super::{STOCK, StockDecision, StockVerdict, name_of};
use crate::{
    engine::Engine,
    error::Result,
    event::Event,
    settings::{DriftPolicy, StoreSettings},
};

/// Zeroing a few at a time is looked at over this long, and over so many writes.
const HOUR: Duration = Duration::from_secs(3600);
const LATEST_WRITES: u32 = 5_000;

impl Engine {
    /// Independent eyes on the whole batch. Answers whether what goes to zero is held.
    pub(super) async fn guard(&self, store: &StoreSettings, decisions: &[StockDecision]) -> Result<bool> {
        let id = &store.connection.id;
        let changes: Vec<StockChange> = decisions
            .iter()
            .filter_map(|decision| {
                let (before, after) = decision.change()?;
                Some(StockChange {
                    unit: decision.unit.key.clone(),
                    sku: decision.unit.sku.clone(),
                    before: before.unwrap_or_default(),
                    after,
                })
            })
            .collect();
        let mut findings = inspect_stock(&changes, shape_of(decisions), &self.settings.guard);
        findings.extend(self.inspect_pace_of(store, &changes).await?);
        let open = self.repository.open_issue(id, "guard", "stock").await?;
        let texts: Vec<String> = findings
            .iter()
            .filter(|finding| finding.weight == Weight::Hold)
            .map(|finding| finding.text.clone())
            .collect();
        if texts.is_empty() || self.guard_is_waived(id).await? {
            if open.is_some() {
                self.commit(vec![self.close_issue(id, "guard", "stock")]).await?;
            }
            return Ok(false);
        }
        let text = format!(
            "{id}: {}. These figures are held and looked at again every few minutes. If they are right, approve this \
             issue by its number (`zygos approve`).",
            texts.join("; ")
        );
        if open.is_none_or(|open| open.text != text) {
            self.commit(vec![self.issue(id, "guard", "stock", text, &["approve"])]).await?;
        }
        Ok(true)
    }

    /// What goes to zero now together with what was written to zero within the hour.
    async fn inspect_pace_of(
        &self,
        store: &StoreSettings,
        changes: &[StockChange],
    ) -> Result<Option<GuardFinding>> {
        let id = &store.connection.id;
        let mut zeroed: BTreeSet<RemoteKey> = changes
            .iter()
            .filter(|change| change.after <= Decimal::ZERO && change.before > Decimal::ZERO)
            .map(|change| change.unit.clone())
            .collect();
        if zeroed.is_empty() {
            return Ok(None);
        }
        // What a person agreed to doesn't count against what comes after.
        let since = self.now().saturating_sub(HOUR).unwrap_or(Timestamp::MIN);
        let since = self.guard_waived_until(id).await?.map_or(since, |until| until.max(since));
        let lately = self.repository.journal(Some(id), None, LATEST_WRITES).await?;
        let to_zero = lately.into_iter().filter(|entry| {
            entry.at >= since
                && entry.entity == Entity::Stock
                && entry.after.as_deref() == Some("0")
                && entry.before.as_deref() != Some("0")
        });
        zeroed.extend(to_zero.map(|entry| entry.key));
        let count = u64::try_from(zeroed.len()).unwrap_or(u64::MAX);
        let units = self.repository.unit_count(id).await?;
        Ok(inspect_pace(count, units, &self.settings.guard))
    }

    /// Names a difference that nothing explains; by policy it waits for a person or is only recorded.
    pub(super) async fn drift_keeps_waiting(
        &self,
        store: &StoreSettings,
        row: &OutboxRow,
        decision: &StockDecision,
    ) -> Result<bool> {
        let id = &store.connection.id;
        let Some((Some(is), should)) = decision.change() else { return Ok(false) };
        let base = self.repository.stock_bases(id, std::slice::from_ref(&decision.unit.key)).await?.pop();
        let evidence = DriftEvidence {
            is,
            last_agreed: base.map(|base| base.figure),
            unsettled_write: row.sent.as_ref().and_then(|sent| match &sent.write {
                Write::SetStock { figure, .. } => Some(*figure),
                _ => None,
            }),
        };
        let cause = classify(&evidence);
        if !cause.is_drift() {
            return Ok(false);
        }
        let sku = name_of(&decision.unit);
        let drift = Drift {
            id: 0,
            store: id.clone(),
            unit: decision.unit.key.clone(),
            sku: decision.unit.sku.clone(),
            field: STOCK.to_owned(),
            should: plain(should),
            is: plain(is),
            cause: cause.code().to_owned(),
            found_at: self.now(),
            corrected_at: None,
        };
        let known = self.repository.open_drift(id, &decision.unit.key, STOCK).await?;
        if known.is_none() {
            self.tell(&Event::DriftFound {
                store: id.clone(),
                sku: sku.clone(),
                field: STOCK.to_owned(),
                should: plain(should),
                is: plain(is),
                cause: cause.code().to_owned(),
            });
        }
        let mut mutations = vec![Mutation::OpenDrift(drift)];
        let policy = store.stock.as_ref().map_or(DriftPolicy::Correct, |flow| flow.drift);
        let subject = decision.unit.key.as_str();
        match policy {
            DriftPolicy::Correct => {
                self.commit(mutations).await?;
                Ok(false)
            }
            DriftPolicy::Report => {
                self.commit(mutations).await?;
                self.settle_if_ours(row, Settled::Done).await?;
                Ok(true)
            }
            DriftPolicy::Ask => {
                let found_at = known.as_ref().map_or_else(|| self.now(), |drift| drift.found_at);
                match self.answer_since(id, "drift", subject, found_at).await?.as_deref() {
                    Some("correct") => {
                        self.commit(mutations).await?;
                        return Ok(false);
                    }
                    Some("leave") => {
                        self.settle_if_ours(row, Settled::Done).await?;
                        return Ok(true);
                    }
                    _ => {}
                }
                let text = format!(
                    "{id}: {sku} shows {} and should show {} ({}). Answer `correct` to have it corrected, `leave` to leave it.",
                    plain(is),
                    plain(should),
                    cause.text()
                );
                mutations.push(self.issue(id, "drift", subject, text, &["correct", "leave"]));
                self.commit(mutations).await?;
                if let Some(issue) = self.repository.open_issue(id, "drift", subject).await? {
                    self.settle_if_ours(row, Settled::Held { issue: issue.id }).await?;
                }
                Ok(true)
            }
        }
    }
}

pub(super) fn is_zeroed(decision: &StockDecision) -> bool {
    decision
        .change()
        .is_some_and(|(before, after)| after.is_zero() && before.is_none_or(|before| !before.is_zero()))
}

/// How much the ERP answered of what was asked, and whether it is all nought.
pub(super) fn shape_of(decisions: &[StockDecision]) -> FeedShape {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let decided: Vec<&Explanation> = decisions
        .iter()
        .filter_map(|decision| match &decision.verdict {
            StockVerdict::Decided(explanation) => Some(explanation),
            _ => None,
        })
        .collect();
    let asked = decisions.iter().filter(|decision| decision.erp_unit.is_some() && decision.unit.tracked);
    FeedShape {
        units_expected: count(asked.count()),
        units_read: count(decided.len()),
        all_zero: decided
            .iter()
            .all(|explanation| explanation.warehouses.iter().all(|term| term.value.is_zero())),
    }
}
