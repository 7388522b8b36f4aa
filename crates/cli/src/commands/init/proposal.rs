//! From what was found to what is proposed, with a reason for every choice. Pure.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use zygos_core::{
    contract::{DiscoveredTax, Named, PriceKind},
    money::{Currency, plain},
    orders::ImportWhen,
    stock::Figure,
};

use zygos_engine::Directions;

use super::{
    catalogue::{self, PricesProposal, ProductsProposal},
    survey::{MethodFound, RateFound, SERVICES, Survey},
};

/// What a person decided, by flags or answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The store's name where it is `None`.
    pub workspace: Option<String>,
    /// What the ERP is called here.
    pub erp: String,
    pub name: String,
    pub prefix: Option<String>,
    pub orders_from: Option<String>,
    pub timezone: String,
    pub currency: Option<String>,
    pub shop: Option<String>,
    /// Code and, where it was said, figure.
    pub warehouses: Vec<(String, Option<Figure>)>,
    pub orders_warehouse: Option<String>,
    /// Which way products' edits move, where products are made, which way prices move; `None`: nobody said.
    pub products: Option<Directions>,
    pub create: Option<Directions>,
    pub prices: Option<Directions>,
    pub price_list: Option<String>,
    pub authority: Option<PriceKind>,
}

/// A choice that only a person can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub what: What,
    /// What is missing or wrong, as a question's end.
    pub text: String,
    pub choices: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Warehouses,
    OrdersWarehouse,
    Shop,
    Currency,
    Prices,
    PriceList,
}

impl What {
    pub fn flag(self) -> &'static str {
        match self {
            Self::Warehouses => "--warehouse",
            Self::OrdersWarehouse => "--orders-warehouse",
            Self::Shop => "--shop",
            Self::Currency => "--currency",
            Self::Prices => "--prices",
            Self::PriceList => "--price-list",
        }
    }
}

/// A value and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reasoned<T> {
    pub value: T,
    pub why: String,
}

pub fn reasoned<T>(value: T, why: impl Into<String>) -> Reasoned<T> {
    Reasoned { value, why: why.into() }
}

/// Everything that the file says about the flows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    pub workspace: String,
    pub erp: String,
    pub name: String,
    pub warehouses: Vec<WarehouseLine>,
    pub prefix: Reasoned<String>,
    pub orders_from: Reasoned<String>,
    pub timezone: String,
    pub currency: Reasoned<String>,
    pub shop: Option<Reasoned<String>>,
    pub orders_warehouse: Reasoned<String>,
    pub payment: Vec<PaymentLine>,
    pub taxes: Vec<TaxLine>,
    pub services: Vec<ServiceLine>,
    pub statuses: Vec<StatusLine>,
    pub products: ProductsProposal,
    pub prices: PricesProposal,
    /// What a person has to do before everything runs by itself.
    pub needs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarehouseLine {
    pub code: String,
    pub figure: Figure,
    pub why: String,
}

/// `import` is `None` for a method that the last line, `*`, covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentLine {
    pub method: String,
    pub import: Option<ImportWhen>,
    pub why: String,
}

