//! A hoodie in a store and in an ERP, and what the tests do to the two.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    catalogue::{
        Agreement, Choice, Decision, FieldChange, Gone, Halves, Owner, Pair, PriceRule, ProductRule, decide,
        halves_after,
    },
    contract::{FieldCapability, PriceKind, Side},
    model::{Facts, Field, Product, Shape, Value, Variant},
};

use crate::samples::{decimal, key, unit};

/// A pair with all that is remembered and answered about it.
#[derive(Clone, Debug)]
pub struct Bench {
    pub store: Product,
    pub erp: Product,
    pub links: Vec<(RemoteKey, RemoteKey)>,
    pub whole: bool,
    pub rule: ProductRule,
    pub bases: BTreeMap<RemoteKey, BTreeMap<Field, Halves>>,
    pub answers: BTreeMap<(RemoteKey, Field), Choice>,
    pub list_prices: Option<BTreeMap<RemoteKey, Option<Decimal>>>,
}

impl Bench {
    /// Both alike, never compared.
    pub fn new() -> Self {
        Self {
            store: product("S", Shape::Simple, &[("S", "HD")]),
            erp: product("T", Shape::Simple, &[("E", "HD")]),
            links: vec![(key("S"), key("E"))],
            whole: true,
            rule: rule(),
            bases: BTreeMap::new(),
            answers: BTreeMap::new(),
            list_prices: None,
        }
    }

    /// Both alike in so many variants, never compared.
    pub fn with_variants(count: usize) -> Self {
        let units = |prefix: &str| -> Vec<(String, String)> {
            (0..count).map(|number| (format!("{prefix}{number}"), format!("HD-{number}"))).collect()
        };
        let side = |named: &str, prefix: &str| {
            let units = units(prefix);
            let units: Vec<(&str, &str)> =
                units.iter().map(|(key, sku)| (key.as_str(), sku.as_str())).collect();
            product(named, Shape::Variants, &units)
        };
        Self {
            store: side("S", "s"),
            erp: side("T", "e"),
            links: (0..count).map(|n| (key(&format!("s{n}")), key(&format!("e{n}")))).collect(),
            ..Self::new()
        }
    }

    pub fn decide(&self) -> Decision {
        self.with_pair(|pair| decide(pair, &self.rule))
    }

