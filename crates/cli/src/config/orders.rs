//! `[store.orders]` and `[store.feedback]`.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use zygos_core::{
    money::Currency,
    orders::{FeedbackRule, ImportWhen, PaymentRule, TooLong},
    settings::Section,
};
use zygos_engine::{GuestFlow, OrderFlow};

use super::rates::rates;

pub(super) fn order_flow(section: &Section<'_>, needs_shop: bool) -> Option<OrderFlow> {
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
            for (rate, key) in rates(&table, "`\"21\" = [\"VAT 21%\"]`") {
                taxes.push((rate, table.texts(&key).unwrap_or_default()));
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

pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    // A time without offset means two moments when the clocks go back; a date alone is its midnight.
    let date: Date = text.parse().ok().filter(|date: &Date| date.to_string() == text)?;
    Some(date.to_zoned(zone.clone()).ok()?.timestamp())
}

pub(super) fn feedback(section: &Section<'_>) -> FeedbackRule {
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
