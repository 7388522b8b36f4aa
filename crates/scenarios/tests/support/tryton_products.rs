//! What the Tryton connector does with products, tried alike on the sandbox and on a real server. People's part is
//! done by the same calls on both.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use zygos_connectors::tryton::Tryton;
use zygos_core::{
    RemoteKey,
    contract::{
        CallContext, Connector, ErrorKind, Fetch, NewProduct, NewVariant, PriceKind, ProductChanges, Write,
    },
    model::{Entity, Facts, Field, PriceNews, Product, Record, Shape, Value},
};
use zygos_scenarios::conformance::products::{
    self, Shelf, applied, apply, by_key, change_of, create, fetch, field_of, follow, of_sku, product_of,
};

use super::people::People;

pub struct Erp {
    pub connector: Tryton,
    /// The same, told to confirm what Tryton asks a person about.
    pub confident: Tryton,
    pub people: People,
    pub context: Box<dyn Fn() -> CallContext + Send + Sync>,
    /// Makes texts of this run different from those of another.
    pub run: i64,
    pub used: AtomicU32,
    /// A storage zone.
    pub storage: i64,
}

#[async_trait]
impl Shelf for Erp {
    fn connector(&self) -> &dyn Connector {
        &self.connector
    }

    fn context(&self) -> CallContext {
        (self.context)()
    }

    fn unique(&self, stem: &str) -> String {
        format!("{stem}{}x{}", self.run, self.used.fetch_add(1, Ordering::Relaxed))
    }

    fn product(&self, code: &str, skus: &[String]) -> NewProduct {
        let variant = |sku: &String| NewVariant {
            facts: Facts::from([
                (Field::Sku, Value::text(sku)),
                (Field::Price, Value::number(Decimal::new(1990, 2))),
                (Field::Cost, Value::number(Decimal::new(75, 1))),
                (Field::Active, Value::Flag(true)),
            ]),
            options: Vec::new(),
            tracked: true,
        };
        NewProduct {
            shape: if skus.len() > 1 { Shape::Variants } else { Shape::Simple },
            facts: Facts::from([
                (Field::Name, Value::text("Hoodie, grün")),
                (Field::Description, Value::text("<p>Warm.</p>\nOf wool: Ελληνικά, ăș 😀")),
                (Field::Tax, Value::number(Decimal::new(19, 0))),
                (Field::Measure, Value::text("Unit")),
            ]),
            tax_class: Some("Shop goods".to_owned()),
            code: Some(code.to_owned()),
            variants: skus.iter().map(variant).collect(),
            prices: PriceKind::Net,
        }
    }

    async fn rename(&self, product: &RemoteKey, name: &str) {
        let values = json!([[template(product)], {"name": name}]);
        self.people.call("product.template.write", values).await;
    }
}

fn template(product: &RemoteKey) -> i64 {
    product.as_str().strip_prefix("product.template,").unwrap().parse().unwrap()
}

fn number(key: &RemoteKey) -> i64 {
    key.as_str().parse().unwrap()
}

