//! What the catalogue's keeper does at the ERP: nothing here goes over the wire.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    TrytonSandbox, categories,
    context::Context,
    control::Refusal,
    errors::{Failure, Outcome},
    price_lists, products, rules, schema,
    state::Erp,
    store::{Store, Values},
    values::Value,
};
use crate::locked;

const PRODUCT: &str = "product.product";
const TEMPLATE: &str = "product.template";
const CATEGORY: &str = "product.category";
const IDENTIFIER: &str = "product.identifier";
const LIST: &str = "product.price_list";
const LINE: &str = "product.price_list.line";

/// A variant with what its template says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductView {
    pub id: i64,
    pub template: i64,
    pub sku: String,
    /// The template's part of the SKU.
    pub code: Option<String>,
    pub name: String,
    pub description: Option<String>,
    pub ean: Option<String>,
    /// What it is sold for without a list, without tax.
    pub price: Option<Decimal>,
    pub cost: Decimal,
    /// It and its template are.
    pub active: bool,
    /// Name of the accounting category.
    pub tax_class: Option<String>,
    /// Paths of its categories, those that are about accounts left out.
    pub categories: Vec<Vec<String>>,
    /// Name of the unit of measure.
    pub measure: String,
    /// Not counted: delivered whether the figure says it is there or not.
    pub consumable: bool,
}

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryView {
    pub id: i64,
    pub name: String,
    pub parent: Option<i64>,
}

fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn whole(store: &Store, product: i64) -> Outcome<i64> {
    store.one(PRODUCT, product, "template").ok_or_else(|| Failure::user("There is no such product."))
}

/// Writes as the keeper's own client does, with the rules that hold for everybody.
fn keep(erp: &mut Erp, model: &'static str, id: i64, field: &'static str, value: Value) -> Outcome<()> {
    let of = schema::model(model).ok_or_else(|| Failure::key(model))?;
    rules::may_write(&erp.store, of, id, &[field])?;
    erp.store.set(model, id, field, value);
    rules::complete(&mut erp.store, of, id);
    rules::check(&erp.store, of, id)
}

