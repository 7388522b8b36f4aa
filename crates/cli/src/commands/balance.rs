use std::collections::BTreeMap;

use serde::Serialize;
use zygos_core::ConnectionId;
use zygos_engine::{IssueGroup, Verification, by_cause};
use zygos_storage::Mode;

use super::issues;
use crate::{assemble::Assembled, clock::machine_clock, failure::Failure, leases::Leases, show::Form};

/// Causes of open issues that are told at the end.
const CAUSES: usize = 10;

#[derive(Serialize)]
struct Synced {
    troubles: Vec<(ConnectionId, String)>,
    open_issues: usize,
    /// The open issues by their causes.
    causes: Vec<IssueGroup>,
    waiting: u64,
    /// Connections on which nothing is written: not approved yet, or paused.
    not_written: Vec<String>,
}

/// Everything once.
pub async fn sync(assembled: &Assembled, form: Form) -> Result<(), Failure> {
    let engine = &assembled.engine;
    let leases = Leases::of(assembled, &machine_clock());
    leases.take_or_explain().await?;
    let outcome = kept(&leases, engine.sync()).await;
    leases.release().await?;
    let troubles = outcome?;
    let mut waiting = 0;
    let mut not_written = Vec::new();
    for name in engine.connection_names() {
        let id = ConnectionId::new(&name);
        waiting += engine.repository().outbox_summary(&id).await?.waiting;
        if engine.repository().connection(&id).await?.mode != Mode::Live {
            not_written.push(name);
        }
    }
    let open = engine.repository().issues(false).await?;
    let (open_issues, causes) = (open.len(), by_cause(&open));
    let synced = Synced { troubles, open_issues, causes, waiting, not_written };
    form.print(&synced, || {
        let mut lines: Vec<String> =
            synced.troubles.iter().map(|(connection, why)| format!("{connection}: {why}")).collect();
        if !synced.not_written.is_empty() {
            lines.push(format!(
                "only read: nothing is written on {}; `zygos plan` shows what would be, `zygos approve` lets it out",
                synced.not_written.join(", ")
            ));
        }
        lines.extend(synced.causes.iter().take(CAUSES).map(issues::summary));
        if synced.causes.len() > CAUSES {
            lines.push(format!("and {} other causes; `zygos issues` tells them", synced.causes.len() - CAUSES));
        }
        lines.push(format!("done; changes that wait: {}, open issues: {}", synced.waiting, synced.open_issues));
        lines
    })?;
    if !synced.troubles.is_empty() {
        return Err(Failure::Unavailable("not everything could be reached; run again later".to_owned()));
    }
    attention(synced.open_issues)
}

fn attention(open_issues: usize) -> Result<(), Failure> {
    if open_issues == 0 {
        return Ok(());
    }
    Err(Failure::NeedsAttention(format!("something needs a person ({open_issues}); see `zygos issues`")))
}

/// Compares the stock of one store or of all.
pub async fn verify(assembled: &Assembled, only: Option<&str>, form: Form) -> Result<(), Failure> {
    let engine = &assembled.engine;
    let stores: Vec<_> = engine
        .settings()
        .stores
        .iter()
        .filter(|store| only.is_none_or(|only| store.connection.id.as_str() == only))
        .collect();
    if stores.is_empty() {
        let names = engine.connection_names().join(", ");
        return Err(Failure::Configuration(format!(
            "there is no store called {}; there are {names}",
            only.unwrap_or("?")
        )));
    }
    let leases = Leases::of(assembled, &machine_clock());
    leases.take_or_explain().await?;
    let limited = engine.limited_run();
    let outcome = kept(&leases, async {
        engine.follow_erp().await?;
        let mut found: BTreeMap<String, Verification> = BTreeMap::new();
        for store in stores {
            found.insert(store.connection.id.to_string(), engine.verify(store).await?);
        }
        Ok(found)
    })
    .await;
    drop(limited);
    leases.release().await?;
    let found = outcome?;
    form.print(&found, || {
        found
            .iter()
            .map(|(store, v)| {
                format!(
                    "{store}: {} units read, {} compared, {} different, {} corrected, {} not linked, {} not counted by the \
                     store, {} undecidable; {} calls used, {} at least",
                    v.units, v.compared, v.different, v.written, v.unlinked, v.not_tracked, v.undecidable, v.calls_used, v.calls_least
                )
            })
            .collect()
    })?;
    if found.values().any(|v| v.written < v.different || v.undecidable > 0) {
        return Err(Failure::NeedsAttention(
            "some differences were not corrected; see `zygos issues`".to_owned(),
        ));
    }
    Ok(())
}

/// Does the work while the leases are renewed; losing them ends it.
pub(super) async fn kept<T>(
    leases: &Leases,
    work: impl Future<Output = zygos_engine::Result<T>>,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => Ok(outcome?),
        lost = leases.keep() => Err(lost.err().unwrap_or_else(|| Failure::Unavailable("the lease was lost".to_owned()))),
    }
}
