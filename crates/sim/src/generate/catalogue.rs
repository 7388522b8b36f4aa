use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    merchantpro::{self, MerchantProSandbox, NewVariant},
    tryton::{self, TrytonSandbox},
};

/// The language of a shop's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    Romanian,
    Greek,
    Bulgarian,
}

/// One sellable unit as both sides know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    pub sku: String,
    pub ean: String,
    /// Which noun and which adjective its name is made of.
    noun: usize,
    adjective: usize,
    /// Code of the product it is a variant of, and its size.
    pub variant: Option<(String, &'static str)>,
    pub price_net: Decimal,
    /// Pieces by warehouse code.
    pub stock: Vec<(&'static str, u32)>,
}

/// Nouns of a household shop: Romanian, Greek, Bulgarian.
const NOUNS: [[&str; 3]; 12] = [
    ["Lampă", "Λάμπα", "Лампа"],
    ["Scaun", "Καρέκλα", "Стол"],
    ["Masă", "Τραπέζι", "Маса"],
    ["Pătură", "Κουβέρτα", "Одеяло"],
    ["Cană", "Κούπα", "Чаша"],
    ["Vază", "Βάζο", "Ваза"],
    ["Perdea", "Κουρτίνα", "Перде"],
    ["Oglindă", "Καθρέφτης", "Огледало"],
    ["Covor", "Χαλί", "Килим"],
    ["Tigaie", "Τηγάνι", "Тиган"],
    ["Pernă", "Μαξιλάρι", "Възглавница"],
    ["Ceas", "Ρολόι", "Часовник"],
];
const ADJECTIVES: [[&str; 3]; 8] = [
    ["alb", "λευκό", "бял"],
    ["negru", "μαύρο", "черен"],
    ["mare", "μεγάλο", "голям"],
    ["mic", "μικρό", "малък"],
    ["din lemn", "ξύλινο", "дървен"],
    ["din sticlă", "γυάλινο", "стъклен"],
    ["clasic", "κλασικό", "класически"],
    ["modern", "μοντέρνο", "модерен"],
];
const SIZES: [&str; 4] = ["S", "M", "L", "XL"];
pub(crate) const WAREHOUSES: [&str; 3] = ["WH", "WH2", "WH3"];

impl Article {
    pub fn name(&self, tongue: Tongue) -> String {
        let column = match tongue {
            Tongue::Romanian => 0,
            Tongue::Greek => 1,
            Tongue::Bulgarian => 2,
        };
        format!("{} {}", NOUNS[self.noun][column], ADJECTIVES[self.adjective][column])
    }
}

/// `units` articles; every fifth product comes in four sizes.
pub fn catalogue(units: u32, seed: u64) -> Vec<Article> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut articles: Vec<Article> = Vec::new();
    let mut product = 0_u32;
    let wanted = usize::try_from(units).unwrap_or(usize::MAX);
    while articles.len() < wanted {
        product += 1;
        let (noun, adjective) = (chance.usize(..NOUNS.len()), chance.usize(..ADJECTIVES.len()));
        let price_net = Decimal::new(chance.i64(199..9_999), 2);
        let sizes: &[&str] = if product.is_multiple_of(5) { &SIZES } else { &[""] };
        for size in sizes.iter().take(wanted - articles.len()) {
            let number = u64::try_from(articles.len()).unwrap_or(0) + 1;
            let variant = (!size.is_empty()).then(|| (format!("V{product:05}-"), *size));
            articles.push(Article {
                sku: match &variant {
                    Some((template, size)) => format!("{template}{size}"),
                    None => format!("P{product:05}"),
                },
                ean: ean13(number),
                noun,
                adjective,
                variant,
                price_net,
                stock: WAREHOUSES.iter().map(|code| (*code, chance.u32(0..40))).collect(),
            });
        }
    }
    articles
}

