use rust_decimal::Decimal;
use serde::Serialize;

use crate::{ids::RemoteKey, money::Currency};

/// What one side has to choose from, for mapping and for checking a configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Discovery {
    pub warehouses: Vec<Named>,
    pub taxes: Vec<DiscoveredTax>,
    /// How the ERP names stores (Tryton's `web.shop`).
    pub shops: Vec<Named>,
    pub payment_methods: Vec<Named>,
    pub price_lists: Vec<Named>,
    /// What the ERP calls goods of one tax, where its products carry no rate themselves.
    pub tax_classes: Vec<DiscoveredTax>,
    /// Units of measure.
    pub measures: Vec<Named>,
    pub currency: Option<Currency>,
}

/// Something with a key and a name that people know it by; `code` where it has a short one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    pub key: RemoteKey,
    pub code: Option<String>,
    pub name: String,
}

impl Named {
    /// Whether a merchant who writes `text` means this one: by code, by name or by key.
    pub fn is_called(&self, text: &str) -> bool {
        self.code.as_deref() == Some(text) || self.name == text || self.key.as_str() == text
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiscoveredTax {
    pub key: RemoteKey,
    pub name: String,
    /// `None` for a tax that is not a percentage.
    pub percent: Option<Decimal>,
}

/// What a test of the connection found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CheckReport {
    /// What is there: product and version as it calls itself.
    pub product: String,
    /// What matters to every flow.
    pub findings: Vec<CheckFinding>,
    /// What matters only to flows that do this with the products of this side.
    pub of_products: Vec<(ProductUse, CheckFinding)>,
}

/// What a flow about products or prices does with one side's products, beyond knowing what is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductUse {
    /// Reads them whole.
    Read,
    Write,
}

impl CheckReport {
    /// What matters where products are put to these uses, and what doesn't.
    pub fn for_uses(self, uses: &[ProductUse]) -> (Vec<CheckFinding>, Vec<CheckFinding>) {
        let (matters, rest): (Vec<_>, Vec<_>) =
            self.of_products.into_iter().partition(|(needed_by, _)| uses.contains(needed_by));
        let found = |list: Vec<(ProductUse, CheckFinding)>| list.into_iter().map(|(_, finding)| finding);
        (self.findings.into_iter().chain(found(matters)).collect(), found(rest).collect())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckFinding {
    pub severity: Severity,
    /// What is so, and what to do.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Good,
    Warning,
    /// The flows configured for this connection can't run.
    Blocking,
}
