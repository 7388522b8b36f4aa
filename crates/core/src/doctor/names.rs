//! Whether what a store's configuration names is in the ERP, and means there what it says.

use rust_decimal::Decimal;

use super::{blocking, warning};
use crate::{
    contract::{CheckFinding, DiscoveredTax, Discovery, Named},
    money::{Currency, plain},
    settings::nearest,
};

/// What a store's configuration says of the ERP's currency, taxes, price lists and units of measure.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreNames<'a> {
    /// The store's name.
    pub store: &'a str,
    pub orders_currency: Option<Currency>,
    pub prices_currency: Option<Currency>,
    /// `orders.taxes`: percent → names of the ERP's taxes.
    pub taxes: &'a [(Decimal, Vec<String>)],
    /// `prices.list`.
    pub price_list: Option<&'a str>,
    /// `products.tax_classes`: percent → the ERP's name.
    pub tax_classes: &'a [(Decimal, String)],
    /// `products.measure`, if products are made in the ERP.
    pub measure: Option<&'a str>,
}

/// Everything that `wanted` names and the ERP doesn't have, or has otherwise. A tax that isn't there is left out: no
/// order could be entered, which is told where the order's rule is made.
pub fn names(wanted: &StoreNames<'_>, erp: &Discovery) -> Vec<CheckFinding> {
    let mut findings = currencies(wanted, erp);
    for (percent, taxes) in wanted.taxes {
        findings.extend(tax(wanted.store, *percent, taxes, &erp.taxes));
    }
    if let Some(list) = wanted.price_list
        && !erp.price_lists.iter().any(|known| known.is_called(list))
    {
        findings.push(missing(wanted.store, "prices.list", "price list", list, named(&erp.price_lists)));
    }
    for (percent, class) in wanted.tax_classes {
        findings.extend(tax_class(wanted.store, *percent, class, &erp.tax_classes));
    }
    // An ERP that tells none takes any.
    if let Some(measure) = wanted.measure
        && !erp.measures.is_empty()
        && !erp.measures.iter().any(|known| known.is_called(measure))
    {
        let what = "unit of measure";
        findings.push(missing(wanted.store, "products.measure", what, measure, named(&erp.measures)));
    }
    findings
}

fn currencies(wanted: &StoreNames<'_>, erp: &Discovery) -> Vec<CheckFinding> {
    let Some(books) = erp.currency else { return Vec::new() };
    let store = wanted.store;
    let mut findings = Vec::new();
    if let Some(currency) = wanted.orders_currency.filter(|currency| *currency != books) {
        findings.push(warning(format!(
            "store {store}, orders.currency: is {currency}, but the ERP keeps its books in {books}; sales are entered in \
             {currency}, so the ERP needs a rate for it. Correct it if the store sells in {books}"
        )));
    }
    if let Some(currency) = wanted.prices_currency.filter(|currency| *currency != books) {
        findings.push(blocking(format!(
            "store {store}, prices.currency: is {currency}, but the ERP's prices are in {books}; a price cannot be the same \
             in both. Correct it if the store sells in {books}, otherwise remove [store.prices]"
        )));
    }
    findings
}

fn tax(store: &str, percent: Decimal, names: &[String], known: &[DiscoveredTax]) -> Option<CheckFinding> {
    let mut sum = Decimal::ZERO;
    for name in names {
        let tax = known.iter().find(|tax| is_called(tax, name))?;
        let Some(share) = tax.percent else {
            return Some(warning(format!(
                "store {store}, orders.taxes.{}: the ERP's tax `{name}` is not a percentage, so it cannot be compared with \
                 the {} % that customers pay; if an order's total differs, it waits",
                plain(percent),
                plain(percent)
            )));
        };
        sum = sum.checked_add(share)?;
    }
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    (sum != percent).then(|| {
        let what = match listed.len() {
            0 => "no tax is named".to_owned(),
            1 => format!("the ERP's tax {} is", listed.join("")),
            _ => format!("the ERP's taxes {} are together", listed.join(", ")),
        };
        blocking(format!(
            "store {store}, orders.taxes.{0}: customers pay {0} %, but {what} {1} %; name the ERP's taxes of {0} %",
            plain(percent),
            plain(sum)
        ))
    })
}