/// `taxes` is `None` where a person has to choose; `choices` are those of the same rate then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaxLine {
    pub percent: Decimal,
    pub taxes: Option<Vec<String>>,
    pub choices: Vec<String>,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceLine {
    pub setting: &'static str,
    pub sku: &'static str,
    pub is_there: bool,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusLine {
    pub status: String,
    pub orders: u64,
    pub what: &'static str,
}

/// Proposes a configuration; `today` is the store's. `Err` holds every choice that must be made first.
pub fn propose(survey: &Survey, chosen: &Chosen, today: Date) -> Result<Proposal, Vec<Open>> {
    let mut open = Vec::new();
    let warehouses = keep(warehouses(survey, chosen), &mut open);
    let orders_warehouse = warehouses
        .as_ref()
        .and_then(|warehouses| keep(orders_warehouse(survey, chosen, warehouses), &mut open));
    let shop = keep(shop(survey, chosen), &mut open);
    let currency = keep(currency(survey, chosen), &mut open);
    let prices =
        currency.as_ref().and_then(|currency| keep(catalogue::prices(survey, chosen, currency), &mut open));
    let (Some(warehouses), Some(orders_warehouse), Some(shop), Some(currency), Some(prices)) =
        (warehouses, orders_warehouse, shop, currency, prices)
    else {
        return Err(open);
    };
    let taxes = taxes(&survey.rates, &survey.erp_taxes);
    let services: Vec<ServiceLine> =
        SERVICES.iter().map(|(setting, sku)| service(survey, setting, sku)).collect();
    let products = catalogue::products(survey, chosen);
    let mut needs = needs(survey, &taxes, &services, &currency.value);
    needs.extend(catalogue::needs(&products, chosen));
    Ok(Proposal {
        workspace: chosen.workspace.clone().unwrap_or_else(|| chosen.name.clone()),
        erp: chosen.erp.clone(),
        name: chosen.name.clone(),
        warehouses,
        prefix: match &chosen.prefix {
            Some(prefix) => reasoned(prefix.clone(), "as chosen"),
            None => reasoned(prefix_of(&chosen.name), "from the store's name"),
        },
        orders_from: match &chosen.orders_from {
            Some(from) => reasoned(from.clone(), "as chosen"),
            None => reasoned(today.to_string(), "today in the store's time zone"),
        },
        timezone: chosen.timezone.clone(),
        currency,
        shop,
        orders_warehouse,
        payment: payment(&survey.orders.methods),
        taxes,
        services,
        statuses: statuses(survey),
        products,
        prices,
        needs,
    })
}

fn keep<T>(found: Result<T, Open>, open: &mut Vec<Open>) -> Option<T> {
    found.map_err(|missing| open.push(missing)).ok()
}

/// How a merchant writes one: by its code, else by its name.
pub fn word(named: &Named) -> String {
    named.code.clone().filter(|code| !code.trim().is_empty()).unwrap_or_else(|| named.name.clone())
}

fn words(all: &[Named]) -> Vec<String> {
    all.iter().map(word).collect()
}

pub fn called<'a>(text: &str, all: &'a [Named]) -> Option<&'a Named> {
    all.iter().find(|named| named.is_called(text))
}

fn warehouses(survey: &Survey, chosen: &Chosen) -> Result<Vec<WarehouseLine>, Open> {
    let choices = words(&survey.warehouses);
    let ask = |text: String| Open { what: What::Warehouses, text, choices: choices.clone() };
    let line = |named: &Named, figure: Option<Figure>| {
        let why = match figure {
            Some(_) => named.name.clone(),
            None => format!("{}; free: what is there and not reserved", named.name),
        };
        WarehouseLine { code: word(named), figure: figure.unwrap_or(Figure::Free), why }
    };
    if chosen.warehouses.is_empty() {
        return match survey.warehouses.as_slice() {
            [only] => Ok(vec![line(only, None)]),
            [] => Err(ask("the ERP has no warehouse; make one there".to_owned())),
            several => Err(ask(format!(
                "the ERP has {} warehouses; which of them does the store sell from?",
                several.len()
            ))),
        };
    }
    let mut lines: Vec<WarehouseLine> = Vec::new();
    for (code, figure) in &chosen.warehouses {
        let Some(named) = called(code, &survey.warehouses) else {
            return Err(ask(format!("the ERP has no warehouse `{code}`")));
        };
        let new = line(named, *figure);
        if lines.iter().any(|known| known.code == new.code) {
            return Err(ask(format!("the warehouse `{code}` is given twice")));
        }
        lines.push(new);
    }
    Ok(lines)
}

fn orders_warehouse(
    survey: &Survey,
    chosen: &Chosen,
    warehouses: &[WarehouseLine],
) -> Result<Reasoned<String>, Open> {
    let ask = |text: String| Open { what: What::OrdersWarehouse, text, choices: words(&survey.warehouses) };
    match (&chosen.orders_warehouse, warehouses) {
        (Some(code), _) => match called(code, &survey.warehouses) {
            Some(named) => Ok(reasoned(word(named), "as chosen")),
            None => Err(ask(format!("the ERP has no warehouse `{code}`"))),
        },
        (None, [only]) => Ok(reasoned(only.code.clone(), "the one that the store sells from")),
        (None, [first, ..]) => Ok(reasoned(first.code.clone(), "the first that the store sells from")),
        (None, []) => Err(ask("with which warehouse are orders entered?".to_owned())),
    }
}