    fn with_pair<T>(&self, act: impl FnOnce(&Pair<'_>) -> T) -> T {
        let taken = |side: Side, sku: &str| {
            let product = if side == Side::Store { &self.store } else { &self.erp };
            let holder = product.variants.iter().find(|variant| variant.unit.sku.as_deref() == Some(sku));
            holder.map(|variant| variant.unit.key.clone())
        };
        act(&Pair {
            store: &self.store,
            erp: &self.erp,
            links: &self.links,
            whole: self.whole,
            bases: &self.bases,
            list_prices: self.list_prices.as_ref(),
            answers: &self.answers,
            taken: &taken,
        })
    }

    /// Both are remembered as they are.
    pub fn agreed(mut self) -> Self {
        let agreed = self.with_pair(|pair| halves_after(pair, &self.rule));
        self.adopt(agreed);
        self
    }

    fn adopt(&mut self, agreed: Vec<Agreement>) {
        for Agreement { key, field, halves } in agreed {
            self.bases.entry(key).or_default().insert(field, halves);
        }
    }

    /// Writes all that isn't held, and remembers what agrees and what was written, as read back.
    pub fn carry_out(&mut self, decision: &Decision) {
        self.adopt(decision.agreed.clone());
        let written: Vec<&FieldChange> =
            decision.changes.iter().filter(|change| change.hold.is_none()).collect();
        // A price goes with its tax: both sides keep the kind that is written.
        for change in written.iter().filter(|change| change.field == Field::Tax) {
            self.set(change.to, &change.key, change.field, change.after.clone());
        }
        for change in written.iter().filter(|change| change.field != Field::Tax) {
            self.set(change.to, &change.key, change.field, change.after.clone());
        }
        let now = self.with_pair(|pair| halves_after(pair, &self.rule));
        let is_written = |agreement: &Agreement| {
            written
                .iter()
                .filter(|change| change.settles())
                .any(|change| (&change.store_key, change.field) == (&agreement.key, agreement.field))
        };
        self.adopt(now.into_iter().filter(is_written).collect());
    }

    pub fn set(&mut self, side: Side, named: &RemoteKey, field: Field, value: Value) {
        let holds = self.kind(side);
        let list =
            self.rule.price.as_ref().and_then(|price| price.list.as_ref()).filter(|_| side == Side::Erp);
        let listed = list.and(self.list_prices.as_mut()).filter(|_| field == Field::Price);
        if let Some(prices) = listed {
            prices.insert(named.clone(), value.as_number());
            return;
        }
        let product = if side == Side::Store { &mut self.store } else { &mut self.erp };
        if !field.is_of_unit() {
            product.facts.insert(field, value.clone());
            if let (Field::Tax, Some(percent)) = (field, value.as_number()) {
                for variant in &mut product.variants {
                    variant.unit.tax_percent = Some(percent);
                    // A store keeps its gross price when the tax moves, an ERP its net one: the other is a new one then.
                    let (keeps, kept) = match side {
                        Side::Store => (PriceKind::Gross, variant.unit.price_gross),
                        Side::Erp => (PriceKind::Net, variant.unit.price_net),
                    };
                    set_price(variant, keeps, kept);
                }
            }
            return;
        }
        let found = product.variants.iter_mut().find(|variant| &variant.unit.key == named);
        let variant = found.unwrap_or_else(|| panic!("{named}"));
        match field {
            Field::Sku => variant.unit.sku = value.as_text().map(str::to_owned),
            Field::Ean => variant.unit.ean = value.as_text().map(str::to_owned),
            Field::Active => variant.unit.active = value == Value::Flag(true),
            Field::Price => set_price(variant, holds, value.as_number()),
            _ => {
                variant.facts.insert(field, value);
            }
        }
    }

    fn kind(&self, side: Side) -> PriceKind {
        self.rule.price.as_ref().map_or(PriceKind::Net, |price| match side {
            Side::Store => price.authority,
            Side::Erp => price.erp_holds,
        })
    }

    pub fn store_text(&mut self, field: Field, text: &str) {
        self.set(Side::Store, &key("S"), field, Value::text(text));
    }

    pub fn erp_text(&mut self, field: Field, text: &str) {
        self.set(Side::Erp, &key("E"), field, Value::text(text));
    }

    pub fn store_price(&mut self, price: &str) {
        self.set(Side::Store, &key("S"), Field::Price, Value::number(decimal(price)));
    }

    pub fn erp_price(&mut self, price: &str) {
        self.set(Side::Erp, &key("E"), Field::Price, Value::number(decimal(price)));
    }

    pub fn own(&mut self, field: Field, owner: Owner) {
        self.rule.owners.insert(field, owner);
    }

    pub fn price_rule(&mut self) -> &mut PriceRule {
        self.rule.price.as_mut().unwrap_or_else(|| panic!("the sample rule moves prices"))
    }

    /// What is about to be written: side, field, value.
    pub fn planned(&self) -> Vec<(Side, Field, String)> {
        planned(&self.decide())
    }
}

pub fn planned(decision: &Decision) -> Vec<(Side, Field, String)> {
    decision.changes.iter().map(|change| (change.to, change.field, change.after.to_string())).collect()
}

pub fn set_price(variant: &mut Variant, kind: PriceKind, price: Option<Decimal>) {
    let percent = variant.unit.tax_percent.unwrap_or_default();
    let other =
        |from, to| price.and_then(|price| zygos_core::catalogue::convert(price, from, to, Some(percent), 4));
    match kind {
        PriceKind::Net => {
            variant.unit.price_net = price;
            variant.unit.price_gross = other(PriceKind::Net, PriceKind::Gross);
        }
        PriceKind::Gross => {
            variant.unit.price_gross = price;
            variant.unit.price_net = other(PriceKind::Gross, PriceKind::Net);
        }
    }
}

/// At 49.90 net and 19 %, 59.38 gross.
pub fn product(named: &str, shape: Shape, units: &[(&str, &str)]) -> Product {
    Product {
        key: key(named),
        shape,
        code: None,
        facts: Facts::from([
            (Field::Name, Value::text("Hoodie")),
            (Field::Description, Value::text("<p>Warm</p>")),
            (Field::Brand, Value::Empty),
            (Field::Categories, Value::paths([vec!["Clothes".to_owned()]])),
            (Field::Images, Value::addresses(["https://img/1.jpg".to_owned()])),
            (Field::Tax, Value::number(decimal("19"))),
        ]),
        variants: units.iter().map(|(named, sku)| variant(named, sku)).collect(),
        troubles: Vec::new(),
        modified_at: None,
    }
}

pub fn variant(named: &str, sku: &str) -> Variant {
    let mut unit = unit(named, Some(sku), None);
    unit.tax_percent = Some(decimal("19"));
    unit.price_net = Some(decimal("49.90"));
    unit.price_gross = Some(decimal("59.38"));
    Variant {
        unit,
        facts: Facts::from([
            (Field::Cost, Value::number(decimal("20"))),
            (Field::Weight, Value::number(decimal("0.5"))),
        ]),
        options: Vec::new(),
    }
}

/// Everything goes both ways, with the usual owners; the store's gross price holds, the ERP has net ones.
pub fn rule() -> ProductRule {
    let ability = FieldCapability { create: true, update: true, ..FieldCapability::default() };
    let fields: BTreeMap<Field, FieldCapability> =
        Field::ALL.into_iter().map(|field| (field, ability)).collect();
    ProductRule {
        to_store: true,
        to_erp: true,
        create_in_store: true,
        create_in_erp: true,
        active_in_store: false,
        owners: ProductRule::owners(&BTreeMap::new()),
        gone: Gone::Archive,
        option_name: "Variant".to_owned(),
        measure: "Unit".to_owned(),
        tax_classes: vec![(decimal("19"), "Goods 19".to_owned()), (decimal("21"), "Goods 21".to_owned())],
        price: Some(PriceRule {
            list: None,
            authority: PriceKind::Gross,
            erp_holds: PriceKind::Net,
            to_store: true,
            to_erp: true,
            owner: Owner::Erp,
            store_places: 2,
            erp_places: 4,
            jump_percent: decimal("30"),
        }),
        store_fields: fields.clone(),
        erp_fields: fields,
        erp_has_options: false,
    }
}
