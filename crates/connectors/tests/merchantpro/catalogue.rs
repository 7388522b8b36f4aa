use serde_json::{Value as Json, json};
use zygos_core::{
    RemoteKey,
    contract::{Checkpoint, Connector, Fetch, Item, Page},
    model::{Entity, Field, Product, Record, Shape, Value},
};

use crate::support::{CATALOGUE, INVENTORY, Store, list, ok, status};

/// `LED` under `Iluminat`; `Haine` and `Copii` under each other.
const CATEGORIES: &str = r#"{"data":[{"id":1,"name":"Iluminat","parent_id":0},{"id":3,"name":" LED","parent_id":1},
    {"id":5,"name":"Haine","parent_id":6},{"id":6,"name":"Copii","parent_id":5}],"meta":{"count":{"total":4}}}"#;

pub fn products(items: &[Item]) -> Vec<&Product> {
    let product = |item: &'static str| panic!("{item}");
    items
        .iter()
        .filter_map(|item| item.as_ref().ok())
        .map(|record| match record {
            Record::Catalogue(product) => &**product,
            _ => product("a catalogue holds products"),
        })
        .collect()
}

async fn page() -> (Page, Vec<String>) {
    let store = Store::answering([ok(CATALOGUE), ok(CATEGORIES)]);
    let from = Checkpoint("100".to_owned());
    let page = store.connector.scan(&store.context, Entity::Catalogue, Some(&from)).await.unwrap();
    (page, store.asked())
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn number(number: &str) -> Option<Value> {
    Some(Value::Number(number.parse().unwrap()))
}

fn one(product: &Json) -> String {
    product.to_string()
}

#[tokio::test]
async fn a_simple_product_has_the_facts_of_its_row_and_one_unit_of_the_same_key() {
    let (page, asked) = page().await;
    let lamp = products(&page.items)[0];
    assert_eq!((lamp.key.as_str(), lamp.shape, lamp.title()), ("10001", Shape::Simple, "Lampa"));
    let [unit] = lamp.variants.as_slice() else { panic!("{:?}", lamp.variants) };
    assert_eq!((&unit.unit.key, unit.unit.stock), (&lamp.key, Some(12.into())));
    let fact = |field: Field| lamp.facts.get(&field).cloned();
    assert_eq!(fact(Field::Description), text("<p>Lumină <b>caldă</b></p>"));
    assert_eq!(
        (fact(Field::MetaTitle), fact(Field::MetaDescription)),
        (text("Lampa LED"), Some(Value::Empty))
    );
    assert_eq!(
        (fact(Field::Brand), fact(Field::Measure), fact(Field::Tax)),
        (text("Acme"), text("buc"), number("21"))
    );
    let paths = [vec!["Iluminat"], vec!["Iluminat", " LED"]];
    let paths = paths.map(|path| path.into_iter().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(fact(Field::Categories), Some(Value::paths(paths)));
    let images = ["https://cdn.example/1.jpg", "https://cdn.example/2.jpg"].map(str::to_owned);
    assert_eq!(fact(Field::Images), Some(Value::addresses(images)));
    let own = |field: Field| unit.value(field);
    assert_eq!((own(Field::OldPrice), own(Field::Cost)), (number("150.5"), number("70.25")));
    assert_eq!((own(Field::Weight), own(Field::Sku)), (number("0.5"), text("ABC-1")));
    assert_eq!(lamp.modified_at, Some("2026-03-01T07:00:00Z".parse().unwrap()));
    assert_eq!(lamp.troubles, []);
    assert!(asked[0].starts_with("GET /products?start=100&limit=100&fields=id,"), "{}", asked[0]);
    assert!(
        asked[0].contains(",description,") && asked[0].ends_with("&include=variants,images"),
        "{}",
        asked[0]
    );
    assert_eq!(asked[1], "GET /categories?start=0&limit=100&fields=id,name,parent_id");
}

#[tokio::test]
async fn what_cannot_be_read_of_a_product_costs_only_itself() {
    let (page, _) = page().await;
    let shirt = products(&page.items)[1];
    assert_eq!(
        (shirt.shape, shirt.code.as_deref(), shirt.title()),
        (Shape::Variants, Some("TSHIRT"), "Tricou")
    );
    let [medium, large] = shirt.variants.as_slice() else { panic!("{:?}", shirt.variants) };
    let options = [("Size", "M"), ("Colour", "alb")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(medium.options, options);
    assert_eq!((medium.value(Field::Weight), medium.value(Field::Cost)), (None, Some(Value::Empty)));
    assert_eq!((medium.value(Field::OldPrice), large.value(Field::Cost)), (Some(Value::Empty), None));
    assert_eq!(
        (medium.unit.tax_percent, medium.unit.active, large.unit.active),
        (Some(21.into()), true, false)
    );
    let told: Vec<(Option<&str>, &str)> = shirt
        .troubles
        .iter()
        .map(|trouble| (trouble.unit.as_ref().map(RemoteKey::as_str), trouble.field.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("10011"), "weight"),
            (Some("10012"), "variant_options"),
            (Some("10013"), "stock"),
            (None, "categories")
        ]
    );
    assert!(shirt.is_partly_read());
    let cycle = &shirt.troubles[3].message;
    assert!(
        cycle.contains("category 5 (Haine) lies under itself") && cycle.contains("Copii > Haine"),
        "{cycle}"
    );
    assert_eq!(shirt.facts.get(&Field::Categories), None, "half of them would look like a change");
    assert_eq!(shirt.facts.get(&Field::Description), None, "a list that lacks it says nothing");
    let [lost] = page.items.iter().filter_map(|item| item.as_ref().err()).collect::<Vec<_>>()[..] else {
        panic!("one product has no id")
    };
    assert_eq!((lost.key.as_ref(), lost.field.as_str()), (None, "id"));
    assert_eq!((page.next, page.total), (None, Some(103)));
}

#[tokio::test]
async fn the_first_page_reads_the_categories_anew_and_the_others_only_what_they_lack() {
    let row = |category: u32| json!({"id": 1, "type": "basic", "name": "A", "category_id": category});
    let categories = |id: u32, name: &str| list(&[json!({"id": id, "name": name, "parent_id": 0})], 1);
    let store = Store::answering([
        ok(&categories(1, "One")),
        ok(&list(&[row(1)], 250)),
        ok(&list(&[row(2)], 250)),
        ok(&categories(2, "Two")),
        // Category 9 doesn't exist: that is asked for once.
        ok(&list(&[row(9)], 250)),
        ok(&categories(2, "Two")),
        ok(&list(&[row(9)], 250)),
        ok(&categories(2, "New")),
        ok(&list(&[row(2)], 250)),
    ]);
    let mut seen = Vec::new();
    for start in [None, Some("100"), Some("200"), Some("200"), None] {
        let from = start.map(|start| Checkpoint(start.to_owned()));
        let page = store.connector.scan(&store.context, Entity::Catalogue, from.as_ref()).await.unwrap();
        let product = products(&page.items)[0];
        let shown = product.facts.get(&Field::Categories).map(ToString::to_string);
        seen.push(shown.unwrap_or_else(|| product.troubles[0].message.clone()));
    }
    assert_eq!((&*seen[0], &*seen[1], &*seen[4]), ("One", "Two", "New"));
    assert!(seen[2].contains("category 9 is not in the store's list"), "{}", seen[2]);
    assert_eq!(seen[2], seen[3]);
    assert_eq!(store.asked().len(), 9);
}

#[tokio::test]
async fn a_simple_product_whose_figures_cannot_be_read_keeps_its_texts() {
    let row = json!({"id": 7, "type": "basic", "name": "Lampa", "price_gross": "scump", "tax_value": 21});
    let store = Store::answering([ok(&one(&row))]);
    let fetch = Fetch::Keys { entity: Entity::Catalogue, keys: vec!["7".into()] };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    let lamp = products(&items)[0];
    assert_eq!((lamp.title(), lamp.variants.len(), lamp.is_partly_read()), ("Lampa", 0, true));
    assert_eq!(lamp.facts.get(&Field::Tax), number("21").as_ref());
    // A single answer leaves out what is empty.
    assert_eq!(lamp.facts.get(&Field::Description), Some(&Value::Empty));
    assert_eq!(lamp.facts.get(&Field::Images), Some(&Value::Empty));
}

#[tokio::test]
async fn whole_products_are_read_one_by_one_and_a_missing_one_is_not_an_error() {
    let row = json!({"id": 7, "type": "multi_variant", "name": "A", "variants": []});
    let store = Store::answering([ok(&one(&row)), status(404, "{}")]);
    let fetch = Fetch::Keys { entity: Entity::Catalogue, keys: vec!["7".into(), "8".into()] };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    assert_eq!((products(&items).len(), products(&items)[0].shape), (1, Shape::Variants));
    assert_eq!(
        store.asked(),
        ["GET /products/7?include=variants,images", "GET /products/8?include=variants,images"]
    );
}

#[tokio::test]
async fn the_product_of_a_sku_is_told_by_its_unit_or_found_in_the_list_from_its_end() {
    let lamp = json!({"id": 10001, "type": "basic", "sku": "ABC-1", "name": "Lampa"});
    let store = Store::answering([ok(INVENTORY), ok(&one(&lamp)), status(404, "{}")]);
    let fetch = Fetch::ProductsBySku { skus: vec!["ABC-1".to_owned(), "NONE".to_owned()] };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    assert_eq!(products(&items)[0].key.as_str(), "10001");
    assert_eq!(store.asked().len(), 3);

    let variant = |id: u32, sku: &str| json!({"id": id, "sku": sku});
    let shirt = json!({"id": 10010, "type": "multi_variant", "sku": "T", "name": "Tricou",
        "variants": [variant(10011, "T_M"), variant(10012, "T_L")]});
    let unit = |id: u32, sku: &str| ok(&json!({"id": id, "sku": sku}).to_string());
    let store = Store::answering([
        unit(10011, "T_M"),
        status(404, "{}"),
        unit(10012, "T_L"),
        status(404, "{}"),
        ok(&list(std::slice::from_ref(&lamp), 201)),
        ok(&list(std::slice::from_ref(&shirt), 201)),
        ok(&one(&shirt)),
    ]);
    let fetch = Fetch::ProductsBySku { skus: vec!["T_M".to_owned(), "T_L".to_owned()] };
    let items = store.connector.fetch(&store.context, &fetch).await.unwrap();
    assert_eq!(products(&items).len(), 1, "both are of one product");
    let asked = store.asked();
    assert!(
        asked[4].starts_with("GET /products?start=0&") && asked[5].starts_with("GET /products?start=200&")
    );
    assert_eq!(asked[6], "GET /products/10010?include=variants,images");
}
