use serde::Serialize;
use zygos_core::{
    clock::later,
    contract::{CallContext, CheckFinding, Lane, Severity},
};
use zygos_engine::Connection;

use crate::{assemble::Assembled, clock::machine_clock, failure::Failure, show::Form};

#[derive(Serialize)]
struct Checked {
    connection: String,
    product: Option<String>,
    mode: zygos_storage::Mode,
    findings: Vec<CheckFinding>,
}

/// Tests every connection, and whether what is configured fits what the ERP has.
pub async fn check(assembled: &Assembled, form: Form) -> Result<(), Failure> {
    let engine = &assembled.engine;
    let settings = engine.settings();
    let mut all = Vec::new();
    for connection in settings.stores.iter().map(|store| &store.connection).chain([&settings.erp]) {
        let mut checked = test(connection).await;
        checked.mode = engine.repository().connection(&connection.id).await?.mode;
        all.push(checked);
    }
    if let Err(error) = engine.resolved().await {
        all.push(Checked {
            connection: "configuration".to_owned(),
            product: None,
            mode: zygos_storage::Mode::Observe,
            findings: vec![CheckFinding { severity: Severity::Blocking, message: error.to_string() }],
        });
    }
    let worst = all.iter().flat_map(|checked| &checked.findings).map(|finding| finding.severity).max();
    form.print(&all, || {
        let mut lines = Vec::new();
        for checked in &all {
            let product = checked.product.as_deref().unwrap_or("");
            let mode = format!("{:?}", checked.mode).to_lowercase();
            lines.push(format!("{} {product} ({mode})", checked.connection));
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
    })?;
    match worst {
        Some(Severity::Blocking) => Err(Failure::Unavailable("not ready: see above".to_owned())),
        Some(Severity::Warning) => Err(Failure::NeedsAttention("ready, with warnings".to_owned())),
        _ => Ok(()),
    }
}

async fn test(connection: &Connection) -> Checked {
    let deadline = later(machine_clock().now(), std::time::Duration::from_secs(60));
    let context = CallContext { lane: Lane::Orders, deadline };
    let (product, findings) = match connection.connector.check(&context).await {
        Ok(report) => (Some(report.product), report.findings),
        Err(error) => (None, vec![CheckFinding { severity: Severity::Blocking, message: error.to_string() }]),
    };
    Checked { connection: connection.id.to_string(), product, mode: zygos_storage::Mode::Observe, findings }
}