fn money(text: &str) -> Json {
    json!({"__class__": "Decimal", "decimal": text})
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

impl Erp {
    async fn simple(&self) -> (String, Product) {
        let sku = self.unique("S");
        let made = create(self, self.product("", std::slice::from_ref(&sku))).await;
        (sku, made)
    }

    async fn several(&self, sizes: &[&str]) -> (Vec<String>, Product) {
        let code = format!("{}-", self.unique("V"));
        let skus: Vec<String> = sizes.iter().map(|size| format!("{code}{size}")).collect();
        let made = create(self, self.product(&code, &skus)).await;
        (skus, made)
    }

    /// A change of one field of the variant with this SKU.
    fn change(&self, product: &Product, sku: &str, field: Field, value: Value) -> ProductChanges {
        let mut change = change_of(product);
        change.units.insert(of_sku(product, sku).unit.key.clone(), Facts::from([(field, value)]));
        change
    }

    async fn update(&self, change: ProductChanges) -> Product {
        product_of(&applied(self, Write::UpdateProduct(Box::new(change))).await).clone()
    }

    async fn must_refuse(&self, change: ProductChanges, field: &str) {
        let refused = apply(self, Write::UpdateProduct(Box::new(change))).await.unwrap_err();
        assert_eq!(field_of(&refused), Some(field), "{refused}");
    }

    async fn prices(&self, list: &str, units: &[&RemoteKey]) -> Vec<Option<Decimal>> {
        let keys = units.iter().map(|key| (*key).clone()).collect();
        let what = Fetch::Prices { list: list.to_owned(), units: keys };
        let items = self.connector.fetch(&self.context(), &what).await.unwrap();
        let of = |unit: &RemoteKey| {
            items.iter().find_map(|item| match item {
                Ok(Record::Price(row)) if &row.unit == unit => Some((row.net, row.list.clone())),
                _ => None,
            })
        };
        units
            .iter()
            .map(|unit| {
                let (net, named) = of(unit).unwrap_or_else(|| panic!("a row for {unit}: {items:?}"));
                assert_eq!(named, list);
                net
            })
            .collect()
    }

    async fn list(&self, values: Json) -> (String, i64) {
        let name = self.unique("List ");
        let mut values = values;
        values["name"] = json!(name);
        let made = self.people.call("product.price_list.create", json!([[values]])).await;
        (name, made[0].as_i64().unwrap())
    }
}

/// Every promise, in one go: names of what was kept.
pub async fn run(erp: &Erp) -> Vec<&'static str> {
    let mut kept = products::run(erp).await;
    macro_rules! keep {
        ($($name:ident),* $(,)?) => { $( $name(erp).await; kept.push(stringify!($name)); )* };
    }
    keep!(
        there_is_to_choose_from_what_the_server_has,
        a_product_of_very_many_variants_is_made_and_added_to_in_parts,
        a_simple_product_has_no_code_and_its_unit_no_parent,
        an_article_number_is_written_changed_taken_away_and_checked,
        a_tax_is_an_accounting_category,
        a_published_product_is_taken_out_of_the_shops_when_it_is_retired,
        a_product_with_stock_is_retired_only_when_warnings_are_skipped,
        what_is_retired_is_changed_only_when_it_comes_back,
        a_variant_comes_back_with_its_template_and_brings_no_other,
        skus_are_swapped_and_rebuilt,
        a_price_holds_for_the_template_or_the_variant,
        prices_that_tryton_does_not_take_are_refused,
        a_cost_is_given_at_the_beginning_only,
        a_price_list_says_what_a_piece_costs,
        a_price_is_written_into_a_list_before_what_holds_now,
        a_price_list_with_tax_takes_prices_with_tax,
        a_price_is_per_unit_of_stock_whatever_it_is_sold_in,
        a_formula_that_fails_spoils_one_price_only,
        a_feed_of_prices_names_the_list_and_the_products,
        a_renamed_category_brings_its_products,
        a_variant_deleted_by_hand_is_gone,
        two_categories_of_one_path_and_accounting_ones_stay,
        what_tryton_refuses_in_its_own_words_names_no_record,
    );
    kept
}

async fn there_is_to_choose_from_what_the_server_has(erp: &Erp) {
    let (list, _) = erp.list(json!({"price": "list_price"})).await;
    let found = erp.connector.discover(&erp.context()).await.unwrap();
    assert!(found.price_lists.iter().any(|named| named.name == list));
    let class = found.tax_classes.iter().find(|class| class.name == "Reduced rate goods").unwrap();
    assert_eq!(class.percent, Some(Decimal::new(9, 0)));
    assert!(found.tax_classes.iter().any(|class| class.percent == Some(Decimal::ZERO)));
    let unit = found.measures.iter().find(|measure| measure.name == "Unit").unwrap();
    assert_eq!(unit.code.as_deref(), Some("u"));
}

async fn a_product_of_very_many_variants_is_made_and_added_to_in_parts(erp: &Erp) {
    let code = format!("{}-", erp.unique("MANY"));
    let skus: Vec<String> = (0..180).map(|number| format!("{code}{number:03}")).collect();
    let made = create(erp, erp.product(&code, &skus[..120])).await;
    assert_eq!(made.variants.len(), 120);
    let variants = erp.product(&code, &skus).variants;
    let write = Write::CreateVariants { product: made.key.clone(), variants, prices: PriceKind::Net };
    let after = applied(erp, write).await;
    assert_eq!(product_of(&after).variants.len(), 180);
    let mut change = change_of(product_of(&after));
    change.facts.insert(Field::Description, Value::text("Another"));
    change.facts.insert(Field::Name, Value::text("Very many"));
    let after = erp.update(change).await;
    assert_eq!(after.facts[&Field::Description], Value::text("Another"));
    let (_, taken) = erp.simple().await;
    let mut clash = erp.product("", &(0..60).map(|n| format!("{}{n}", erp.unique("C"))).collect::<Vec<_>>());
    let sku = taken.variants[0].unit.sku.clone().unwrap();
    clash.variants[59].facts.insert(Field::Sku, Value::text(&sku));
    let first = clash.variants[0].facts[&Field::Sku].as_text().unwrap().to_owned();
    let refused = apply(erp, Write::CreateProduct(Box::new(clash))).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("sku"), "{refused}");
    assert_eq!(fetch(erp, Fetch::ProductsBySku { skus: vec![first] }).await, []);
}