impl TrytonSandbox {
    /// Of the whole product that this is a variant of.
    pub fn set_name(&self, product: i64, name: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let template = whole(&erp.store, product)?;
            keep(erp, TEMPLATE, template, "name", Value::text(name))
        })
    }

    /// Of all variants of the product.
    pub fn set_description(&self, product: i64, text: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let template = whole(&erp.store, product)?;
            for variant in erp.store.pointing(PRODUCT, "template", template) {
                keep(erp, PRODUCT, variant, "description", Value::text(text))?;
            }
            Ok(())
        })
    }

    /// Another EAN, or none; only the identifier's own date of change moves.
    pub fn set_ean(&self, product: i64, ean: Option<&str>, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let is_ean = |id: &i64| erp.store.text(IDENTIFIER, *id, "type") == "ean";
            let known = erp.store.pointing(IDENTIFIER, "product", product).into_iter().find(is_ean);
            let id = match (known, ean) {
                (Some(id), Some(ean)) => {
                    erp.store.set(IDENTIFIER, id, "code", Value::text(ean));
                    id
                }
                (None, Some(ean)) => erp.store.insert(
                    IDENTIFIER,
                    Values::from([
                        ("product", Value::One(product)),
                        ("type", Value::text("ean")),
                        ("code", Value::text(ean)),
                    ]),
                ),
                (Some(id), None) => {
                    erp.store.remove(IDENTIFIER, id);
                    return Ok(());
                }
                (None, None) => return Ok(()),
            };
            products::check_identifier(&erp.store, id)
        })
    }

    /// The variant's own price; `None`: its template's holds again.
    pub fn set_own_price(&self, product: i64, price: Option<Decimal>, now: Timestamp) -> Result<(), Refusal> {
        let price = price.map_or(Value::Null, Value::Numeric);
        self.act(now, |erp| keep(erp, PRODUCT, product, "list_price", price))
    }

    /// The SKUs of two variants of one template, or of two templates without codes, change places.
    pub fn swap_skus(&self, one: i64, other: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let suffix = |id: i64| erp.store.get(PRODUCT, id, "suffix_code").clone();
            let (first, second) = (suffix(one), suffix(other));
            for (id, suffix) in [(one, second), (other, first)] {
                erp.store.set(PRODUCT, id, "suffix_code", suffix);
                products::set_code(&mut erp.store, id);
            }
            [one, other].into_iter().try_for_each(|id| products::check(&erp.store, id))
        })
    }

    /// A retired product is sold again; its SKU must be free.
    pub fn restore(&self, product: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| keep(erp, PRODUCT, product, "active", Value::Boolean(true)))
    }

    /// The whole product is sold no more, or again; its variants keep their own flags.
    pub fn set_template_active(&self, product: i64, active: bool, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let template = whole(&erp.store, product)?;
            keep(erp, TEMPLATE, template, "active", Value::Boolean(active))
        })
    }

    /// For good; refused once its goods have moved. The last variant's template stays.
    pub fn delete_product(&self, product: i64, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let of = schema::model(PRODUCT).ok_or_else(|| Failure::key(PRODUCT))?;
            super::records::delete(&mut erp.store, of, &[product])
        })
    }

    /// The accounting category of this name decides the tax from now on.
    pub fn set_tax_class(&self, product: i64, name: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let template = whole(&erp.store, product)?;
            let named = |id: &i64| erp.store.text(CATEGORY, *id, "name") == name;
            let category = erp.store.ids(CATEGORY).into_iter().find(named);
            let category = category.ok_or_else(|| Failure::user("There is no such category."))?;
            keep(erp, TEMPLATE, template, "account_category", Value::One(category))
        })
    }

    /// A plain category, at the root or below another.
    pub fn add_category(&self, name: &str, parent: Option<i64>, now: Timestamp) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            let values = Values::from([
                ("name", Value::text(name)),
                ("accounting", Value::Boolean(false)),
                ("parent", Value::one(parent)),
            ]);
            let id = erp.store.insert(CATEGORY, values);
            categories::check(&erp.store, id)?;
            Ok(id)
        })
    }

    pub fn rename_category(&self, category: i64, name: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| keep(erp, CATEGORY, category, "name", Value::text(name)))
    }

    /// Below another, or to the root; refused when it would be above itself.
    pub fn move_category(&self, category: i64, parent: Option<i64>, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| keep(erp, CATEGORY, category, "parent", Value::one(parent)))
    }

    /// Raw state that the server itself refuses to come into: a parent whatever follows from it.
    pub fn force_category_parent(&self, category: i64, parent: i64, now: Timestamp) {
        let mut erp = locked(&self.erp);
        erp.advance(now);
        erp.store.set(CATEGORY, category, "parent", Value::One(parent));
        erp.store.commit();
    }

    /// The product is in these plain categories and no others.
    pub fn set_categories(&self, product: i64, plain: &[i64], now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let template = whole(&erp.store, product)?;
            keep(erp, TEMPLATE, template, "categories", Value::Many(plain.to_vec()))
        })
    }

    pub fn categories(&self) -> Vec<CategoryView> {
        let erp = locked(&self.erp);
        let plain = |id: &i64| !erp.store.get(CATEGORY, *id, "accounting").is_true();
        let ids = erp.store.ids(CATEGORY).into_iter().filter(plain);
        ids.map(|id| CategoryView {
            id,
            name: erp.store.text(CATEGORY, id, "name").to_owned(),
            parent: erp.store.one(CATEGORY, id, "parent"),
        })
        .collect()
    }

    /// A list of prices without tax whose `unit_price` is the list price. `fixed` are lines of single products, before
    /// the one with `formula` for all others.
    pub fn add_price_list(
        &self,
        name: &str,
        formula: Option<&str>,
        fixed: &[(i64, Decimal)],
        now: Timestamp,
    ) -> Result<i64, Refusal> {
        self.act(now, |erp| {
            let company = Value::One(erp.store.base.company);
            let values = Values::from([
                ("name", Value::text(name)),
                ("active", Value::Boolean(true)),
                ("company", company),
                ("tax_included", Value::Boolean(false)),
                ("unit", Value::text("product_default")),
                ("price", Value::text("list_price")),
            ]);
            let list = erp.store.insert(LIST, values);
            for (product, price) in fixed {
                line(erp, list, Some(*product), &price.to_string())?;
            }
            if let Some(formula) = formula {
                line(erp, list, None, formula)?;
            }
            Ok(list)
        })
    }

    /// The first line of a list for this product gets this formula; a list that has none gets one, before all others.
    pub fn set_price_line(
        &self,
        list: i64,
        product: i64,
        formula: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.act(now, |erp| {
            let lines = price_lists::lines(&erp.store, list);
            let own = |id: &i64| erp.store.one(LINE, *id, "product") == Some(product);
            if let Some(id) = lines.iter().copied().find(own) {
                return keep(erp, LINE, id, "formula", Value::text(formula));
            }
            for (place, id) in (1_i64..).zip(lines) {
                erp.store.set(LINE, id, "sequence", Value::Integer(place));
            }
            line(erp, list, Some(product), formula)
        })
    }

    /// What a list sells one piece of a product for; `None`: it has no price for it, or there is no such list.
    pub fn listed_price(&self, list: &str, product: i64) -> Option<Decimal> {
        let erp = locked(&self.erp);
        let named = |id: &i64| erp.store.text(LIST, *id, "name") == list;
        let list = erp.store.ids(LIST).into_iter().find(named);
        let context = Context { price_list: Some(list?), ..Context::staff(&erp.store) };
        let price = price_lists::price(&erp.store, product, &context).ok()?;
        (!price.is_null()).then(|| price.as_decimal())
    }

    /// What the keeper changes of the list itself: what it is called.
    pub fn rename_price_list(&self, list: i64, name: &str, now: Timestamp) -> Result<(), Refusal> {
        self.act(now, |erp| keep(erp, LIST, list, "name", Value::text(name)))
    }

    /// Every variant, retired ones included, by id; services too.
    pub fn products(&self) -> Vec<ProductView> {
        let erp = locked(&self.erp);
        erp.store.ids(PRODUCT).into_iter().map(|id| view(&erp.store, id)).collect()
    }

    pub fn product(&self, id: i64) -> Option<ProductView> {
        let erp = locked(&self.erp);
        erp.store.exists(PRODUCT, id).then(|| view(&erp.store, id))
    }
}

