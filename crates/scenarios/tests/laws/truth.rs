//! What every figure should be, computed from the sandboxes alone by the formula: the ERP's figures of the store's
//! warehouses, less what the orders still take of them, never below nought.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use rust_decimal::Decimal;
use zygos_core::stock::Figure;
use zygos_scenarios::world::{Shop, World};
use zygos_sim::tryton::{SaleLineView, SaleView, TrytonSandbox};

use crate::families;

/// The warehouse that serves the orders.
const SERVES: &str = "WH";

/// Figures older than this may not be written (the default of the stock flow).
const AGE: Duration = Duration::from_secs(60);

/// By store and SKU.
pub type Figures = BTreeMap<(String, String), Decimal>;

pub struct Truth {
    shops: Vec<Shop>,
    erp: Arc<TrytonSandbox>,
    figure: Figure,
    /// Each with the moment until which it was so.
    history: Mutex<Vec<(Timestamp, Figures)>>,
}

impl Truth {
    pub fn of(world: &World, figure: Figure) -> Arc<Self> {
        Arc::new(Self {
            shops: world.shops.clone(),
            erp: world.erp.clone(),
            figure,
            history: Mutex::default(),
        })
    }

    /// What is so now, before something changes it.
    pub fn remember(&self, at: Timestamp) {
        let figures = self.now();
        self.history.lock().expect("nobody panicked here").push((at, figures));
    }

    /// The highest that a figure has rightly been while figures read then still count.
    pub fn highest(&self, store: &str, sku: &str, at: Timestamp) -> Decimal {
        let key = (store.to_owned(), sku.to_owned());
        let history = self.history.lock().expect("nobody panicked here");
        let since = at.saturating_sub(AGE).unwrap_or(Timestamp::MIN);
        let first = history.partition_point(|(until, _)| *until < since);
        let past = history[first..].iter().filter_map(|(_, figures)| figures.get(&key).copied());
        past.chain(self.now().get(&key).copied()).max().unwrap_or_default()
    }

    pub fn now(&self) -> Figures {
        let sales = self.erp.sales();
        let taken = self.taken(&sales);
        let mut figures = Figures::new();
        for shop in &self.shops {
            for sku in shop.units.keys() {
                let product = self.erp.product_id(sku).expect("a product");
                let mut figure = Decimal::ZERO;
                for code in shop.warehouses {
                    let warehouse = self.erp.warehouse_id(code).expect("a warehouse");
                    let has = match self.figure {
                        Figure::Free => self.erp.free(product, warehouse),
                        _ => self.erp.quantity(product, warehouse),
                    };
                    let less = if code == SERVES {
                        taken.get(sku).copied().unwrap_or_default()
                    } else {
                        Decimal::ZERO
                    };
                    figure += has - less;
                }
                figures.insert((shop.id.to_string(), sku.clone()), figure.max(Decimal::ZERO));
            }
        }
        figures
    }

    /// What the orders of all stores take that the ERP's figure doesn't miss yet, by SKU.
    fn taken(&self, sales: &[SaleView]) -> BTreeMap<String, Decimal> {
        let mut taken: BTreeMap<String, Decimal> = BTreeMap::new();
        for shop in &self.shops {
            for family in families::of(shop) {
                let mut references = vec![format!("{}{}", shop.prefix, family.root)];
                references
                    .extend(family.members.iter().map(|member| format!("{}{}", shop.prefix, member.id)));
                let of_family = |sale: &&SaleView| {
                    sale.web_id.as_ref().is_some_and(|reference| references.contains(reference))
                };
                let lines: Vec<&SaleLineView> =
                    sales.iter().filter(of_family).flat_map(|sale| &sale.lines).collect();
                for (sku, wanted) in family.wanted() {
                    let deducted: Decimal = lines
                        .iter()
                        .filter(|line| line.sku.as_deref() == Some(sku))
                        .map(|line| if self.figure == Figure::Free { line.reserved } else { line.moved })
                        .sum();
                    *taken.entry(sku.to_owned()).or_default() += (wanted - deducted).max(Decimal::ZERO);
                }
            }
        }
        taken
    }
}
