//! The poorest side a flow may have: it issues invoices and tells nothing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{
        Absence, Applied, CallContext, Capabilities, CheckFinding, CheckReport, Connector, ConnectorError,
        DocumentKind, EntityCapabilities, ErrorKind, Lookup, Outcome, Severity, Side, Totals, Write,
        WriteMode,
    },
    model::{Document, DocumentState, Entity, Invoice, NewDocument, Record},
};

/// A program that only issues invoices: no product list, no look-up, no ids. Series and number are all that names a
/// document, and the same order twice is two invoices.
pub struct InvoiceOnly {
    capabilities: Capabilities,
    issued: Mutex<Vec<String>>,
}

impl Default for InvoiceOnly {
    fn default() -> Self {
        let document = EntityCapabilities {
            write: vec![WriteMode::Create],
            batch: 1,
            lengths: BTreeMap::from([("name", 100), ("street", 200), ("description", 150)]),
            ..EntityCapabilities::default()
        };
        let capabilities = Capabilities {
            vendor: "invoice-only",
            side: Side::Erp,
            entities: BTreeMap::from([(Entity::Document, document)]),
            reference_enforced: false,
            lookup: Lookup::None,
            max_in_flight: Duration::from_secs(60),
            totals: Totals::AfterCommit,
            absence: Absence::Unknown,
            document: Some(DocumentKind::Invoice),
            line_needs_product: false,
        };
        Self { capabilities, issued: Mutex::default() }
    }
}

impl InvoiceOnly {
    /// References in the order of their invoices' numbers.
    pub fn issued(&self) -> Vec<String> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn issue(&self, new: &NewDocument) -> Outcome {
        let limits = &self.capabilities.entities[&Entity::Document].lengths;
        let too_long = |field: &str, text: &str| {
            limits.get(field).is_some_and(|most| text.chars().count() > *most as usize)
        };
        let texts = [("name", &new.billing.name), ("street", &new.billing.street)];
        let descriptions = new.lines.iter().map(|line| ("description", &line.description));
        if let Some((field, _)) =
            texts.into_iter().chain(descriptions).find(|(field, text)| too_long(field, text))
        {
            return Err(ConnectorError::rejected(
                Some(field),
                "the text is longer than the invoice has room for",
            ));
        }
        if new.lines.is_empty() {
            return Err(ConnectorError::rejected(Some("lines"), "an invoice needs at least one line"));
        }
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.push(new.reference.clone());
        let number = format!("ZY-{:04}", issued.len());
        let total: Decimal = new.lines.iter().map(|line| line.total_gross).sum();
        let untaxed: Decimal =
            new.lines.iter().map(|line| (line.quantity * line.unit_price_net).round_dp(2)).sum();
        let key = RemoteKey::new(&number);
        let document = Document {
            key: key.clone(),
            number: Some(number.clone()),
            reference: new.reference.clone(),
            state: DocumentState::Done,
            currency: new.currency,
            untaxed,
            tax: total - untaxed,
            total,
            shipments: Vec::new(),
            invoices: vec![Invoice { key: key.clone(), number: Some(number), date: Some(new.date) }],
            modified_at: None,
        };
        Ok(Applied { key: Some(key), record: Some(Record::Document(Box::new(document))), already: false })
    }
}

#[async_trait]
impl Connector for InvoiceOnly {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self, _context: &CallContext) -> Result<CheckReport, ConnectorError> {
        let finding = CheckFinding { severity: Severity::Good, message: "invoices can be issued".to_owned() };
        Ok(CheckReport {
            product: "Invoices only".to_owned(),
            findings: vec![finding],
            ..CheckReport::default()
        })
    }

    async fn apply(&self, _context: &CallContext, batch: &[Write]) -> Vec<Outcome> {
        batch
            .iter()
            .map(|write| match write {
                Write::CreateDocument(new) => self.issue(new),
                _ => Err(ConnectorError::new(ErrorKind::Unsupported, "only invoices can be issued")),
            })
            .collect()
    }
}
