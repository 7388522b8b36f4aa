//! What stands in the way: of this machine, of the configuration, and of every connection.

mod erp;
mod machine;
mod store;
mod taxes;

use jiff::SignedDuration;
use serde::Serialize;
use zygos_core::{
    clock::later,
    contract::{CallContext, CheckFinding, Lane, ProductUse, Severity, Side},
};
use zygos_engine::{Connection, EngineError};

use crate::{assemble::Assembled, clock::machine_clock, failure::Failure, show::Form};

#[derive(Serialize)]
pub(super) struct Checked {
    connection: String,
    /// What is there, with its version.
    product: Option<String>,
    /// `None` for what is no connection.
    mode: Option<zygos_storage::Mode>,
    findings: Vec<CheckFinding>,
}

/// Tests every connection, and whether what is configured fits what the ERP has.
pub async fn check(assembled: &Assembled, form: Form) -> Result<(), Failure> {
    let all = gather(assembled).await?;
    form.print(&all, || words(&all))?;
    verdict(&all)
}

/// Of the machine that this runs on.
const MACHINE: &str = "this machine";

/// What stands under this name is about the configuration, not about a connection.
const CONFIGURATION: &str = "configuration";

pub(super) async fn gather(assembled: &Assembled) -> Result<Vec<Checked>, Failure> {
    let engine = &assembled.engine;
    let settings = engine.settings();
    let mut all = vec![Checked {
        connection: MACHINE.to_owned(),
        product: Some(machine::product()),
        mode: None,
        findings: machine::findings(&assembled.place),
    }];
    let mut unfit = Checked {
        connection: CONFIGURATION.to_owned(),
        product: None,
        mode: None,
        findings: settings.stores.iter().flat_map(|store| store::limits(store, &settings.erp)).collect(),
    };
    let mut of_erp = Vec::new();
    for store in &settings.stores {
        let wanted = store::wanted(store);
        of_erp.extend(wanted.product_uses(Side::Erp));
        let mut checked = test(&store.connection, &wanted.product_uses(Side::Store)).await;
        checked.mode = Some(engine.repository().connection(&store.connection.id).await?.mode);
        checked.findings.extend(store::calls(engine, store).await?);
        if checked.product.is_some() {
            checked.findings.extend(taxes::lacking(engine, store).await?);
        }
        all.push(checked);
    }
    let mut erp = test(&settings.erp, &of_erp).await;
    erp.mode = Some(engine.repository().connection(&settings.erp.id).await?.mode);
    if erp.product.is_some() {
        unfit.findings.extend(erp::names(&settings.stores, &settings.erp, &context()).await);
    }
    all.push(erp);
    match engine.resolved().await {
        Err(EngineError::Unfit(problems)) => {
            let finding = |message| CheckFinding { severity: Severity::Blocking, message };
            unfit.findings.extend(problems.into_iter().map(finding));
        }
        Err(error @ EngineError::Storage(_)) => return Err(error.into()),
        // An ERP that can't be asked has said so above.
        Ok(_) | Err(_) => {}
    }
    if !unfit.findings.is_empty() {
        all.push(unfit);
    }
    Ok(all)
}

/// Adds what can only be said once both sides were read.
pub(super) async fn after_reading(assembled: &Assembled, all: &mut [Checked]) -> Result<(), Failure> {
    let engine = &assembled.engine;
    for store in &engine.settings().stores {
        let id = store.connection.id.as_str();
        let Some(checked) = all.iter_mut().find(|checked| checked.connection == id) else { continue };
        for finding in taxes::lacking(engine, store).await? {
            if !checked.findings.contains(&finding) {
                checked.findings.push(finding);
            }
        }
    }
    Ok(())
}

pub(super) fn words(all: &[Checked]) -> Vec<String> {
    let mut lines = Vec::new();
    for checked in all {
        let mode = checked.mode.map(|mode| format!(" ({})", format!("{mode:?}").to_lowercase()));
        lines.push(match &checked.product {
            Some(product) => format!("{} {product}{}", checked.connection, mode.unwrap_or_default()),
            None => checked.connection.clone(),
        });
        for finding in &checked.findings {
            let mark = match finding.severity {
                Severity::Good => "good   ",
                Severity::Warning => "warning",
                Severity::Blocking => "BLOCKED",
            };
            lines.push(format!("  {mark} {}", finding.message));
        }
    }
    lines
}

pub(super) fn verdict(all: &[Checked]) -> Result<(), Failure> {
    let worst = |checked: &Checked| checked.findings.iter().map(|finding| finding.severity).max();
    // The last of them: a connection may have the same name.
    let is_unfit = all.last().is_some_and(|last| {
        last.connection == CONFIGURATION && last.product.is_none() && worst(last) == Some(Severity::Blocking)
    });
    match all.iter().filter_map(worst).max() {
        _ if is_unfit => Err(Failure::Configuration("the configuration does not fit: see above".to_owned())),
        Some(Severity::Blocking) => Err(Failure::Unavailable("not ready: see above".to_owned())),
        Some(Severity::Warning) => Err(Failure::NeedsAttention("ready, with warnings".to_owned())),
        _ => Ok(()),
    }
}

/// Tests a connection for flows that put its products to these uses.
async fn test(connection: &Connection, uses: &[ProductUse]) -> Checked {
    let (product, findings) = match connection.connector.check(&context()).await {
        Ok(report) => (Some(report.product.clone()), report.for_uses(uses).0),
        Err(error) => (None, vec![CheckFinding { severity: Severity::Blocking, message: error.to_string() }]),
    };
    let mut findings = findings;
    findings.extend((connection.clock_skew)().and_then(clocks));
    Checked { connection: connection.id.to_string(), product, mode: None, findings }
}

fn context() -> CallContext {
    let deadline = later(machine_clock().now(), std::time::Duration::from_secs(60));
    CallContext { lane: Lane::Orders, deadline }
}

/// Further apart than this, two clocks are worth a word.
const APART: SignedDuration = SignedDuration::from_secs(60);

/// What to do about two clocks that differ.
fn clocks(skew: SignedDuration) -> Option<CheckFinding> {
    if skew.abs() <= APART {
        return None;
    }
    let direction = if skew.is_negative() { "behind" } else { "ahead of" };
    Some(CheckFinding {
        severity: Severity::Warning,
        message: format!(
            "its clock is {} s {direction} this machine's; set this machine's by NTP (`timedatectl set-ntp true`), and if \
             it is right tell whoever runs the other side. Orders are found all the same, but times that are shown and \
             compared may mislead",
            skew.abs().as_secs()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_more_than_a_minute_apart_are_told_with_what_to_do() {
        assert_eq!(clocks(SignedDuration::from_secs(60)), None);
        assert_eq!(clocks(SignedDuration::from_secs(-60)), None);
        let ahead = clocks(SignedDuration::from_secs(61)).expect("a finding");
        assert_eq!(ahead.severity, Severity::Warning);
        assert!(ahead.message.contains("61 s ahead of") && ahead.message.contains("timedatectl"));
        let behind = clocks(SignedDuration::from_secs(-7200)).expect("a finding");
        assert!(behind.message.contains("7200 s behind"), "{}", behind.message);
    }
}
