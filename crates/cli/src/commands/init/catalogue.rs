//! Products and prices: what is proposed, and why. Pure.

use rust_decimal::Decimal;
use serde::Serialize;
use zygos_core::{
    contract::{DiscoveredTax, Named, PriceKind},
    fitness::Wanted,
    money::{Currency, plain},
};
use zygos_engine::Directions;

use super::{
    proposal::{Chosen, Open, Reasoned, What, called, named, reasoned, word},
    survey::{RateFound, Survey},
};

/// `[store.products]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductsProposal {
    /// Whether products are kept; else the section is a comment.
    pub is_chosen: bool,
    pub direction: Reasoned<&'static str>,
    pub create: Reasoned<&'static str>,
    /// `None` where the ERP tells none, and takes any.
    pub measure: Option<Reasoned<String>>,
    pub tax_classes: Vec<TaxClassLine>,
}

/// `class` is `None` where a person has to choose; `choices` are those of the same rate, or all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaxClassLine {
    pub percent: Decimal,
    pub class: Option<String>,
    pub choices: Vec<String>,
    pub why: String,
}

/// `[store.prices]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PricesProposal {
    /// Whether prices follow; else the section is a comment.
    pub is_chosen: bool,
    pub direction: Reasoned<&'static str>,
    pub list: Option<Reasoned<String>>,
    /// The ERP's lists where none is named.
    pub lists: Vec<String>,
    pub authority: Reasoned<&'static str>,
    pub currency: Reasoned<String>,
}

const KINDS: [(&str, PriceKind); 2] = [("net", PriceKind::Net), ("gross", PriceKind::Gross)];

/// Whether something moves at all.
pub fn moves(directions: Option<Directions>) -> bool {
    directions.is_some_and(|directions| directions.to_store || directions.to_erp)
}

/// As a configuration spells it.
pub fn direction_word(directions: Directions) -> &'static str {
    Directions::CHOICES.iter().find(|(_, known)| *known == directions).map_or("none", |(word, _)| word)
}

pub fn directions(text: &str) -> Result<Directions, String> {
    let known = Directions::CHOICES.iter().find(|(name, _)| *name == text.trim());
    known.map(|(_, directions)| *directions).ok_or_else(|| {
        let names: Vec<&str> = Directions::CHOICES.iter().map(|(name, _)| *name).collect();
        format!("`{text}` is not possible; it can be {}", names.join(", "))
    })
}

pub fn authority(text: &str) -> Result<PriceKind, String> {
    let known = KINDS.iter().find(|(name, _)| *name == text.trim());
    known.map(|(_, kind)| *kind).ok_or_else(|| format!("`{text}` is not possible; it can be net, gross"))
}

pub fn authority_word(kind: PriceKind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map_or("net", |(word, _)| word)
}

/// What the chosen flows ask of both sides.
pub fn wanted(chosen: &Chosen) -> Wanted {
    let of = |directions: Option<Directions>| directions.unwrap_or_default();
    let (products, create, prices) = (of(chosen.products), of(chosen.create), of(chosen.prices));
    Wanted {
        stock: true,
        orders: true,
        status: true,
        tracking: true,
        invoice_tag: true,
        products_to_store: products.to_store,
        products_to_erp: products.to_erp,
        create_in_store: create.to_store,
        create_in_erp: create.to_erp,
        prices_to_store: prices.to_store,
        prices_to_erp: prices.to_erp,
        price_list: moves(chosen.prices) && chosen.price_list.is_some(),
    }
}

/// Products as chosen, or a proposal that stays a comment.
pub fn products(survey: &Survey, chosen: &Chosen) -> ProductsProposal {
    let is_chosen = moves(chosen.products) || moves(chosen.create);
    let as_chosen = |directions: Option<Directions>, proposed: &'static str, why: &str| match directions {
        Some(directions) if is_chosen => reasoned(direction_word(directions), "as chosen"),
        _ => reasoned(proposed, why),
    };
    // Products that are only made are not edited.
    let direction = if is_chosen { "none" } else { "both" };
    ProductsProposal {
        is_chosen,
        direction: as_chosen(chosen.products, direction, "edits move both ways, each field's owner wins"),
        create: as_chosen(chosen.create, "none", "nothing is made by itself"),
        measure: measure(survey),
        tax_classes: survey
            .rates
            .iter()
            .rev()
            .filter_map(|rate| tax_class(rate, &survey.erp_tax_classes))
            .collect(),
    }
}

