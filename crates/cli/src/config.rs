//! The configuration file, read as a whole: every problem in one report.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use zygos_connectors::registry::{Configured, Vendor, vendors};
use zygos_core::{
    ConnectionId, WorkspaceId,
    contract::Side,
    guard::GuardLimits,
    money::Currency,
    orders::{FeedbackRule, ImportWhen, PaymentRule, TooLong},
    settings::{Document, Problem, Section, nearest},
    stock::Figure,
};
use zygos_engine::{DriftPolicy, GuestFlow, OrderFlow, Pace, StockFlow};

/// A configuration that holds together. Whether it fits the ERP is for `zygos check`.
pub struct Config {
    pub workspace: WorkspaceId,
    /// The state's file, as written.
    pub state: PathBuf,
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
        state: PathBuf::from(state),
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
    let stock = section.section("stock").map(|stock| {
        let flow = stock_flow(&stock);
        stock.finish();
        flow
    });
    let orders = section.section("orders").map(|orders| {
        let flow = order_flow(&orders, needs_shop);
        orders.finish();
        flow
    });
    let feedback =
        section.section("feedback").map_or_else(FeedbackRule::default, |section| feedback(&section));
    section.finish();
    Some(StoreConfig {
        account: account?,
        stock: match stock {
            None => None,
            Some(flow) => Some(flow?),
        },
        orders: match orders {
            None => None,
            Some(flow) => Some(flow?),
        },
        feedback,
    })
}

fn stock_flow(section: &Section<'_>) -> Option<StockFlow> {
    let mut warehouses = Vec::new();
    match section.section("warehouses") {
        Some(table) => {
            for name in table.keys() {
                if let Some(figure) = table.choice(&name, &Figure::CHOICES) {
                    warehouses.push((name, figure));
                }
            }
            if table.keys().is_empty() {
                section.problem("warehouses", "is empty; write for example `WH = \"free\"`");
            }
        }
        None => section.problem(
            "warehouses",
            "is missing; write `warehouses = { WH = \"free\" }` with the ERP's warehouse codes and the figure that counts: \
             `physical`, `free` or `projected`",
        ),
    }
    let policies =
        [("correct", DriftPolicy::Correct), ("ask", DriftPolicy::Ask), ("report", DriftPolicy::Report)];
    let not_negative = |key: &str| {
        let value = section.decimal(key)?;
        if value < Decimal::ZERO {
            section.problem(key, "must not be negative");
        }
        Some(value)
    };
    Some(StockFlow {
        warehouses,
        buffer: not_negative("buffer").unwrap_or_default(),
        max_listed: not_negative("max_listed"),
        multiple: not_negative("multiple").unwrap_or(Decimal::ONE),
        backorders: section.flag("backorders").unwrap_or(false),
        drift: section.choice("drift", &policies).unwrap_or(DriftPolicy::Correct),
    })
}

