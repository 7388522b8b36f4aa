//! The configuration file, read as a whole: every problem in one report.

mod orders;
mod pace;
mod prices;
mod products;
mod rates;
mod stock;

use std::net::SocketAddr;

use zygos_connectors::registry::{Configured, Vendor, vendors};
use zygos_core::{
    ConnectionId, WorkspaceId,
    contract::Side,
    guard::GuardLimits,
    orders::FeedbackRule,
    settings::{Document, Problem, Section, nearest},
};
use zygos_engine::{OrderFlow, Pace, PriceFlow, ProductFlow, StockFlow};

use self::{
    orders::{feedback, order_flow},
    pace::{guard, pace},
    prices::price_flow,
    products::product_flow,
    stock::stock_flow,
};
use crate::state::StatePlace;

/// A configuration that holds together. Whether it fits the ERP is for `zygos check`.
pub struct Config {
    pub workspace: WorkspaceId,
    /// Where the state is, as written.
    pub state: StatePlace,
    pub listen: SocketAddr,
    pub stores: Vec<StoreConfig>,
    pub erp: AccountConfig,
    pub pace: Pace,
    pub guard: GuardLimits,
}

pub struct AccountConfig {
    pub name: ConnectionId,
    pub settings: Box<dyn Configured>,
}

pub struct StoreConfig {
    pub account: AccountConfig,
    pub products: Option<ProductFlow>,
    pub prices: Option<PriceFlow>,
    pub stock: Option<StockFlow>,
    pub orders: Option<OrderFlow>,
    pub feedback: FeedbackRule,
}

/// Reads a configuration text. `Err` holds everything that is wrong with it.
pub fn read(text: &str) -> Result<Config, Vec<Problem>> {
    let document = Document::parse(text);
    let config = document.root().and_then(|root| {
        let config = whole(&root);
        root.finish();
        config
    });
    let problems = document.into_problems();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

fn whole(root: &Section<'_>) -> Option<Config> {
    let (workspace, state, listen) = match root.section("workspace") {
        Some(section) => {
            let name = section.required_text("name", "my-company");
            let state = section.text("state").unwrap_or_else(|| "zygos.db".to_owned());
            if StatePlace::holds_password(&state) {
                section.problem(
                    "state",
                    "holds a password; leave it out here and give it in the environment variable PGPASSWORD, in \
                     ~/.pgpass, or the whole address in ZYGOS_DATABASE",
                );
            }
            let listen = section.text("listen").unwrap_or_else(|| "127.0.0.1:8390".to_owned());
            let listen = listen.parse().inspect_err(|_| {
                section.problem("listen", "must be an address and a port, such as \"127.0.0.1:8390\"");
            });
            section.finish();
            (name, state, listen.ok())
        }
        None => {
            root.problem(
                "workspace",
                "the section is missing; write `[workspace]` and below it `name = \"my-company\"`",
            );
            (None, String::new(), None)
        }
    };
    let erp = match root.section("erp") {
        Some(section) => {
            let erp = account(&section, Side::Erp);
            section.finish();
            erp
        }
        None => {
            root.problem(
                "erp",
                "the section is missing; write `[erp]` with `name`, `vendor` and how to log in",
            );
            None
        }
    };
    let needs_shop = erp.as_ref().is_some_and(|erp| erp.settings.orders_need_shop());
    let sections = root.sections("store");
    if sections.is_empty() {
        root.problem("store", "there is no store; write `[[store]]` with `name`, `vendor` and how to log in");
    }
    let mut stores = Vec::new();
    let mut complete = true;
    for section in &sections {
        match store(section, needs_shop) {
            Some(store) => stores.push(store),
            None => complete = false,
        }
    }
    twice(root, &sections);
    let pace = root.section("pace").map_or_else(Pace::default, |section| pace(&section));
    let guard = root.section("guard").map_or_else(GuardLimits::default, |section| guard(&section));
    let limits = root.section("limits").map(|section| {
        let writes = section.number("writes_per_run", 1, 1_000_000_000);
        section.finish();
        writes
    });
    let guard = GuardLimits { writes_per_run: limits.flatten(), ..guard };
    let config = Config {
        workspace: WorkspaceId::new(workspace?),
        state: StatePlace::of(&state),
        listen: listen?,
        stores,
        erp: erp?,
        pace,
        guard,
    };
    complete.then_some(config)
}

/// Names and order prefixes must tell connections apart. They are looked at as written, so that a store with other
/// problems is compared as well.
fn twice(root: &Section<'_>, sections: &[Section<'_>]) {
    let erp = root.peek_section("erp").and_then(|erp| erp.peek("name"));
    for (index, section) in sections.iter().enumerate() {
        let earlier = sections.iter().take(index);
        if let Some(name) = section.peek("name")
            && (erp == Some(name) || earlier.clone().any(|other| other.peek("name") == Some(name)))
        {
            section.problem(
                "name",
                format!("`{name}` is the name of another connection already; each needs one of its own"),
            );
        }
        let Some(orders) = section.peek_section("orders") else { continue };
        let prefix = orders.peek("prefix").filter(|prefix| !prefix.trim().is_empty());
        let same = |other: &Section<'_>| {
            other.peek_section("orders").is_some_and(|other| other.peek("prefix") == prefix)
        };
        if let Some(prefix) = prefix
            && earlier.clone().any(same)
        {
            orders.problem(
                "prefix",
                format!(
                    "`{prefix}` is another store's prefix already; two stores' orders could not be told apart, so give each \
                     one of its own"
                ),
            );
        }
    }
}