fn line(erp: &mut Erp, list: i64, product: Option<i64>, formula: &str) -> Outcome<()> {
    let values = Values::from([
        ("price_list", Value::One(list)),
        ("product", Value::one(product)),
        ("formula", Value::text(formula)),
    ]);
    let id = erp.store.insert(LINE, values);
    price_lists::check_line(&erp.store, id)
}

fn view(store: &Store, id: i64) -> ProductView {
    let template = store.one(PRODUCT, id, "template").unwrap_or(0);
    let ean = store
        .pointing(IDENTIFIER, "product", id)
        .into_iter()
        .find(|identifier| store.text(IDENTIFIER, *identifier, "type") == "ean")
        .and_then(|identifier| optional(store.text(IDENTIFIER, identifier, "code")));
    let own = store.get(PRODUCT, id, "list_price");
    let price = if own.is_null() { store.get(TEMPLATE, template, "list_price") } else { own };
    let plain = store.get(TEMPLATE, template, "categories").as_many().iter().copied();
    let plain = plain.filter(|category| !store.get(CATEGORY, *category, "accounting").is_true());
    let path = |id: i64| store.record_name(CATEGORY, id).split(" / ").map(str::to_owned).collect();
    ProductView {
        id,
        template,
        sku: store.text(PRODUCT, id, "code").to_owned(),
        code: optional(store.text(TEMPLATE, template, "code")),
        name: store.text(TEMPLATE, template, "name").to_owned(),
        description: optional(store.text(PRODUCT, id, "description")),
        ean,
        price: (!price.is_null()).then(|| price.as_decimal()),
        cost: store.decimal(PRODUCT, id, "cost_price"),
        active: products::is_on_sale(store, id),
        tax_class: store
            .one(TEMPLATE, template, "account_category")
            .map(|category| store.text(CATEGORY, category, "name").to_owned()),
        categories: plain.map(path).collect(),
        measure: store
            .one(TEMPLATE, template, "default_uom")
            .map(|unit| store.text("product.uom", unit, "name").to_owned())
            .unwrap_or_default(),
        consumable: store.get(TEMPLATE, template, "consumable").is_true(),
    }
}