/// A valid EAN in the range that shops use among themselves.
pub(super) fn ean13(number: u64) -> String {
    let body = format!("20{number:010}");
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(index, digit)| u32::from(digit - b'0') * if index % 2 == 0 { 1 } else { 3 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Puts the articles into a shop at 19 % tax, with the stock of `warehouses` together. Answers the shop's id of
/// every SKU.
pub fn fill_shop(
    shop: &MerchantProSandbox,
    articles: &[Article],
    tongue: Tongue,
    warehouses: &[&str],
    now: Timestamp,
) -> BTreeMap<String, u64> {
    let tax_id = shop.add_tax("VAT 19%", Decimal::from(19));
    let mut rest = articles;
    while let Some(first) = rest.first() {
        let together = rest.iter().take_while(|article| same_product(first, article)).count().max(1);
        let (product, after) = rest.split_at(together);
        rest = after;
        let stock = |article: &Article| -> Decimal {
            article
                .stock
                .iter()
                .filter(|(code, _)| warehouses.contains(code))
                .map(|(_, pieces)| Decimal::from(*pieces))
                .sum()
        };
        let new = merchantpro::NewProduct {
            name: first.name(tongue),
            price_net: Some(first.price_net),
            tax_id: Some(tax_id),
            ..merchantpro::NewProduct::default()
        };
        let new = match &first.variant {
            None => merchantpro::NewProduct {
                sku: Some(first.sku.clone()),
                ean: Some(first.ean.clone()),
                stock: stock(first),
                ..new
            },
            Some((template, _)) => merchantpro::NewProduct {
                sku: Some(template.trim_end_matches('-').to_owned()),
                variants: product
                    .iter()
                    .map(|article| NewVariant {
                        sku: Some(article.sku.clone()),
                        ean: Some(article.ean.clone()),
                        price_net: Some(article.price_net),
                        stock: stock(article),
                        options: article
                            .variant
                            .iter()
                            .map(|(_, size)| ("Size".to_owned(), (*size).to_owned()))
                            .collect(),
                        ..NewVariant::default()
                    })
                    .collect(),
                ..new
            },
        };
        shop.add_product(new, now);
    }
    shop.units().into_iter().map(|(id, sku, _)| (sku, id)).collect()
}

fn same_product(first: &Article, other: &Article) -> bool {
    match (&first.variant, &other.variant) {
        (Some((first, _)), Some((other, _))) => first == other,
        _ => first.sku == other.sku,
    }
}

/// Puts the articles into the ERP with their stock. A refusal names the SKU.
pub fn fill_erp(erp: &TrytonSandbox, articles: &[Article], now: Timestamp) -> Result<(), tryton::Refusal> {
    let mut warehouses = BTreeMap::new();
    for code in WAREHOUSES {
        let id = match erp.warehouse_id(code) {
            Some(id) => id,
            None => erp.add_warehouse(code, &format!("Warehouse {code}"), now)?,
        };
        warehouses.insert(code, id);
    }
    for article in articles {
        let product = erp.add_product(
            &tryton::NewProduct {
                ean: Some(article.ean.clone()),
                name: article.name(Tongue::Greek),
                template: article.variant.as_ref().map(|(template, _)| template.clone()),
                ..tryton::NewProduct::new(&article.sku, article.price_net)
            },
            now,
        )?;
        for (code, pieces) in &article.stock {
            if *pieces > 0
                && let Some(warehouse) = warehouses.get(code)
            {
                erp.set_stock(product, *warehouse, Decimal::from(*pieces), now)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_has_the_units_asked_for_with_unique_skus_and_valid_eans() {
        let articles = catalogue(500, 7);
        let skus: std::collections::BTreeSet<&str> =
            articles.iter().map(|article| article.sku.as_str()).collect();
        assert_eq!((articles.len(), skus.len()), (500, 500));
        assert_eq!(articles, catalogue(500, 7));
        assert!(articles.iter().any(|article| article.variant.is_some()));
        assert_eq!(ean13(1), "2000000000015");
    }
}