async fn a_simple_product_has_no_code_and_its_unit_no_parent(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    assert_eq!((made.shape, &made.code), (Shape::Simple, &None));
    assert_eq!(made.variants[0].unit.parent, None);
    let unit = made.variants[0].unit.key.clone();
    let what = Fetch::UnitsBySku { skus: vec![sku] };
    let units = erp.connector.fetch(&erp.context(), &what).await.unwrap();
    let Some(Ok(Record::Product(read))) = units.first() else { panic!("{units:?}") };
    assert_eq!((&read.key, &read.parent), (&unit, &None));
    let (skus, several) = erp.several(&["S", "M"]).await;
    assert!(several.code.as_ref().is_some_and(|code| skus[0].starts_with(code.as_str())));
    let what = Fetch::UnitsBySku { skus: vec![skus[0].clone()] };
    let units = erp.connector.fetch(&erp.context(), &what).await.unwrap();
    let Some(Ok(Record::Product(read))) = units.first() else { panic!("{units:?}") };
    assert_eq!(read.parent.as_ref(), Some(&several.key));
}

async fn an_article_number_is_written_changed_taken_away_and_checked(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    let set = |value: Value| erp.change(&made, &sku, Field::Ean, value);
    let ean = |product: &Product| product.variants[0].unit.ean.clone();
    assert_eq!(ean(&erp.update(set(Value::text("4006381 333931"))).await).as_deref(), Some("4006381333931"));
    assert_eq!(ean(&erp.update(set(Value::text("96385074"))).await).as_deref(), Some("96385074"));
    erp.must_refuse(set(Value::text("96385075")), "ean").await;
    assert_eq!(ean(&by_key(erp, &made.key).await).as_deref(), Some("96385074"));
    assert_eq!(ean(&erp.update(set(Value::Empty)).await), None);
    let mut wrong = erp.product("", &[erp.unique("E")]);
    wrong.variants[0].facts.insert(Field::Ean, Value::text("4006381333932"));
    let refused = apply(erp, Write::CreateProduct(Box::new(wrong.clone()))).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("ean"), "{refused}");
    wrong.variants[0].facts.insert(Field::Ean, Value::text("4006381333931"));
    assert_eq!(ean(&create(erp, wrong).await).as_deref(), Some("4006381333931"));
}

async fn a_tax_is_an_accounting_category(erp: &Erp) {
    let mut new = erp.product("", &[erp.unique("T")]);
    new.tax_class = None;
    new.facts.insert(Field::Tax, Value::number(Decimal::new(9, 0)));
    let made = create(erp, new.clone()).await;
    assert_eq!(made.facts[&Field::Tax], Value::number(Decimal::new(9, 0)));
    assert_eq!(made.variants[0].unit.tax_percent, Some(Decimal::new(9, 0)));
    let mut change = change_of(&made);
    change.facts.insert(Field::Tax, Value::number(Decimal::new(19, 0)));
    change.tax_class = Some("Reduced rate goods".to_owned());
    erp.must_refuse(change.clone(), "tax").await;
    change.tax_class = Some("Shop goods".to_owned());
    assert_eq!(erp.update(change).await.facts[&Field::Tax], Value::number(Decimal::new(19, 0)));
    for (percent, class) in [(24, None), (9, Some("Nothing of that name"))] {
        let mut new = erp.product("", &[erp.unique("T")]);
        new.tax_class = class.map(str::to_owned);
        new.facts.insert(Field::Tax, Value::number(Decimal::new(percent, 0)));
        let refused = apply(erp, Write::CreateProduct(Box::new(new))).await.unwrap_err();
        assert_eq!(field_of(&refused), Some("tax"), "{refused}");
    }
}

