//! What is on both sides, read without changing anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Serialize;
use zygos_core::{
    RemoteKey, SharedClock,
    clock::later,
    contract::{
        CallContext, Capabilities, CheckFinding, CheckReport, Checkpoint, ConnectorError, DiscoveredTax,
        Discovery, Lane, Named, ProductUse, Severity,
    },
    fitness::{Wanted, fitness},
    linking::{LinkIssue, LinkProposal, link_units},
    model::{Entity, LineKind, Order, OrderStatus, PaymentStatus, Record, Unit, UnitKind},
    money::Currency,
};
use zygos_engine::Connection;

use crate::failure::Failure;

/// How far back orders are looked at, and at most how many pages of them.
pub const DAYS: i64 = 90;
pub const PAGES: usize = 10;

/// SKUs that service products of an ERP are looked for by, with the setting that names them.
pub const SERVICES: [(&str, &str); 3] =
    [("shipping_sku", "SHIPPING"), ("discount_sku", "DISCOUNT"), ("rounding_sku", "ROUNDING")];

#[derive(Clone, Debug, Serialize)]
pub struct Survey {
    pub store: SideFound,
    pub erp: SideFound,
    /// Where what one side can do limits the flows.
    pub limits: Vec<CheckFinding>,
    pub units: UnitsFound,
    /// Which of [`SERVICES`] the ERP has.
    pub services: BTreeSet<String>,
    pub warehouses: Vec<Named>,
    pub shops: Vec<Named>,
    /// Whether the ERP keeps an order from being entered twice only within a shop.
    pub needs_shop: bool,
    pub erp_taxes: Vec<DiscoveredTax>,
    pub erp_currency: Option<Currency>,
    pub store_currency: Option<Currency>,
    pub rates: Vec<RateFound>,
    pub price_lists: Vec<Named>,
    /// What the ERP calls goods of one tax.
    pub erp_tax_classes: Vec<DiscoveredTax>,
    /// The ERP's units of measure, and how many of its goods are counted in each.
    pub measures: Vec<Named>,
    pub measures_used: BTreeMap<String, u64>,
    pub prices: PricesFound,
    pub orders: OrdersFound,
}

#[derive(Clone, Debug, Serialize)]
pub struct SideFound {
    pub vendor: String,
    /// As it calls itself.
    pub product: String,
    pub findings: Vec<CheckFinding>,
    /// What matters only to uses of its products that were not chosen.
    pub apart: Vec<CheckFinding>,
    /// Of every entity, what can be done with it: `scan`, `changes`, `fetch`, `create`, `update`, …
    pub can: BTreeMap<&'static str, Vec<String>>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct UnitsFound {
    pub store: u64,
    pub erp: u64,
    /// Pairs that are found by SKU or EAN.
    pub linked: u64,
    pub unreadable: u64,
    pub troubles: Vec<SkuTrouble>,
    /// SKUs of goods that only the ERP has. They are nobody's trouble: an ERP may hold what is not sold online.
    pub only_in_erp: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SkuTrouble {
    pub kind: &'static str,
    pub text: String,
}

/// The store's prices of goods that are taxed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PricesFound {
    pub read: u64,
    /// With at most two decimals: with tax, and without.
    pub short_gross: u64,
    pub short_net: u64,
}

