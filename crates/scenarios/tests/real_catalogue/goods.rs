//! What is sold in these stories, and what it must look like wherever it appears.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::money::round;

/// A product as it is meant to be on every side.
#[derive(Clone, Debug)]
pub struct Article {
    pub name: String,
    /// What all SKUs of its variants begin with; `None`: it is sold as one piece.
    pub code: Option<String>,
    /// One for each store: texts are a store's own.
    pub descriptions: [String; 2],
    pub path: Vec<String>,
    pub percent: Decimal,
    pub pieces: Vec<Piece>,
    /// The store that made it; `None`: the ERP did.
    pub made_in: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Piece {
    pub sku: String,
    pub ean: String,
    /// What tells it from its siblings.
    pub ending: String,
    /// The ERP's own price, without tax.
    pub price: Decimal,
}

impl Article {
    /// Attributes of a piece as a store shows them: only the store that made it knows what they are called.
    pub fn options(&self, piece: &Piece, store: usize) -> Vec<(String, String)> {
        let name = if self.made_in == Some(store) { "Size" } else { "Variant" };
        if self.code.is_some() { vec![(name.to_owned(), piece.ending.clone())] } else { Vec::new() }
    }
}

/// Names that no other run on the same server uses.
#[derive(Clone)]
pub struct Run {
    pub name: String,
    number: i64,
}

impl Run {
    pub fn begun(letter: char, now: Timestamp) -> Self {
        // Unique for three years on one server, and short.
        let number = now.as_second() % 100_000_000;
        Self { name: format!("{letter}{number}"), number }
    }

    pub fn ean(&self, number: usize) -> String {
        let body = format!("29{:05}{number:05}", self.number % 100_000);
        let digit =
            |(place, digit): (usize, u8)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 };
        let sum: u32 = body.bytes().enumerate().map(digit).sum();
        format!("{body}{}", (10 - sum % 10) % 10)
    }

    /// Products with two or three variants each, every fifth at the reduced rate, every fourth with a dearer variant.
    pub fn of_the_erp(&self, count: usize) -> Vec<Article> {
        let article = |number: usize| {
            let code = format!("{}E{number:03}-", self.name);
            let price = Decimal::from(10) + Decimal::new(25, 2) * Decimal::from(number);
            let endings = &["S", "M", "L"][..2 + number % 2];
            let piece = |(place, ending): (usize, &&str)| Piece {
                sku: format!("{code}{ending}"),
                ean: self.ean(number * 10 + place),
                ending: (*ending).to_owned(),
                price: if number.is_multiple_of(4) && place + 1 == endings.len() {
                    price + Decimal::TWO
                } else {
                    price
                },
            };
            let description = format!("Article {number}, warm & dry.");
            Article {
                name: format!("{} article {number}", self.name),
                descriptions: [description.clone(), description],
                path: vec![format!("{} room {}", self.name, number % 3), format!("Shelf {}", number % 7)],
                percent: Decimal::from(if number.is_multiple_of(5) { 9 } else { 19 }),
                pieces: endings.iter().enumerate().map(piece).collect(),
                code: Some(code),
                made_in: None,
            }
        };
        (1..=count).map(article).collect()
    }

    /// Six products of one piece and four with three variants.
    pub fn of_a_store(&self, store: usize) -> Vec<Article> {
        let article = |number: usize| {
            let code = format!("{}S{number}", self.name);
            let price = Decimal::from(20 + number);
            let endings: &[&str] = if number > 6 { &["-S", "-M", "-L"] } else { &[""] };
            let piece = |(place, ending): (usize, &&str)| Piece {
                sku: format!("{code}{ending}"),
                ean: self.ean(90_000 + number * 10 + place),
                ending: ending.trim_start_matches('-').to_owned(),
                price,
            };
            let description = format!("Made in the shop: number {number}.");
            Article {
                name: format!("{} shop article {number}", self.name),
                descriptions: [description.clone(), description],
                path: vec![format!("{} shop", self.name), format!("Corner {}", number % 2)],
                percent: Decimal::from(if number.is_multiple_of(5) { 9 } else { 19 }),
                pieces: endings.iter().enumerate().map(piece).collect(),
                code: (number > 6).then_some(code),
                made_in: Some(store),
            }
        };
        (1..=10).map(article).collect()
    }
}

/// The two price lists, each for one store: what a store sells for is computed from the ERP's own price, but for fixed
/// lines.
#[derive(Clone, Default)]
pub struct Lists {
    pub names: [String; 2],
    pub ids: [i64; 2],
    /// By store and SKU, without tax.
    pub fixed: BTreeMap<(usize, String), Decimal>,
}

impl Lists {
    pub const FORMULAS: [&str; 2] = ["unit_price * 1.1", "unit_price * 0.9 + 0.05"];

    /// Without tax, in four decimals as Tryton keeps it.
    pub fn net(&self, store: usize, piece: &Piece) -> Decimal {
        let fixed = self.fixed.get(&(store, piece.sku.clone())).copied();
        let computed = match store {
            0 => piece.price * Decimal::new(11, 1),
            _ => piece.price * Decimal::new(9, 1) + Decimal::new(5, 2),
        };
        round(fixed.unwrap_or(computed), 4)
    }

    /// What a customer pays, to the cent.
    pub fn gross(&self, store: usize, piece: &Piece, percent: Decimal) -> Decimal {
        round(self.net(store, piece) * (Decimal::ONE_HUNDRED + percent) / Decimal::ONE_HUNDRED, 2)
    }
}