fn tax_class(store: &str, percent: Decimal, name: &str, known: &[DiscoveredTax]) -> Option<CheckFinding> {
    let Some(class) = known.iter().find(|class| is_called(class, name)) else {
        let all = known.iter().map(|class| class.name.as_str()).collect();
        return Some(missing(store, "products.tax_classes", "goods of a tax", name, all));
    };
    let is = class.percent.filter(|is| *is != percent)?;
    Some(blocking(format!(
        "store {store}, products.tax_classes.{0}: the ERP's `{name}` is taxed with {1} %; name goods of {0} %",
        plain(percent),
        plain(is)
    )))
}

fn is_called(tax: &DiscoveredTax, name: &str) -> bool {
    tax.name == name || tax.key.as_str() == name
}

fn named(all: &[Named]) -> Vec<&str> {
    all.iter().flat_map(|named| named.code.as_deref().into_iter().chain([named.name.as_str()])).collect()
}

fn missing(store: &str, setting: &str, what: &str, name: &str, known: Vec<&str>) -> CheckFinding {
    let meant = nearest(name, known.iter().copied());
    let meant = meant.map(|meant| format!(" (did you mean `{meant}`?)")).unwrap_or_default();
    let has = match known.len() {
        0 => "it has none that this user may read".to_owned(),
        _ => {
            format!("it has {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    blocking(format!("store {store}, {setting}: the ERP has no {what} called `{name}`{meant}; {has}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Severity, ids::RemoteKey};

    fn number(text: &str) -> Decimal {
        text.parse().expect("a number")
    }

    fn currency(code: &str) -> Option<Currency> {
        Currency::parse(code).ok()
    }

    fn discovered(key: &str, name: &str, percent: Option<&str>) -> DiscoveredTax {
        DiscoveredTax { key: RemoteKey::new(key), name: name.to_owned(), percent: percent.map(number) }
    }

    fn one(key: &str, code: Option<&str>, name: &str) -> Named {
        Named { key: RemoteKey::new(key), code: code.map(str::to_owned), name: name.to_owned() }
    }

    fn erp() -> Discovery {
        Discovery {
            taxes: vec![
                discovered("1", "VAT 21%", Some("21")),
                discovered("2", "VAT 19%", Some("19.0")),
                discovered("3", "Green fee", None),
                discovered("4", "Local 2%", Some("2")),
            ],
            price_lists: vec![one("8", None, "Shop A"), one("9", Some("B2B"), "Resellers")],
            tax_classes: vec![discovered("5", "Shop goods", Some("19")), discovered("6", "Gifts", None)],
            measures: vec![one("1", Some("u"), "Unit"), one("2", None, "Kilogram")],
            currency: currency("RON"),
            ..Discovery::default()
        }
    }

    fn messages(wanted: StoreNames<'_>) -> Vec<(Severity, String)> {
        let found = names(&StoreNames { store: "shop", ..wanted }, &erp());
        found.into_iter().map(|finding| (finding.severity, finding.message)).collect()
    }

    fn only(wanted: StoreNames<'_>) -> (Severity, String) {
        let mut found = messages(wanted);
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    #[test]
    fn what_is_there_and_means_the_same_is_no_finding() {
        let taxes = [
            (number("21"), vec!["VAT 21%".to_owned()]),
            (number("21.00"), vec!["2".to_owned(), "Local 2%".to_owned()]),
            (number("0"), Vec::new()),
        ];
        let classes = [(number("19.00"), "Shop goods".to_owned()), (number("9"), "Gifts".to_owned())];
        for list in ["Shop A", "B2B", "Resellers", "8"] {
            let wanted = StoreNames {
                orders_currency: currency("RON"),
                prices_currency: currency("ron"),
                taxes: &taxes,
                price_list: Some(list),
                tax_classes: &classes,
                measure: Some("u"),
                ..StoreNames::default()
            };
            assert_eq!(messages(wanted), []);
        }
        assert_eq!(messages(StoreNames::default()), []);
    }

    #[test]
    fn prices_in_another_currency_are_refused_and_orders_in_another_are_told() {
        let (severity, told) = only(StoreNames { prices_currency: currency("EUR"), ..StoreNames::default() });
        assert_eq!(severity, Severity::Blocking);
        assert!(told.contains("store shop, prices.currency: is EUR") && told.contains("RON"), "{told}");
        let (severity, told) = only(StoreNames { orders_currency: currency("EUR"), ..StoreNames::default() });
        assert_eq!(severity, Severity::Warning);
        assert!(told.contains("orders.currency") && told.contains("a rate"), "{told}");
        let foreign = StoreNames { store: "shop", prices_currency: currency("EUR"), ..StoreNames::default() };
        assert_eq!(names(&foreign, &Discovery::default()), [], "an ERP that doesn't tell its currency");
    }

    #[test]
    fn a_tax_of_another_rate_is_told_with_both() {
        let wrong = |names: &[&str]| {
            let taxes = [(number("21"), names.iter().map(|name| (*name).to_owned()).collect())];
            messages(StoreNames { taxes: &taxes, ..StoreNames::default() })
        };
        let told = wrong(&["VAT 19%"]);
        assert_eq!(told[0].0, Severity::Blocking);
        assert!(told[0].1.contains("customers pay 21 %, but the ERP's tax `VAT 19%` is 19 %"), "{told:?}");
        let told = wrong(&["VAT 21%", "Local 2%"]);
        assert!(told[0].1.contains("`VAT 21%`, `Local 2%` are together 23 %"), "{told:?}");
        assert!(wrong(&[])[0].1.contains("no tax is named 0 %"), "{told:?}");
        let told = wrong(&["Green fee"]);
        assert_eq!(told[0].0, Severity::Warning);
        assert!(told[0].1.contains("`Green fee` is not a percentage"), "{told:?}");
        assert_eq!(wrong(&["VAT 20%"]), [], "one that isn't there is told elsewhere");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is_and_what_was_meant() {
        let classes = [(number("19"), "Shop good".to_owned())];
        let found = messages(StoreNames {
            price_list: Some("Shop B"),
            tax_classes: &classes,
            measure: Some("Unt"),
            ..StoreNames::default()
        });
        let expected = [
            ("prices.list", "did you mean `Shop A`?", "`Resellers`"),
            ("products.tax_classes", "did you mean `Shop goods`?", "`Gifts`"),
            ("products.measure", "did you mean `Unit`?", "`Kilogram`"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for ((severity, message), (setting, meant, has)) in found.iter().zip(expected) {
            assert_eq!(*severity, Severity::Blocking);
            assert!(
                message.contains(setting) && message.contains(meant) && message.contains(has),
                "{message}"
            );
        }
        let wanted = StoreNames { store: "shop", price_list: Some("Shop A"), ..StoreNames::default() };
        let found = names(&wanted, &Discovery::default());
        assert!(found[0].message.contains("none that this user may read"), "{found:?}");
        let wanted = StoreNames { store: "shop", measure: Some("Unit"), ..StoreNames::default() };
        assert_eq!(names(&wanted, &Discovery::default()), [], "an ERP that tells no units of measure");
    }

    #[test]
    fn goods_of_another_tax_are_told_with_both() {
        let classes = [(number("21"), "Shop goods".to_owned())];
        let (severity, told) = only(StoreNames { tax_classes: &classes, ..StoreNames::default() });
        assert_eq!(severity, Severity::Blocking);
        assert!(told.contains("tax_classes.21") && told.contains("taxed with 19 %"), "{told}");
    }
}
