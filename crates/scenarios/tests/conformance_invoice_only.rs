//! The poorest connector there may be keeps its few promises too.

#![expect(clippy::unwrap_used, reason = "a subject that cannot be set up ends its test")]

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{CallContext, Connector, Lane},
    model::{Address, DocumentLine, NewDocument},
    money::Currency,
};
use zygos_scenarios::conformance::{self, InvoiceOnly, Subject};

#[derive(Default)]
struct Issuer {
    connector: InvoiceOnly,
    used: AtomicU32,
}

impl Subject for Issuer {
    fn connector(&self) -> &dyn Connector {
        &self.connector
    }

    fn context(&self) -> CallContext {
        CallContext { lane: Lane::Orders, deadline: Timestamp::MAX }
    }

    fn unique(&self, stem: &str) -> String {
        format!("{stem}-{}", self.used.fetch_add(1, Ordering::Relaxed))
    }

    fn document(&self, reference: &str, _unit: usize) -> Option<NewDocument> {
        let address = Address {
            name: "Ana Exemplu".to_owned(),
            street: "Strada Exemplelor 1".to_owned(),
            city: "Cluj-Napoca".to_owned(),
            ..Address::default()
        };
        Some(NewDocument {
            reference: reference.to_owned(),
            shop: None,
            party: RemoteKey::new("none"),
            billing: address.clone(),
            shipping: address,
            currency: Currency::parse("RON").unwrap(),
            date: Date::constant(2026, 3, 5),
            warehouse: RemoteKey::new("none"),
            lines: vec![DocumentLine {
                product: None,
                description: "Cană".to_owned(),
                quantity: Decimal::TWO,
                unit_price_net: Decimal::TEN,
                total_gross: Decimal::new(2380, 2),
                taxes: Vec::new(),
            }],
            note: None,
        })
    }

    fn spoiled(&self, mut document: NewDocument) -> Option<NewDocument> {
        document.lines.clear();
        Some(document)
    }
}

#[tokio::test]
async fn a_connector_that_only_issues_invoices_keeps_every_promise_it_declares() {
    let issuer = Issuer::default();
    let summary = conformance::run(&issuer).await;
    assert_eq!(summary.lacking, Vec::<&str>::new());
    assert_eq!(
        summary.kept,
        [
            "what_is_not_declared_answers_unsupported",
            "a_check_tells_what_is_there_and_changes_nothing",
            "a_refused_write_names_the_field_and_no_person",
            "a_wrong_record_delays_only_itself",
            "texts_of_any_script_and_length_are_taken",
        ]
    );
    // Nothing was asked of it that would have issued an invoice twice.
    let issued = issuer.connector.issued();
    let different: std::collections::BTreeSet<&String> = issued.iter().collect();
    assert_eq!(different.len(), issued.len());
}