async fn a_published_product_is_taken_out_of_the_shops_when_it_is_retired(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    let unit = number(&made.variants[0].unit.key);
    let publish = json!([[unit], {"web_shops": [["add", [1, 2]]]}]);
    erp.people.call("product.product.write", publish).await;
    let alone = json!([[unit], {"active": false}]);
    assert_eq!(erp.people.refused("product.product.write", alone).await, "UserError");
    let after = erp.update(erp.change(&made, &sku, Field::Active, Value::Flag(false))).await;
    assert!(!after.variants[0].unit.active);
    let read = erp.people.call("product.product.read", json!([[unit], ["web_shops"]])).await;
    assert_eq!(read[0]["web_shops"], json!([]));
}

async fn a_product_with_stock_is_retired_only_when_warnings_are_skipped(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    let unit = number(&made.variants[0].unit.key);
    let count =
        json!([[{"location": erp.storage, "lines": [["create", [{"product": unit, "quantity": 5.0}]]]}]]);
    let inventory = erp.people.call("stock.inventory.create", count).await;
    erp.people.call("stock.inventory.confirm", json!([inventory])).await;
    let change = erp.change(&made, &sku, Field::Active, Value::Flag(false));
    erp.must_refuse(change.clone(), "active").await;
    assert!(by_key(erp, &made.key).await.variants[0].unit.active);
    let write = [Write::UpdateProduct(Box::new(change))];
    let applied = erp.confident.apply(&erp.context(), &write).await.remove(0).unwrap();
    assert!(!product_of(&applied).variants[0].unit.active);
    // With goods that have moved, their cost is nobody's to write.
    let cost = json!([[unit], {"cost_price": money("9")}]);
    assert_eq!(erp.people.refused("product.product.write", cost).await, "UserError");
    let delete = json!([[unit]]);
    assert_eq!(erp.people.refused("product.product.delete", delete).await, "UserError");
}

async fn what_is_retired_is_changed_only_when_it_comes_back(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M"]).await;
    let small = skus[0].as_str();
    erp.update(erp.change(&made, small, Field::Active, Value::Flag(false))).await;
    erp.must_refuse(erp.change(&made, small, Field::Price, Value::number(Decimal::ONE)), "active").await;
    let mut change = erp.change(&made, small, Field::Price, Value::number(Decimal::ONE));
    let unit = of_sku(&made, small).unit.key.clone();
    change.units.get_mut(&unit).unwrap().insert(Field::Active, Value::Flag(true));
    change.facts.insert(Field::Description, Value::text("Back"));
    let after = erp.update(change).await;
    assert!(of_sku(&after, small).unit.active);
    assert_eq!(of_sku(&after, small).unit.price_net, Some(Decimal::ONE));
    assert_eq!(after.facts[&Field::Description], Value::text("Back"));
    // The server itself lets nobody write it.
    erp.update(erp.change(&made, small, Field::Active, Value::Flag(false))).await;
    for values in
        [json!({"description": "x"}), json!({"suffix_code": "x"}), json!({"list_price": money("1")})]
    {
        let refused = erp.people.refused("product.product.write", json!([[number(&unit)], values])).await;
        assert_eq!(refused, "UserError");
    }
    let born = json!([[{"template": template(&made.key), "suffix_code": "R", "active": false}]]);
    assert_eq!(erp.people.refused("product.product.create", born).await, "UserError");
    let mut retired = erp.product("", &[erp.unique("R")]);
    retired.variants[0].facts.insert(Field::Active, Value::Flag(false));
    assert!(!create(erp, retired).await.variants[0].unit.active);
}

async fn a_variant_comes_back_with_its_template_and_brings_no_other(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M", "L"]).await;
    let whole = template(&made.key);
    erp.people.call("product.template.write", json!([[whole], {"active": false}])).await;
    let read = by_key(erp, &made.key).await;
    assert!(read.variants.iter().all(|variant| !variant.unit.active), "{read:?}");
    let found = fetch(erp, Fetch::ProductsBySku { skus: skus.clone() }).await;
    assert_eq!(found, [], "retired with their template");
    let mut rename = change_of(&made);
    rename.facts.insert(Field::Name, Value::text("Not yet"));
    erp.must_refuse(rename, "active").await;
    assert_eq!(
        erp.people.refused("product.template.write", json!([[whole], {"name": "Not yet"}])).await,
        "UserError"
    );
    let after = erp.update(erp.change(&made, &skus[1], Field::Active, Value::Flag(true))).await;
    let active: Vec<bool> = skus.iter().map(|sku| of_sku(&after, sku).unit.active).collect();
    assert_eq!(active, [false, true, false]);
}