fn shop(survey: &Survey, chosen: &Chosen) -> Result<Option<Reasoned<String>>, Open> {
    let ask = |text: String| Open { what: What::Shop, text, choices: words(&survey.shops) };
    match (&chosen.shop, survey.shops.as_slice()) {
        (Some(shop), shops) => match called(shop, shops) {
            Some(named) => Ok(Some(reasoned(word(named), "as chosen"))),
            None if shops.is_empty() => Err(ask(format!("the ERP has no web shop `{shop}`; make it there"))),
            None => Err(ask(format!("the ERP has no web shop `{shop}`"))),
        },
        (None, [only]) => Ok(Some(reasoned(word(only), "the ERP's only web shop"))),
        (None, []) if survey.needs_shop => Err(ask(
            "the ERP has no web shop, and it keeps an order from being entered twice only within one; make one there and \
             run again"
                .to_owned(),
        )),
        (None, []) => Ok(None),
        (None, several) => Err(ask(format!("the ERP has {} web shops; which is this store's?", several.len()))),
    }
}

fn currency(survey: &Survey, chosen: &Chosen) -> Result<Reasoned<String>, Open> {
    let met = &survey.orders.currencies;
    let choices: Vec<String> = met.keys().cloned().collect();
    let ask = |text: String| Open { what: What::Currency, text, choices: choices.clone() };
    if let Some(code) = &chosen.currency {
        return match Currency::parse(code) {
            Ok(currency) => Ok(reasoned(currency.code().to_owned(), "as chosen")),
            Err(error) => Err(ask(error.to_string())),
        };
    }
    let most = met.iter().max_by_key(|(_, orders)| **orders);
    match (most, survey.store_currency.or(survey.erp_currency)) {
        (Some((code, orders)), _) => {
            Ok(reasoned(code.clone(), format!("of {orders} of the orders that were read")))
        }
        (None, Some(currency)) => {
            let whose = if survey.store_currency.is_some() { "the store's" } else { "the ERP's" };
            Ok(reasoned(currency.code().to_owned(), format!("{whose}; no order was met that could tell")))
        }
        (None, None) => Err(ask("neither side tells its currency; in which are orders paid?".to_owned())),
    }
}

/// Before an order's number in the ERP, such as `C-` for `cluj`.
pub fn prefix_of(name: &str) -> String {
    let first = name.chars().find(char::is_ascii_alphanumeric).unwrap_or('S');
    format!("{}-", first.to_ascii_uppercase())
}

/// What a store is called, from its address: `shop` for `https://www.shop.example`.
pub fn name_of(url: &str) -> String {
    let host = url.split("//").last().unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let label = host.split('.').next().unwrap_or_default();
    let name: String =
        label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_lowercase();
    let is_address = name.chars().all(|c| c.is_ascii_digit());
    if is_address || name == "localhost" { "shop".to_owned() } else { name }
}

/// Paid to the courier: the goods leave before the money comes.
const ON_DELIVERY: [&str; 5] = ["cash", "ramburs", "cod", "delivery", "antikatavol"];
/// Paid in the checkout: an order that isn't paid was given up.
const ONLINE: [&str; 19] = [
    "card",
    "online",
    "mobilpay",
    "netopia",
    "euplatesc",
    "payu",
    "stripe",
    "paypal",
    "twispay",
    "btpay",
    "klarna",
    "viva",
    "mypos",
    "braintree",
    "librapay",
    "plationline",
    "oney",
    "epay",
    "borica",
];

/// A short mark is a word of its own: `cod` is not meant by `qrcode`.
fn is_in(mark: &str, code: &str) -> bool {
    if mark.len() > 4 {
        return code.contains(mark);
    }
    code.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == mark)
}

fn payment(methods: &[MethodFound]) -> Vec<PaymentLine> {
    let mut lines: Vec<PaymentLine> = methods
        .iter()
        .filter(|method| !method.code.is_empty() && method.code != "*")
        .map(|method| {
            let met = format!("{}, {} orders", method.name, method.orders);
            let code = method.code.to_lowercase();
            let has = |marks: &[&str]| marks.iter().any(|mark| is_in(mark, &code));
            let (import, why) = if has(&ON_DELIVERY) {
                (Some(ImportWhen::AtOnce), format!("{met}: paid on delivery"))
            } else if has(&ONLINE) {
                (
                    Some(ImportWhen::WhenPaid),
                    format!("{met}: paid in the checkout; one that is not paid was given up"),
                )
            } else {
                (None, format!("{met}: \"*\" below covers it; write \"when_paid\" if it must be paid first"))
            };
            PaymentLine { method: method.code.clone(), import, why }
        })
        .collect();
    lines.push(PaymentLine {
        method: "*".to_owned(),
        import: Some(ImportWhen::AtOnce),
        why: "all others: an order that waits for nothing is never forgotten".to_owned(),
    });
    lines
}