/// A rate of tax in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RateFound {
    /// 19 for 19 %.
    pub percent: Decimal,
    /// Lines of orders with it.
    pub lines: u64,
    /// Units with it.
    pub units: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct OrdersFound {
    pub since: Timestamp,
    pub read: u64,
    pub unreadable: u64,
    /// There are more within that time than were read.
    pub is_cut: bool,
    pub methods: Vec<MethodFound>,
    pub statuses: BTreeMap<String, u64>,
    /// Statuses that the connector has never met.
    pub unknown_statuses: BTreeSet<String>,
    pub payments: BTreeMap<String, u64>,
    pub currencies: BTreeMap<String, u64>,
    /// Kinds of lines other than products.
    pub charges: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MethodFound {
    pub code: String,
    pub name: String,
    pub orders: u64,
}

/// Tests one side for flows that put its products to these uses.
pub async fn test(
    connection: &Connection,
    uses: &[ProductUse],
    clock: &SharedClock,
) -> Result<SideFound, ConnectorError> {
    let report: CheckReport = connection.connector.check(&context(clock)).await?;
    let capabilities = connection.connector.capabilities();
    let product = report.product.clone();
    let (findings, apart) = report.for_uses(uses);
    Ok(SideFound { vendor: capabilities.vendor.to_owned(), product, findings, apart, can: can(capabilities) })
}

impl SideFound {
    /// What would have to be put right before products are kept.
    pub fn obstacles_to_products(&self) -> impl Iterator<Item = &str> {
        let obstacles = self.apart.iter().filter(|finding| finding.severity != Severity::Good);
        obstacles.map(|finding| finding.message.as_str())
    }

    pub fn blocking(&self) -> impl Iterator<Item = &str> {
        let blocking = self.findings.iter().filter(|finding| finding.severity == Severity::Blocking);
        blocking.map(|finding| finding.message.as_str())
    }
}

/// Reads both sides. `tested` is what [`test`] found on the store and the ERP.
pub async fn survey(
    store: &Connection,
    erp: &Connection,
    tested: (SideFound, SideFound),
    needs_shop: bool,
    wanted: Wanted,
    clock: &SharedClock,
) -> Result<Survey, Failure> {
    let at = |connection: &Connection, what: &str| {
        let prefix = format!("{}: reading {what}", connection.id);
        move |error: ConnectorError| Failure::Unavailable(format!("{prefix}: {error}"))
    };
    let of_store = store.connector.discover(&context(clock)).await.map_err(at(store, "what there is"))?;
    let of_erp = erp.connector.discover(&context(clock)).await.map_err(at(erp, "what there is"))?;
    let (store_units, store_unreadable) = products(store, clock).await.map_err(at(store, "products"))?;
    let (erp_units, erp_unreadable) = products(erp, clock).await.map_err(at(erp, "products"))?;
    let mut rates: BTreeMap<Decimal, RateFound> = BTreeMap::new();
    for percent in of_store.taxes.iter().filter_map(|tax| tax.percent) {
        rate(&mut rates, percent);
    }
    let sold = store_units.iter().filter(|unit| unit.kind != UnitKind::Parent);
    for percent in sold.filter_map(|unit| unit.tax_percent) {
        rate(&mut rates, percent).units += 1;
    }
    let orders = orders(store, clock, &mut rates).await.map_err(at(store, "orders"))?;
    let Discovery {
        warehouses,
        taxes: erp_taxes,
        shops,
        currency: erp_currency,
        price_lists,
        tax_classes: erp_tax_classes,
        measures,
        ..
    } = of_erp;
    let mut measures_used: BTreeMap<String, u64> = BTreeMap::new();
    for unit in erp_units.iter().filter(|unit| unit.kind == UnitKind::Goods) {
        if let Some(measure) = &unit.measure {
            *measures_used.entry(measure.clone()).or_default() += 1;
        }
    }
    Ok(Survey {
        limits: fitness(
            store.id.as_str(),
            wanted,
            store.connector.capabilities(),
            erp.connector.capabilities(),
        ),
        units: UnitsFound {
            unreadable: store_unreadable + erp_unreadable,
            ..paired(&store_units, &erp_units)
        },
        services: services(&erp_units),
        store: tested.0,
        erp: tested.1,
        warehouses,
        shops,
        needs_shop,
        erp_taxes,
        erp_currency,
        store_currency: of_store.currency,
        rates: rates.into_values().collect(),
        price_lists,
        erp_tax_classes,
        measures,
        measures_used,
        prices: prices(&store_units),
        orders,
    })
}

fn prices(units: &[Unit]) -> PricesFound {
    let mut found = PricesFound::default();
    for unit in units.iter().filter(|unit| unit.kind != UnitKind::Parent) {
        let (Some(net), Some(gross), Some(percent)) = (unit.price_net, unit.price_gross, unit.tax_percent)
        else {
            continue;
        };
        if net <= Decimal::ZERO || percent <= Decimal::ZERO {
            continue;
        }
        let short = |price: Decimal| u64::from(price.normalize().scale() <= 2);
        found.read += 1;
        found.short_gross += short(gross);
        found.short_net += short(net);
    }
    found
}

fn context(clock: &SharedClock) -> CallContext {
    CallContext { lane: Lane::Orders, deadline: later(clock.now(), std::time::Duration::from_secs(120)) }
}

fn can(capabilities: &Capabilities) -> BTreeMap<&'static str, Vec<String>> {
    let word = |mode: &dyn std::fmt::Debug| format!("{mode:?}").to_lowercase();
    let of = capabilities.entities.iter().map(|(entity, able)| {
        let reads = able.read.iter().map(|mode| word(mode));
        (entity.name(), reads.chain(able.write.iter().map(|mode| word(mode))).collect())
    });
    of.collect()
}

fn rate(rates: &mut BTreeMap<Decimal, RateFound>, percent: Decimal) -> &mut RateFound {
    let percent = percent.normalize();
    rates.entry(percent).or_insert(RateFound { percent, ..RateFound::default() })
}

