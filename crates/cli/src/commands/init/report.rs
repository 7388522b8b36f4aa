//! What was found and what is proposed, in words.

use std::collections::BTreeMap;

use zygos_core::{
    contract::{Named, Severity},
    money::plain,
    orders::ImportWhen,
};

use super::{
    proposal::{Proposal, word},
    survey::{DAYS, SideFound, Survey},
};

/// Examples of one kind of trouble that are shown.
const EXAMPLES: usize = 5;

/// Names of one kind that are shown.
const NAMES: usize = 12;

pub fn found(survey: &Survey) -> Vec<String> {
    let mut lines = Vec::new();
    side(&mut lines, "store", &survey.store);
    lines.push("  whether the store lets the key write is seen at its first write".to_owned());
    side(&mut lines, "erp", &survey.erp);
    lines.extend(survey.limits.iter().map(|limit| format!("  {} {}", mark(limit.severity), limit.message)));
    let units = &survey.units;
    lines.push(format!(
        "products: {} in the store, {} in the ERP, {} matched by SKU or EAN",
        units.store, units.erp, units.linked
    ));
    if units.unreadable > 0 {
        lines.push(format!("  {} products could not be read", units.unreadable));
    }
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for trouble in &units.troubles {
        kinds.entry(trouble.kind).or_default().push(&trouble.text);
    }
    for (kind, texts) in kinds {
        lines.push(format!("  {}: {}", kind.replace('_', " "), texts.len()));
        lines.extend(some(&texts).map(|text| format!("    {text}")));
    }
    if !units.only_in_erp.is_empty() {
        let shown: Vec<&str> = units.only_in_erp.iter().take(EXAMPLES).map(String::as_str).collect();
        let more = if shown.len() < units.only_in_erp.len() { ", …" } else { "" };
        lines.push(format!(
            "  only in the ERP: {} ({}{more}); they are left alone unless `create` has them made",
            units.only_in_erp.len(),
            shown.join(", ")
        ));
    }
    // An ERP comes with every unit of physics.
    let names = |all: &[Named]| {
        let more =
            if all.len() > NAMES { format!(", and {} more", all.len() - NAMES) } else { String::new() };
        format!("{}{more}", all.iter().take(NAMES).map(word).collect::<Vec<_>>().join(", "))
    };
    let classes: Vec<String> = survey
        .erp_tax_classes
        .iter()
        .map(|class| match class.percent {
            Some(percent) => format!("{} ({} %)", class.name, plain(percent)),
            None => class.name.clone(),
        })
        .collect();
    for (what, list) in [
        ("price lists", names(&survey.price_lists)),
        ("kinds of goods by tax", classes.join(", ")),
        ("units of measure", names(&survey.measures)),
    ] {
        if !list.is_empty() {
            lines.push(format!("  the ERP's {what}: {list}"));
        }
    }
    let prices = &survey.prices;
    if prices.read > 0 {
        lines.push(format!(
            "  prices in the store: {} are taxed, with at most 2 decimals {} with tax and {} without",
            prices.read, prices.short_gross, prices.short_net
        ));
    }
    orders(&mut lines, survey);
    lines
}

fn side(lines: &mut Vec<String>, name: &str, side: &SideFound) {
    lines.push(format!("{name}: {}", side.product));
    for (entity, can) in side.can.iter().filter(|(_, can)| !can.is_empty()) {
        lines.push(format!("  can     {entity}: {}", can.join(", ")));
    }
    lines.extend(
        side.findings.iter().map(|finding| format!("  {} {}", mark(finding.severity), finding.message)),
    );
}

fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "good   ",
        Severity::Warning => "warning",
        Severity::Blocking => "BLOCKED",
    }
}

fn some<'a>(texts: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    let more = texts.len().saturating_sub(EXAMPLES);
    let rest = (more > 0).then(|| format!("and {more} more (`--json` names all)"));
    texts.iter().take(EXAMPLES).map(|text| (*text).to_owned()).chain(rest)
}