fn order_flow(section: &Section<'_>, needs_shop: bool) -> Option<OrderFlow> {
    let prefix = section.required_text("prefix", "A-");
    let timezone = section.text("timezone").unwrap_or_else(|| "Europe/Bucharest".to_owned());
    let zone = TimeZone::get(&timezone).inspect_err(|_| {
        section.problem(
            "timezone",
            "is not a time zone; write for example \"Europe/Bucharest\" or \"Europe/Athens\"",
        );
    });
    let from = section.required_text("orders_from", "2026-11-24");
    let orders_from = from.as_deref().zip(zone.ok()).and_then(|(text, zone)| {
        let moment = moment(text, &zone);
        if moment.is_none() {
            section.problem(
                "orders_from",
                "must be a date such as \"2026-11-24\" or a time such as \"2026-11-24T08:00:00+02:00\"",
            );
        }
        moment
    });
    let currency = section.required_text("currency", "RON").and_then(|text| {
        Currency::parse(&text).inspect_err(|error| section.problem("currency", error.to_string())).ok()
    });
    let warehouse = section.required_text("warehouse", "WH");
    let shop = section.text("shop").filter(|shop| !shop.trim().is_empty());
    if needs_shop && shop.is_none() {
        section.problem(
            "shop",
            "is missing: the ERP keeps an order from being entered twice only within a web shop; make one there and write \
             its name, such as `shop = \"shop\"`",
        );
    }
    let mut payment = Vec::new();
    if let Some(table) = section.section("payment") {
        for method in table.keys() {
            if let Some(import) = table.choice(&method, &ImportWhen::CHOICES) {
                payment.push(PaymentRule { method, import });
            }
        }
        // `*` stands for all others, wherever it is written.
        payment.sort_by_key(|rule| rule.method == "*");
    }
    let mut taxes = Vec::new();
    match section.section("taxes") {
        Some(table) => {
            for percent in table.keys() {
                match percent.parse::<Decimal>() {
                    Ok(rate) => taxes.push((rate, table.texts(&percent).unwrap_or_default())),
                    Err(_) => table.problem(&percent, "must be a rate in percent, such as `\"21\" = [\"VAT 21%\"]`"),
                }
            }
        }
        None => section.problem(
            "taxes",
            "is missing; write the store's rates and the ERP's taxes, such as `taxes = { \"21\" = [\"VAT 21%\"] }`",
        ),
    }
    let guests = match section.text("guests") {
        None => GuestFlow::Match,
        Some(word) if word == "match" => GuestFlow::Match,
        Some(word) => match word.strip_prefix("customer:") {
            Some(code) if !code.trim().is_empty() => GuestFlow::Fixed(code.trim().to_owned()),
            _ => {
                section.problem(
                    "guests",
                    "can be \"match\" or \"customer:CODE\" with a customer code of the ERP",
                );
                GuestFlow::Match
            }
        },
    };
    // All are read before any is missed: what nobody asked for would be called unknown.
    let [shipping_sku, discount_sku, fee_sku, gift_sku, rounding_sku] =
        ["shipping_sku", "discount_sku", "fee_sku", "gift_sku", "rounding_sku"].map(|key| section.text(key));
    let rounding_limit = section.decimal("rounding_limit").unwrap_or_else(|| Decimal::new(5, 2));
    let too_long = section.choice("too_long", &TooLong::CHOICES).unwrap_or(TooLong::Hold);
    Some(OrderFlow {
        prefix: prefix?,
        orders_from: orders_from?,
        currency: currency?,
        shop,
        warehouse: warehouse?,
        payment,
        taxes,
        shipping_sku,
        discount_sku,
        fee_sku,
        gift_sku,
        rounding_sku,
        rounding_limit,
        too_long,
        guests,
        timezone,
    })
}

fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    // A time without offset means two moments when the clocks go back; a date alone is its midnight.
    let date: Date = text.parse().ok().filter(|date: &Date| date.to_string() == text)?;
    Some(date.to_zoned(zone.clone()).ok()?.timestamp())
}

fn feedback(section: &Section<'_>) -> FeedbackRule {
    let default = FeedbackRule::default();
    let rule = FeedbackRule {
        status: section.flag("status").unwrap_or(default.status),
        tracking: section.flag("tracking").unwrap_or(default.tracking),
        status_needs_waybill: section.flag("status_needs_waybill").unwrap_or(default.status_needs_waybill),
        invoice_tag: match section.text("invoice_tag") {
            Some(word) if word.is_empty() => None,
            Some(word) => Some(word),
            None => default.invoice_tag,
        },
    };
    section.finish();
    rule
}

fn pace(section: &Section<'_>) -> Pace {
    let mut pace = Pace::default();
    let set = |key: &str, value: &mut Duration, least: Duration| {
        if let Some(duration) = section.duration(key) {
            if duration < least {
                section.problem(key, format!("must be at least {} seconds", least.as_secs()));
            } else {
                *value = duration;
            }
        }
    };
    let second = Duration::from_secs(1);
    set("poll_every", &mut pace.poll_every, second);
    set("open_orders_every", &mut pace.open_orders_every, second);
    set("closed_orders_every", &mut pace.closed_orders_every, second);
    set("return_window", &mut pace.return_window, second);
    set("overlap", &mut pace.overlap, second);
    set("erp_every", &mut pace.erp_every, second);
    set("erp_products_every", &mut pace.erp_products_every, second);
    set("verify_every", &mut pace.verify_every, second);
    set("stock_age", &mut pace.stock_age, second);
    set("call_timeout", &mut pace.call_timeout, second);
    set("recheck_held", &mut pace.recheck_held, second);
    set("retention", &mut pace.retention, Duration::from_secs(86_400));
    if let Some(concurrency) = section.number("store_concurrency", 1, 64) {
        pace.store_concurrency = usize::try_from(concurrency).unwrap_or(1);
    }
    section.finish();
    pace
}

fn guard(section: &Section<'_>) -> GuardLimits {
    let default = GuardLimits::default();
    let limits = GuardLimits {
        zeroed_free: section.number("zeroed_free", 0, 1_000_000).unwrap_or(default.zeroed_free),
        zeroed_percent: section.number("zeroed_percent", 1, 100).unwrap_or(default.zeroed_percent),
        feed_percent: section.number("feed_percent", 1, 100).unwrap_or(default.feed_percent),
        writes_per_run: None,
    };
    section.finish();
    limits
}

#[cfg(test)]
mod tests;