/// All products, and how many could not be read.
async fn products(connection: &Connection, clock: &SharedClock) -> Result<(Vec<Unit>, u64), ConnectorError> {
    let mut units: BTreeMap<RemoteKey, Unit> = BTreeMap::new();
    let mut unreadable = 0;
    let mut from: Option<Checkpoint> = None;
    loop {
        let page = connection.connector.scan(&context(clock), Entity::Product, from.as_ref()).await?;
        for item in page.items {
            match item {
                // A page may move while it is read: the same unit may come again.
                Ok(Record::Product(unit)) => {
                    units.insert(unit.key.clone(), unit);
                }
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
        match page.next {
            Some(next) => from = Some(next),
            None => return Ok((units.into_values().collect(), unreadable)),
        }
    }
}

/// Orders of the last days, newest first.
async fn orders(
    store: &Connection,
    clock: &SharedClock,
    rates: &mut BTreeMap<Decimal, RateFound>,
) -> Result<OrdersFound, ConnectorError> {
    let since = clock.now().saturating_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MIN);
    let mut found = OrdersFound { since, ..OrdersFound::default() };
    let mut seen: BTreeSet<RemoteKey> = BTreeSet::new();
    let mut from: Option<Checkpoint> = None;
    for page in 1..=PAGES {
        let read = store.connector.scan(&context(clock), Entity::Order, from.as_ref()).await?;
        for item in read.items {
            match item {
                Ok(Record::Order(order)) if order.created_at < since => return Ok(found),
                Ok(Record::Order(order)) => {
                    if seen.insert(order.id.clone()) {
                        found.count(&order, rates);
                    }
                }
                Ok(_) => {}
                Err(_) => found.unreadable += 1,
            }
        }
        from = read.next;
        if from.is_none() {
            break;
        }
        found.is_cut = page == PAGES;
    }
    Ok(found)
}

impl OrdersFound {
    fn count(&mut self, order: &Order, rates: &mut BTreeMap<Decimal, RateFound>) {
        self.read += 1;
        *self.statuses.entry(status(&order.status)).or_default() += 1;
        if let OrderStatus::Unknown(word) = &order.status {
            self.unknown_statuses.insert(word.clone());
        }
        *self.payments.entry(payment(&order.payment)).or_default() += 1;
        *self.currencies.entry(order.currency.code().to_owned()).or_default() += 1;
        let method = &order.payment_method;
        match self.methods.iter_mut().find(|known| known.code == method.code) {
            Some(known) => known.orders += 1,
            None => self.methods.push(MethodFound {
                code: method.code.clone(),
                name: method.name.clone(),
                orders: 1,
            }),
        }
        for line in &order.lines {
            rate(rates, line.tax_percent).lines += 1;
            if let Some(word) = charge(line.kind) {
                *self.charges.entry(word).or_default() += 1;
            }
        }
    }
}

fn charge(kind: LineKind) -> Option<&'static str> {
    match kind {
        LineKind::Product => None,
        LineKind::Shipping => Some("shipping"),
        LineKind::CashOnDeliveryFee => Some("fee"),
        LineKind::Discount | LineKind::Coupon => Some("discount"),
        LineKind::GiftCard | LineKind::StoreCredit => Some("gift"),
    }
}

fn status(status: &OrderStatus) -> String {
    match status {
        OrderStatus::Unknown(word) => word.clone(),
        known => format!("{known:?}").to_lowercase(),
    }
}

fn payment(payment: &PaymentStatus) -> String {
    match payment {
        PaymentStatus::Unknown(word) => word.clone(),
        known => format!("{known:?}").to_lowercase(),
    }
}

fn services(erp: &[Unit]) -> BTreeSet<String> {
    let active = erp.iter().filter(|unit| unit.active).filter_map(|unit| unit.sku.as_deref());
    active.filter(|sku| SERVICES.iter().any(|(_, wanted)| wanted == sku)).map(str::to_owned).collect()
}

/// What matches, and what stands in the way.
fn paired(store: &[Unit], erp: &[Unit]) -> UnitsFound {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let goods = |units: &[Unit]| count(units.iter().filter(|unit| unit.kind == UnitKind::Goods).count());
    let mut found = UnitsFound { store: goods(store), erp: goods(erp), ..UnitsFound::default() };
    let mut linked: BTreeSet<RemoteKey> = BTreeSet::new();
    let mut named: BTreeSet<RemoteKey> = BTreeSet::new();
    for proposal in link_units(store, erp, &[]) {
        match proposal {
            LinkProposal::Link { erp, .. } => {
                linked.insert(erp);
            }
            LinkProposal::Issue(issue) => {
                if let LinkIssue::Ambiguous { candidates, .. } = &issue {
                    named.extend(candidates.iter().cloned());
                }
                found.troubles.push(SkuTrouble { kind: issue.kind(), text: issue.to_string() });
            }
        }
    }
    found.linked = count(linked.len());
    let in_store: BTreeSet<&str> =
        store.iter().filter_map(|unit| unit.sku.as_deref()).map(str::trim).collect();
    found.only_in_erp = erp
        .iter()
        .filter(|unit| unit.kind == UnitKind::Goods && unit.active)
        .filter(|unit| !linked.contains(&unit.key) && !named.contains(&unit.key))
        .filter_map(|unit| unit.sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty()))
        .filter(|sku| !in_store.contains(sku))
        .map(str::to_owned)
        .collect();
    found.only_in_erp.sort();
    found
}