fn orders(lines: &mut Vec<String>, survey: &Survey) {
    let orders = &survey.orders;
    let cut = if orders.is_cut { "; there are more, only the newest were read" } else { "" };
    lines.push(format!("orders of the last {DAYS} days: {} read{cut}", orders.read));
    if orders.unreadable > 0 {
        lines.push(format!("  {} could not be read", orders.unreadable));
    }
    let methods: Vec<String> = orders
        .methods
        .iter()
        .map(|method| format!("{} ({}) {}", method.code, method.name, method.orders))
        .collect();
    let rates = survey
        .rates
        .iter()
        .map(|rate| format!("{} % ({} lines, {} products)", plain(rate.percent), rate.lines, rate.units));
    for (what, list) in [
        ("statuses", counted(&orders.statuses)),
        ("payment statuses", counted(&orders.payments)),
        ("payment methods", methods),
        ("currencies", counted(&orders.currencies)),
        ("tax rates", rates.collect()),
    ] {
        if !list.is_empty() {
            lines.push(format!("  {what}: {}", list.join(", ")));
        }
    }
}

fn counted(counts: &BTreeMap<String, u64>) -> Vec<String> {
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect()
}

pub fn proposed(proposal: &Proposal) -> Vec<String> {
    let mut lines = vec!["proposed:".to_owned()];
    let mut say = |what: &str, value: &str, why: &str| lines.push(format!("  {what}: {value} ({why})"));
    for warehouse in &proposal.warehouses {
        say(&format!("warehouse {}", warehouse.code), warehouse.figure.name(), &warehouse.why);
    }
    say(
        "orders are entered with warehouse",
        &proposal.orders_warehouse.value,
        &proposal.orders_warehouse.why,
    );
    if let Some(shop) = &proposal.shop {
        say("web shop", &shop.value, &shop.why);
    }
    say("prefix", &proposal.prefix.value, &proposal.prefix.why);
    say("orders from", &proposal.orders_from.value, &proposal.orders_from.why);
    say("currency", &proposal.currency.value, &proposal.currency.why);
    for payment in &proposal.payment {
        let import = match payment.import {
            Some(import) => {
                ImportWhen::CHOICES.iter().find(|(_, known)| *known == import).map_or("", |(word, _)| word)
            }
            None => "not listed",
        };
        say(&format!("payment {}", payment.method), import, &payment.why);
    }
    for tax in &proposal.taxes {
        let taxes = match &tax.taxes {
            Some(taxes) if taxes.is_empty() => "untaxed".to_owned(),
            Some(taxes) => taxes.join(", "),
            None => "to be chosen".to_owned(),
        };
        say(&format!("tax {} %", plain(tax.percent)), &taxes, &tax.why);
    }
    for service in &proposal.services {
        say(service.setting, if service.is_there { service.sku } else { "left out" }, &service.why);
    }
    let products = &proposal.products;
    if products.is_chosen {
        say("products", products.direction.value, &products.direction.why);
        say("products are made", products.create.value, &products.create.why);
        for line in &products.tax_classes {
            let class = line.class.as_deref().unwrap_or("to be chosen");
            say(&format!("goods of {} %", plain(line.percent)), class, &line.why);
        }
    } else {
        say("products", "not kept", "`--products` and `--create` say otherwise; the file shows how");
    }
    let prices = &proposal.prices;
    if prices.is_chosen {
        say("prices", prices.direction.value, &prices.direction.why);
        let (list, why) = match &prices.list {
            Some(list) => (list.value.as_str(), list.why.as_str()),
            None => ("none", "the price that holds without a list"),
        };
        say("price list", list, why);
        say("authority", prices.authority.value, &prices.authority.why);
    } else {
        say("prices", "do not follow", "`--prices` says otherwise; the file shows how");
    }
    for status in &proposal.statuses {
        say(&format!("status {}", status.status), &format!("{} orders", status.orders), status.what);
    }
    if !proposal.needs.is_empty() {
        lines.push("for a person:".to_owned());
        lines.extend(proposal.needs.iter().map(|need| format!("  {need}")));
    }
    lines
}
