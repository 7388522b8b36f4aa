use jiff::SignedDuration;
use serde::Serialize;
use zygos_core::{
    clock::later,
    contract::{CallContext, CheckFinding, Lane, Severity},
    fitness::{Wanted, field_fitness, fitness},
};
use zygos_engine::{Connection, EngineError, StoreSettings};

use crate::{assemble::Assembled, clock::machine_clock, failure::Failure, show::Form};

#[derive(Serialize)]
pub(super) struct Checked {
    connection: String,
    product: Option<String>,
    mode: zygos_storage::Mode,
    findings: Vec<CheckFinding>,
}

/// Tests every connection, and whether what is configured fits what the ERP has.
pub async fn check(assembled: &Assembled, form: Form) -> Result<(), Failure> {
    let all = gather(assembled).await?;
    form.print(&all, || words(&all))?;
    verdict(&all)
}

/// What stands under this name is about the configuration, not about a connection.
const CONFIGURATION: &str = "configuration";

pub(super) async fn gather(assembled: &Assembled) -> Result<Vec<Checked>, Failure> {
    let engine = &assembled.engine;
    let settings = engine.settings();
    let mut all = Vec::new();
    let mut unfit = Checked {
        connection: CONFIGURATION.to_owned(),
        product: None,
        mode: zygos_storage::Mode::Observe,
        findings: settings.stores.iter().flat_map(|store| limits(store, &settings.erp)).collect(),
    };
    for connection in settings.stores.iter().map(|store| &store.connection).chain([&settings.erp]) {
        let mut checked = test(connection).await;
        checked.mode = engine.repository().connection(&connection.id).await?.mode;
        all.push(checked);
    }
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

pub(super) fn words(all: &[Checked]) -> Vec<String> {
    let mut lines = Vec::new();
    for checked in all {
        let mode = format!("{:?}", checked.mode).to_lowercase();
        lines.push(match &checked.product {
            Some(product) => format!("{} {product} ({mode})", checked.connection),
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

async fn test(connection: &Connection) -> Checked {
    let deadline = later(machine_clock().now(), std::time::Duration::from_secs(60));
    let context = CallContext { lane: Lane::Orders, deadline };
    let (product, findings) = match connection.connector.check(&context).await {
        Ok(report) => (Some(report.product), report.findings),
        Err(error) => (None, vec![CheckFinding { severity: Severity::Blocking, message: error.to_string() }]),
    };
    let mut findings = findings;
    findings.extend((connection.clock_skew)().and_then(clocks));
    Checked { connection: connection.id.to_string(), product, mode: zygos_storage::Mode::Observe, findings }
}

/// Where what the two sides can do limits a store's flows.
fn limits(store: &StoreSettings, erp: &Connection) -> Vec<CheckFinding> {
    let wanted = Wanted {
        stock: store.stock.is_some(),
        orders: store.orders.is_some(),
        status: store.feedback.status,
        tracking: store.feedback.tracking,
        invoice_tag: store.feedback.invoice_tag.is_some(),
        products_to_store: store.products.as_ref().is_some_and(|products| products.direction.to_store),
        products_to_erp: store.products.as_ref().is_some_and(|products| products.direction.to_erp),
        create_in_store: store.products.as_ref().is_some_and(|products| products.create.to_store),
        create_in_erp: store.products.as_ref().is_some_and(|products| products.create.to_erp),
        prices_to_store: store.prices.as_ref().is_some_and(|prices| prices.direction.to_store),
        prices_to_erp: store.prices.as_ref().is_some_and(|prices| prices.direction.to_erp),
        price_list: store.prices.as_ref().is_some_and(|prices| prices.list.is_some()),
    };
    let connection = &store.connection;
    let name = connection.id.as_str();
    let (here, there) = (connection.connector.capabilities(), erp.connector.capabilities());
    let mut findings = fitness(name, wanted, here, there);
    if let Some(products) = &store.products {
        findings.extend(field_fitness(name, &products.owners, wanted, here, there));
    }
    findings
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
