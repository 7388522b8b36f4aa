//! What the merchant of a seed wants: whose each field is, which way it moves, and what is made where.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{
    catalogue::{Gone, Owner, ProductRule},
    contract::PriceKind,
    model::Field,
};
use zygos_engine::{Directions, PriceFlow, ProductFlow};
use zygos_scenarios::{
    flows::{BOTH, NEITHER, TO_STORE, both_ways, gross_prices},
    world::World,
};

const TO_ERP: Directions = Directions { to_store: false, to_erp: true };

/// The price list of those who have one.
pub const LIST: &str = "Web";

/// Fields that both sides have and that a flow may govern, price apart.
pub const FIELDS: [Field; 7] =
    [Field::Name, Field::Description, Field::Categories, Field::Tax, Field::Sku, Field::Ean, Field::Cost];

/// By store, in the order of the configuration.
#[derive(Clone)]
pub struct Wishes {
    pub stores: Vec<(ProductFlow, PriceFlow)>,
}

impl Wishes {
    /// The first dozens of seeds take each choice at least once.
    pub fn of(seed: u64) -> Self {
        let first = flows(seed);
        let second = if seed % 3 == 1 { flows(seed + 7) } else { first.clone() };
        Self { stores: vec![first, second] }
    }

    pub fn put_into(&self, world: &mut World) {
        for (shop, (products, prices)) in world.shops.iter().zip(&self.stores) {
            world.products.insert(shop.id.clone(), products.clone());
            world.prices.insert(shop.id.clone(), prices.clone());
        }
    }

    pub fn has_list(&self) -> bool {
        self.stores.iter().any(|(_, prices)| prices.list.is_some())
    }

    /// `None`: it is left alone. What several stores own, the first of them fills.
    pub fn owner(&self, store: usize, field: Field) -> Option<Owner> {
        if field == Field::Price {
            return Some(self.stores[store].1.owner);
        }
        let (flow, _) = &self.stores[store];
        let owner = owner_in(flow, field)?;
        let is_led = owner == Owner::Store
            && self.stores[..store]
                .iter()
                .any(|(flow, _)| flow.direction.to_erp && owner_in(flow, field) == Some(Owner::Store));
        (!is_led).then_some(owner)
    }

    pub fn goes_to_store(&self, store: usize, field: Field) -> bool {
        let (products, prices) = &self.stores[store];
        let direction = if field == Field::Price { prices.direction } else { products.direction };
        direction.to_store && matches!(self.owner(store, field), Some(Owner::Erp | Owner::Newest))
    }

    pub fn goes_to_erp(&self, store: usize, field: Field) -> bool {
        let (products, prices) = &self.stores[store];
        let direction = if field == Field::Price { prices.direction } else { products.direction };
        let is_led = field == Field::Price
            && prices.owner == Owner::Store
            && self.stores[..store].iter().any(|(_, other)| {
                other.owner == Owner::Store && other.direction.to_erp && other.list == prices.list
            });
        // Cost is computed there.
        direction.to_erp
            && !is_led
            && field != Field::Cost
            && matches!(self.owner(store, field), Some(Owner::Store | Owner::Newest))
    }

    pub fn creates_in_store(&self, store: usize) -> bool {
        self.stores[store].0.create.to_store
    }

    pub fn creates_in_erp(&self, store: usize) -> bool {
        self.stores[store].0.create.to_erp
    }

    pub fn gone(&self, store: usize) -> Gone {
        self.stores[store].0.gone
    }
}

fn owner_in(flow: &ProductFlow, field: Field) -> Option<Owner> {
    match flow.owners.get(&field) {
        Some(owner) => Some(*owner),
        None if FIELDS.contains(&field) => ProductRule::usual_owner(field),
        None => None,
    }
}

fn flows(seed: u64) -> (ProductFlow, PriceFlow) {
    let mut chance = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let all = |owner: Owner| FIELDS.into_iter().map(|field| (field, owner)).collect::<BTreeMap<_, _>>();
    let owners = match seed % 5 {
        0 => BTreeMap::new(),
        1 => all(Owner::Newest),
        2 => all(Owner::Erp),
        3 => all(Owner::Store),
        _ => {
            let some = [Owner::Erp, Owner::Newest, Owner::Store];
            FIELDS.into_iter().map(|field| (field, some[chance.usize(..3)])).collect()
        }
    };
    let direction = [BOTH, BOTH, TO_STORE, TO_ERP, BOTH, BOTH][usize::from(chance.u8(..6))];
    let create = [BOTH, BOTH, BOTH, BOTH, TO_STORE, TO_ERP, NEITHER][usize::from(chance.u8(..7))];
    let products = ProductFlow {
        direction,
        create,
        owners,
        gone: [Gone::Ask, Gone::Archive, Gone::Leave][usize::try_from(seed / 2 % 3).expect("a place")],
        tax_classes: vec![
            (Decimal::from(19), "Shop goods".to_owned()),
            (Decimal::from(9), "Reduced rate goods".to_owned()),
        ],
        ..both_ways()
    };
    let (owner, ways) = match seed % 3 {
        0 => (Owner::Erp, [TO_STORE, BOTH]),
        1 => (Owner::Newest, [BOTH, BOTH]),
        _ => (Owner::Store, [TO_ERP, BOTH]),
    };
    let (authority, places) =
        if seed.is_multiple_of(2) { (PriceKind::Gross, 2) } else { (PriceKind::Net, 4) };
    let list = (seed % 4 == 3).then_some(LIST);
    let prices = PriceFlow {
        direction: ways[usize::from(chance.bool())],
        owner,
        authority,
        places,
        ..gross_prices(list)
    };
    (products, prices)
}