async fn skus_are_swapped_and_rebuilt(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M", "L"]).await;
    let keys: Vec<RemoteKey> = skus.iter().map(|sku| of_sku(&made, sku).unit.key.clone()).collect();
    let mut swap = change_of(&made);
    for (key, sku) in [(&keys[0], &skus[1]), (&keys[1], &skus[0])] {
        swap.units.insert(key.clone(), Facts::from([(Field::Sku, Value::text(sku))]));
    }
    let after = erp.update(swap).await;
    assert_eq!(of_sku(&after, &skus[0]).unit.key, keys[1]);
    assert_eq!(of_sku(&after, &skus[1]).unit.key, keys[0]);
    let elsewhere = erp.unique("ELSEWHERE");
    erp.must_refuse(erp.change(&after, &skus[2], Field::Sku, Value::text(&elsewhere)), "sku").await;
    let (taken, _) = erp.simple().await;
    let (sku, alone) = erp.simple().await;
    erp.must_refuse(erp.change(&alone, &sku, Field::Sku, Value::text(&taken)), "sku").await;
    let renamed = erp.update(erp.change(&alone, &sku, Field::Sku, Value::text(&elsewhere))).await;
    assert_eq!(renamed.variants[0].unit.sku.as_deref(), Some(elsewhere.as_str()));
    // A template with a code and one variant: the code goes.
    let (skus, made) = erp.several(&["S", "M"]).await;
    let gone = number(&of_sku(&made, &skus[1]).unit.key);
    erp.people.call("product.product.delete", json!([[gone]])).await;
    let made = by_key(erp, &made.key).await;
    let other = erp.unique("OTHER");
    let renamed = erp.update(erp.change(&made, &skus[0], Field::Sku, Value::text(&other))).await;
    assert_eq!((renamed.code, renamed.shape), (None, Shape::Simple));
    assert_eq!(renamed.variants[0].unit.sku.as_deref(), Some(other.as_str()));
}

async fn a_price_holds_for_the_template_or_the_variant(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    let whole = template(&made.key);
    let after = erp.update(erp.change(&made, &sku, Field::Price, Value::number(decimal("12.3456")))).await;
    assert_eq!(after.variants[0].unit.price_net, Some(decimal("12.3456")));
    let read = erp.people.call("product.template.read", json!([[whole], ["list_price"]])).await;
    assert_eq!(read[0]["list_price"]["decimal"], "12.3456");
    let own = json!([[number(&made.variants[0].unit.key)], {"list_price": money("7")}]);
    erp.people.call("product.product.write", own).await;
    let after = erp.update(erp.change(&made, &sku, Field::Price, Value::number(decimal("8")))).await;
    assert_eq!(after.variants[0].unit.price_net, Some(decimal("8")));
    let read = erp.people.call("product.template.read", json!([[whole], ["list_price"]])).await;
    assert_eq!(read[0]["list_price"]["decimal"], "12.3456", "the template's stays as it was");
    let mut mixed = erp.product("", &[erp.unique("P"), erp.unique("P")]);
    mixed.variants[1].facts.remove(&Field::Price);
    let made = create(erp, mixed).await;
    let prices: Vec<Option<Decimal>> = made.variants.iter().map(|v| v.unit.price_net).collect();
    assert_eq!(prices, [Some(decimal("19.90")), None], "one without a price inherits none");
    // Whoever works on this server afterwards finds nothing that can't be sold.
    let priced = json!([[number(&made.variants[1].unit.key)], {"list_price": money("7")}]);
    erp.people.call("product.product.write", priced).await;
}

async fn prices_that_tryton_does_not_take_are_refused(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    let fine = Value::number(decimal("1.23456"));
    erp.must_refuse(erp.change(&made, &sku, Field::Price, fine), "price").await;
    let mut gross = erp.change(&made, &sku, Field::Price, Value::number(Decimal::ONE));
    gross.prices = PriceKind::Gross;
    let refused = apply(erp, Write::UpdateProduct(Box::new(gross))).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unsupported);
}

async fn a_cost_is_given_at_the_beginning_only(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    assert_eq!(made.variants[0].facts[&Field::Cost], Value::number(decimal("7.5")));
    erp.must_refuse(erp.change(&made, &sku, Field::Cost, Value::number(Decimal::ONE)), "cost").await;
    erp.update(erp.change(&made, &sku, Field::Cost, Value::number(decimal("7.50")))).await;
}