fn taxes(rates: &[RateFound], erp: &[DiscoveredTax]) -> Vec<TaxLine> {
    let mut rates = rates.to_vec();
    // Store credit and rounding carry no tax in any store.
    if !rates.iter().any(|rate| rate.percent.is_zero()) {
        rates.push(RateFound::default());
    }
    rates.sort_by_key(|rate| std::cmp::Reverse(rate.percent));
    rates.iter().map(|rate| tax(rate, erp)).collect()
}

fn tax(rate: &RateFound, erp: &[DiscoveredTax]) -> TaxLine {
    let met = format!("{} lines of orders, {} products", rate.lines, rate.units);
    let same: Vec<String> =
        erp.iter().filter(|tax| tax.percent == Some(rate.percent)).map(|tax| named(tax, erp)).collect();
    let percent = plain(rate.percent);
    let line = |taxes, choices, why| TaxLine { percent: rate.percent, taxes, choices, why };
    match same.as_slice() {
        [only] => {
            line(Some(vec![only.clone()]), Vec::new(), format!("{met}: the ERP's only tax of {percent} %"))
        }
        several if rate.percent.is_zero() => {
            let why = if several.is_empty() {
                format!("{met}: untaxed")
            } else {
                format!(
                    "{met}: untaxed; the ERP has {} taxes of 0 %, name one if it must show",
                    several.len()
                )
            };
            line(Some(Vec::new()), several.to_vec(), why)
        }
        [] => line(
            None,
            erp.iter().map(|tax| named(tax, erp)).collect(),
            format!("{met}: the ERP has no tax of {percent} %; until one is named, orders with it are held"),
        ),
        several => line(
            None,
            several.to_vec(),
            format!(
                "{met}: the ERP has {} taxes of {percent} %; choose one, until then orders with it are held",
                several.len()
            ),
        ),
    }
}

/// By its name where that is the only one of this name, else by its key.
pub fn named(tax: &DiscoveredTax, erp: &[DiscoveredTax]) -> String {
    let same = erp.iter().filter(|other| other.name == tax.name).count();
    if same == 1 { tax.name.clone() } else { tax.key.to_string() }
}

fn service(survey: &Survey, setting: &'static str, sku: &'static str) -> ServiceLine {
    let is_there = survey.services.contains(sku);
    let what = match setting {
        "shipping_sku" => "orders with shipping",
        "discount_sku" => "orders with a discount",
        _ => "orders whose total the ERP computes a cent apart",
    };
    let why = if is_there {
        format!("the ERP's service product for {what}")
    } else {
        format!(
            "the ERP has no product {sku}; make a service product with this SKU, until then {what} are held"
        )
    };
    ServiceLine { setting, sku, is_there, why }
}

fn statuses(survey: &Survey) -> Vec<StatusLine> {
    let lines = survey.orders.statuses.iter().map(|(status, orders)| {
        let what = if survey.orders.unknown_statuses.contains(status) {
            "not known to this version: held until a person decides"
        } else {
            match status.as_str() {
                "temporary" => "not entered: the checkout is not finished; its goods count as taken",
                "cancelled" => "not entered; one that was entered is cancelled in the ERP as well",
                _ => "entered in the ERP, if placed since orders_from",
            }
        };
        StatusLine { status: status.clone(), orders: *orders, what }
    });
    lines.collect()
}

fn needs(survey: &Survey, taxes: &[TaxLine], services: &[ServiceLine], currency: &str) -> Vec<String> {
    let mut needs = Vec::new();
    for tax in taxes.iter().filter(|tax| tax.taxes.is_none()) {
        needs.push(format!("tax {} %: {}", plain(tax.percent), tax.why));
    }
    for service in services.iter().filter(|service| !service.is_there) {
        needs.push(format!("{}: {}", service.setting, service.why));
    }
    if !survey.units.troubles.is_empty() {
        needs.push(format!("SKUs: {} to put right, see above", survey.units.troubles.len()));
    }
    if survey.units.unreadable > 0 {
        needs.push(format!(
            "products: {} could not be read; `zygos issues` will name them",
            survey.units.unreadable
        ));
    }
    for status in &survey.orders.unknown_statuses {
        needs.push(format!("status {status}: not known to this version; orders with it are held"));
    }
    for (other, orders) in survey.orders.currencies.iter().filter(|(code, _)| *code != currency) {
        needs.push(format!(
            "currency {other}: {orders} orders are paid in it; orders that are not in {currency} are held"
        ));
    }
    needs
}