fn account(section: &Section<'_>, side: Side) -> Option<AccountConfig> {
    let name = section.required_text("name", if side == Side::Store { "shop" } else { "erp" });
    let vendors: Vec<&Vendor> = vendors().iter().filter(|vendor| vendor.side == side).collect();
    let choices: Vec<(&str, usize)> =
        vendors.iter().enumerate().map(|(index, vendor)| (vendor.name, index)).collect();
    if !section.has("vendor") {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        section.problem("vendor", format!("is missing; it can be {}", names.join(" or ")));
    }
    let vendor = section.choice("vendor", &choices).and_then(|index| vendors.get(index));
    let settings = vendor.and_then(|vendor| (vendor.read)(section));
    if vendor.is_none() {
        let meant =
            section.peek("vendor").and_then(|text| nearest(text, choices.iter().map(|(name, _)| *name)));
        match vendors.iter().find(|vendor| Some(vendor.name) == meant) {
            // What is wrong with the rest is told for the vendor that was most likely meant.
            Some(meant) => drop((meant.read)(section)),
            None => section.overlook_the_rest(),
        }
    }
    Some(AccountConfig { name: ConnectionId::new(name?), settings: settings? })
}

fn store(section: &Section<'_>, needs_shop: bool) -> Option<StoreConfig> {
    let account = account(section, Side::Store);
    let products = flow(section, "products", product_flow);
    let prices = flow(section, "prices", price_flow);
    let stock = flow(section, "stock", stock_flow);
    let orders = flow(section, "orders", |orders| order_flow(orders, needs_shop));
    let feedback =
        section.section("feedback").map_or_else(FeedbackRule::default, |section| feedback(&section));
    section.finish();
    Some(StoreConfig {
        account: account?,
        products: products.ok()?,
        prices: prices.ok()?,
        stock: stock.ok()?,
        orders: orders.ok()?,
        feedback,
    })
}

/// A flow that something is wrong with, which was told.
struct Wrong;

/// `None`: it isn't configured.
fn flow<T>(
    store: &Section<'_>,
    key: &str,
    read: impl FnOnce(&Section<'_>) -> Option<T>,
) -> Result<Option<T>, Wrong> {
    let Some(section) = store.section(key) else { return Ok(None) };
    let flow = read(&section);
    section.finish();
    flow.map(Some).ok_or(Wrong)
}

#[cfg(test)]
mod tests;