async fn a_price_list_says_what_a_piece_costs(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M"]).await;
    let (small, medium) = (&of_sku(&made, &skus[0]).unit.key, &of_sku(&made, &skus[1]).unit.key);
    let (list, _) = erp
        .list(json!({"price": "list_price", "lines": [["create", [
            {"formula": "8.0", "product": number(small), "quantity": 10.0},
            {"formula": "12.50", "product": number(small)},
            {"formula": "unit_price * 0.9"}]]]}))
        .await;
    assert_eq!(erp.prices(&list, &[small, medium]).await, [Some(decimal("12.5")), Some(decimal("17.91"))]);
    let (some, _) = erp
        .list(json!({"price": "list_price", "lines": [["create", [{"formula": "3", "product": number(small)}]]]}))
        .await;
    assert_eq!(erp.prices(&some, &[small, medium]).await, [Some(decimal("3")), None]);
    let gone = RemoteKey::new("999999999");
    let what = Fetch::Prices { list: some.clone(), units: vec![gone] };
    assert_eq!(erp.connector.fetch(&erp.context(), &what).await.unwrap(), []);
    let what = Fetch::Prices { list: "No such list".to_owned(), units: vec![small.clone()] };
    let refused = erp.connector.fetch(&erp.context(), &what).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("price_list"));
    assert!(refused.message.contains(&some), "{refused}");
}

async fn a_price_is_written_into_a_list_before_what_holds_now(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M", "L"]).await;
    let keys: Vec<RemoteKey> = skus.iter().map(|sku| of_sku(&made, sku).unit.key.clone()).collect();
    let (list, id) = erp
        .list(json!({"price": "list_price", "lines": [["create", [
            {"formula": "unit_price * 0.9"},
            {"formula": "cost_price * 2", "product": number(&keys[2]), "sequence": 1}]]]}))
        .await;
    let priced = |sku: &str, price: &str| {
        let mut change = erp.change(&made, sku, Field::Price, Value::number(decimal(price)));
        change.price_list = Some(list.clone());
        change
    };
    let all: Vec<&RemoteKey> = keys.iter().collect();
    let discount = Some(decimal("17.91"));
    assert_eq!(erp.prices(&list, &all).await, [discount, discount, discount]);
    erp.update(priced(&skus[0], "12.50")).await;
    assert_eq!(erp.prices(&list, &all).await, [Some(decimal("12.5")), discount, discount]);
    erp.update(priced(&skus[0], "13.1234")).await;
    let twice = applied(erp, Write::UpdateProduct(Box::new(priced(&skus[0], "13.1234")))).await;
    assert!(twice.already);
    erp.update(priced(&skus[1], "9")).await;
    assert_eq!(erp.prices(&list, &all).await, [Some(decimal("13.1234")), Some(decimal("9")), discount]);
    let lines = json!([[["price_list", "=", id]], 0, null, null, ["product", "formula"]]);
    let lines = erp.people.call("product.price_list.line.search_read", lines).await;
    assert_eq!(lines.as_array().unwrap().len(), 4, "one line a product, rewritten: {lines}");
    let (computed, _) = erp
        .list(json!({"price": "list_price", "lines": [["create", [
            {"formula": "cost_price * 2", "product": number(&keys[0])}]]]}))
        .await;
    let mut change = priced(&skus[0], "1");
    change.price_list = Some(computed);
    erp.must_refuse(change.clone(), "price").await;
    change.price_list = Some("No such list".to_owned());
    erp.must_refuse(change, "price_list").await;
    let own = by_key(erp, &made.key).await;
    assert!(own.variants.iter().all(|variant| variant.unit.price_net == Some(decimal("19.90"))));
}

async fn a_price_list_with_tax_takes_prices_with_tax(erp: &Erp) {
    let (sku, made) = erp.simple().await;
    let unit = made.variants[0].unit.key.clone();
    let (list, _) = erp.list(json!({"price": "list_price", "tax_included": true})).await;
    let mut change = erp.change(&made, &sku, Field::Price, Value::number(decimal("23.80")));
    change.price_list = Some(list.clone());
    let refused = apply(erp, Write::UpdateProduct(Box::new(change.clone()))).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unsupported);
    change.prices = PriceKind::Gross;
    erp.update(change).await;
    let what = Fetch::Prices { list, units: vec![unit] };
    let items = erp.connector.fetch(&erp.context(), &what).await.unwrap();
    let Some(Ok(Record::Price(row))) = items.first() else { panic!("{items:?}") };
    assert_eq!((row.net, row.gross), (Some(decimal("20")), Some(decimal("23.8"))));
}