/// For products made in the ERP: the plain piece where it is called so, else what most goods are counted in.
fn measure(survey: &Survey) -> Option<Reasoned<String>> {
    const USUAL: &str = "Unit";
    let known = &survey.measures;
    if called(USUAL, known).is_some() {
        return Some(reasoned(USUAL.to_owned(), "the ERP's, for products made there"));
    }
    let most = survey.measures_used.iter().max_by_key(|(_, units)| **units);
    if let Some((name, units)) = most.filter(|(name, _)| called(name, known).is_some()) {
        return Some(reasoned(name.clone(), format!("what {units} products of the ERP are counted in")));
    }
    let first = known.first()?;
    Some(reasoned(word(first), "the first of the ERP's; correct it if pieces are called otherwise"))
}

/// `None` for a rate that neither products nor the ERP's goods have.
fn tax_class(rate: &RateFound, classes: &[DiscoveredTax]) -> Option<TaxClassLine> {
    let percent = plain(rate.percent);
    let met = format!("{} products", rate.units);
    let same: Vec<String> = classes
        .iter()
        .filter(|class| class.percent == Some(rate.percent))
        .map(|class| named(class, classes))
        .collect();
    let line = |class, choices, why| Some(TaxClassLine { percent: rate.percent, class, choices, why });
    match same.as_slice() {
        [] if rate.units == 0 => None,
        [] => line(
            None,
            classes.iter().map(|class| named(class, classes)).collect(),
            format!(
                "{met}: the ERP has no goods of {percent} %; until they are named, none is made there with it"
            ),
        ),
        [only] => line(Some(only.clone()), Vec::new(), format!("{met}: the ERP's only goods of {percent} %")),
        several => line(
            None,
            several.to_vec(),
            format!("{met}: the ERP has {} kinds of goods of {percent} %; choose one", several.len()),
        ),
    }
}

/// Prices as chosen, or a proposal that stays a comment. `currency` is the store's.
pub fn prices(survey: &Survey, chosen: &Chosen, currency: &Reasoned<String>) -> Result<PricesProposal, Open> {
    let is_chosen = moves(chosen.prices);
    let lists: Vec<String> = survey.price_lists.iter().map(word).collect();
    let books = survey.erp_currency.as_ref().map(Currency::code);
    if let Some(books) = books.filter(|books| is_chosen && *books != currency.value) {
        return Err(Open {
            what: What::Prices,
            text: format!(
                "the store's prices are in {}, the ERP's in {books}, and a price cannot be the same in both; \
                 prices cannot follow",
                currency.value
            ),
            choices: vec!["none".to_owned()],
        });
    }
    let list = match chosen.price_list.as_ref().filter(|_| is_chosen) {
        Some(name) => Some(reasoned(list(name, &survey.price_lists)?, "as chosen")),
        None => None,
    };
    let direction = match chosen.prices {
        Some(directions) if is_chosen => reasoned(direction_word(directions), "as chosen"),
        _ => reasoned("to_store", "the ERP's prices hold"),
    };
    let authority = match chosen.authority {
        Some(kind) => reasoned(authority_word(kind), "as chosen"),
        None => proposed_authority(survey),
    };
    Ok(PricesProposal { is_chosen, direction, list, lists, authority, currency: currency.clone() })
}

fn list(name: &str, known: &[Named]) -> Result<String, Open> {
    called(name, known).map(word).ok_or_else(|| Open {
        what: What::PriceList,
        text: if known.is_empty() {
            format!("the ERP has no price list `{name}`, nor any other that this user may read")
        } else {
            format!("the ERP has no price list `{name}`")
        },
        choices: known.iter().map(word).chain(["none".to_owned()]).collect(),
    })
}

/// Somebody typed the prices that have few decimals; the others were computed from them.
pub fn proposed_authority(survey: &Survey) -> Reasoned<&'static str> {
    let prices = &survey.prices;
    let told = |kind: &str, short: u64| {
        format!("{short} of {} of the store's prices {kind} have at most 2 decimals", prices.read)
    };
    if prices.read == 0 {
        reasoned("net", "no price was met that could tell")
    } else if prices.short_gross.saturating_mul(10) >= prices.read.saturating_mul(9) {
        reasoned("gross", format!("{}: what customers read was typed", told("with tax", prices.short_gross)))
    } else {
        reasoned("net", format!("only {}", told("with tax", prices.short_gross)))
    }
}

/// What of products and prices waits for a person.
pub fn needs(products: &ProductsProposal, chosen: &Chosen) -> Vec<String> {
    let wanted = wanted(chosen);
    if !products.is_chosen || !(wanted.products_to_erp || wanted.create_in_erp) {
        return Vec::new();
    }
    let open = products.tax_classes.iter().filter(|line| line.class.is_none());
    open.map(|line| format!("tax_classes {} %: {}", plain(line.percent), line.why)).collect()
}