async fn a_price_is_per_unit_of_stock_whatever_it_is_sold_in(erp: &Erp) {
    let measures = json!([[["name", "in", ["Kilogram", "Gram"]]], 0, null, [["id", "ASC"]], ["name"]]);
    let measures = erp.people.call("product.uom.search_read", measures).await;
    let of = |name: &str| {
        let rows = measures.as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["id"].as_i64().unwrap()
    };
    let rice = json!([[{
        "name": "Rice", "type": "goods", "default_uom": of("Gram"), "sale_uom": of("Kilogram"),
        "purchase_uom": of("Kilogram"), "salable": true, "list_price": money("0.01"), "account_category": 1,
        "products": [["create", [{"suffix_code": erp.unique("RICE")}]]]}]]);
    let whole = erp.people.call("product.template.create", rice).await[0].as_i64().unwrap();
    let rice = by_key(erp, &RemoteKey::new(format!("product.template,{whole}"))).await;
    let (_, other) = erp.simple().await;
    let (list, _) = erp
        .list(json!({"price": "list_price", "lines": [["create", [{"formula": "unit_price * 0.9"}]]]}))
        .await;
    let units = [&rice.variants[0].unit.key, &other.variants[0].unit.key];
    assert_eq!(rice.variants[0].unit.price_net, Some(decimal("0.01")));
    assert_eq!(erp.prices(&list, &units).await, [Some(decimal("0.009")), Some(decimal("17.91"))]);
}

async fn a_formula_that_fails_spoils_one_price_only(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M", "L"]).await;
    let mut free = erp.product("", &[erp.unique("F")]);
    free.variants[0].facts.insert(Field::Cost, Value::number(Decimal::ZERO));
    let free = create(erp, free).await.variants[0].unit.key.clone();
    let (list, id) = erp.list(json!({"price": "list_price"})).await;
    let line = json!([[{"price_list": id, "formula": "list_price / cost_price"}]]);
    erp.people.call("product.price_list.line.create", line).await;
    let mut units: Vec<RemoteKey> = skus.iter().map(|sku| of_sku(&made, sku).unit.key.clone()).collect();
    units.push(free.clone());
    let what = Fetch::Prices { list, units };
    let items = erp.connector.fetch(&erp.context(), &what).await.unwrap();
    assert_eq!(items.len(), 4);
    let failed: Vec<_> = items.iter().filter_map(|item| item.as_ref().err()).collect();
    assert_eq!(failed.len(), 1, "{items:?}");
    assert_eq!(failed[0].key, Some(free));
}

async fn a_feed_of_prices_names_the_list_and_the_products(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M"]).await;
    let small = of_sku(&made, &skus[0]).unit.key.clone();
    let (list, id) = erp
        .list(json!({"price": "list_price", "lines": [["create", [
            {"formula": "12.50", "product": number(&small)}, {"formula": "unit_price"}]]]}))
        .await;
    let (_, begun) = follow(erp, Entity::Price, None).await;
    let told = async |since| {
        let (told, next) = follow(erp, Entity::Price, Some(since)).await;
        let news: Vec<PriceNews> = told
            .into_iter()
            .filter_map(|record| match record {
                Record::PriceNews(news) if news.list_name == list => Some(news),
                _ => None,
            })
            .collect();
        (news, next)
    };
    let lines = json!([[["price_list", "=", id]], 0, null, [["id", "ASC"]]]);
    let lines = erp.people.call("product.price_list.line.search", lines).await;
    let write = |line: &Json, formula: &str| json!([[line], {"formula": formula}]);
    erp.people.call("product.price_list.line.write", write(&lines[0], "13")).await;
    let (news, next) = told(&begun).await;
    assert_eq!(news.len(), 1, "{news:?}");
    assert_eq!(news[0].list, RemoteKey::new(id.to_string()));
    assert_eq!(news[0].units, Some(vec![small]));
    erp.people.call("product.price_list.line.write", write(&lines[1], "unit_price * 0.8")).await;
    let (news, next) = told(&next).await;
    assert_eq!(news.iter().map(|news| news.units.clone()).collect::<Vec<_>>(), [None]);
    erp.people.call("product.price_list.write", json!([[id], {"price": "cost_price"}])).await;
    let (news, _) = told(&next).await;
    assert_eq!(news.iter().map(|news| news.units.clone()).collect::<Vec<_>>(), [None]);
}

async fn a_renamed_category_brings_its_products(erp: &Erp) {
    let path = vec![erp.unique("Top"), "Below".to_owned()];
    applied(erp, Write::CreateCategory { path: path.clone() }).await;
    let mut new = erp.product("", &[erp.unique("K")]);
    new.facts.insert(Field::Categories, Value::paths([path.clone()]));
    let made = create(erp, new).await;
    let (_, begun) = follow(erp, Entity::Catalogue, None).await;
    let top = json!([[["name", "=", path[0]]], 0, null, null]);
    let top = erp.people.call("product.category.search", top).await;
    let renamed = erp.unique("New top");
    erp.people.call("product.category.write", json!([top, {"name": renamed}])).await;
    let (told, _) = follow(erp, Entity::Catalogue, Some(&begun)).await;
    let mine = told.iter().find(|record| record.key() == &made.key);
    let Some(Record::Catalogue(product)) = mine else { panic!("{told:?}") };
    assert_eq!(product.facts[&Field::Categories], Value::paths([vec![renamed, "Below".to_owned()]]));
}

async fn a_variant_deleted_by_hand_is_gone(erp: &Erp) {
    let (skus, made) = erp.several(&["S", "M", "L"]).await;
    let large = number(&of_sku(&made, &skus[2]).unit.key);
    erp.people.call("product.product.delete", json!([[large]])).await;
    assert_eq!(by_key(erp, &made.key).await.variants.len(), 2);
    erp.people.call("product.template.delete", json!([[template(&made.key)]])).await;
    let what = Fetch::Keys { entity: Entity::Catalogue, keys: vec![made.key.clone()] };
    assert_eq!(fetch(erp, what).await, []);
    let mut change = change_of(&made);
    change.facts.insert(Field::Name, Value::text("Nobody"));
    let gone = apply(erp, Write::UpdateProduct(Box::new(change))).await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NotFound);
}

async fn two_categories_of_one_path_and_accounting_ones_stay(erp: &Erp) {
    let name = erp.unique("Twice");
    let twins = json!([[{"name": name}, {"name": name}]]);
    let twins = erp.people.call("product.category.create", twins).await;
    let (_, made) = erp.simple().await;
    let put = json!([[template(&made.key)], {"categories": [["add", [twins[1], 1]]]}]);
    erp.people.call("product.template.write", put).await;
    let path = vec![name.clone()];
    assert_eq!(by_key(erp, &made.key).await.facts[&Field::Categories], Value::paths([path.clone()]));
    let mut change = change_of(&made);
    change.facts.insert(Field::Categories, Value::paths([path]));
    let same = applied(erp, Write::UpdateProduct(Box::new(change.clone()))).await;
    assert!(same.already, "the second of that name is as good as the first");
    change.facts.insert(Field::Categories, Value::Empty);
    assert_eq!(erp.update(change).await.facts[&Field::Categories], Value::Empty);
    let read = json!([[template(&made.key)], ["categories"]]);
    let left = erp.people.call("product.template.read", read).await;
    assert_eq!(left[0]["categories"], json!([1]), "what is about accounts stays");
    let refused = apply(erp, Write::CreateCategory { path: vec!["A / B".to_owned()] }).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("categories"));
    for wrong in [json!([[{"name": "A / B"}]]), json!([[{"name": "below taxes", "parent": 1}]])] {
        assert_eq!(erp.people.refused("product.category.create", wrong).await, "UserError");
    }
    let circle = json!([[{"name": erp.unique("Child"), "parent": twins[0]}]]);
    let child = erp.people.call("product.category.create", circle).await;
    let circle = json!([[twins[0]], {"parent": child[0]}]);
    assert_eq!(erp.people.refused("product.category.write", circle).await, "UserError");
}

async fn what_tryton_refuses_in_its_own_words_names_no_record(erp: &Erp) {
    let mut new = erp.product("", &[erp.unique("W")]);
    new.facts.insert(Field::Measure, Value::text("Cubit"));
    let refused = apply(erp, Write::CreateProduct(Box::new(new.clone()))).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("measure"), "{refused}");
    new.facts.insert(Field::Measure, Value::text("Unit"));
    new.facts.insert(Field::Name, Value::Empty);
    let refused = apply(erp, Write::CreateProduct(Box::new(new.clone()))).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("name"), "{refused}");
    new.facts.insert(Field::Name, Value::text("A"));
    new.facts.insert(Field::Brand, Value::text("B"));
    let refused = apply(erp, Write::CreateProduct(Box::new(new))).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unsupported);
}
