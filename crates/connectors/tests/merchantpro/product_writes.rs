use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use zygos_core::{
    contract::{
        Connector, ConnectorError, ErrorKind, Fetch, NewProduct, NewVariant, Outcome, PriceKind,
        ProductChanges, Write,
    },
    model::{Entity, Facts, Field, Record, Shape, Value},
};

use crate::support::{Store, list, lost, ok, refused, status};

const TAXES: &str = r#"[{"id":1,"name":"TVA","value":21},{"id":2,"name":"Redusa","value":"11.0"}]"#;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(number: &str) -> Value {
    Value::Number(number.parse().unwrap())
}

fn facts<const N: usize>(facts: [(Field, Value); N]) -> Facts {
    facts.into()
}

fn changes<const N: usize>(whole: Facts, units: [(&str, Facts); N]) -> ProductChanges {
    ProductChanges {
        product: "10010".into(),
        facts: whole,
        tax_class: None,
        units: units.into_iter().map(|(unit, facts)| (unit.into(), facts)).collect::<BTreeMap<_, _>>(),
        prices: PriceKind::Gross,
        price_list: None,
    }
}

async fn one(store: &Store, write: Write) -> Outcome {
    store.connector.apply(&store.context, &[write]).await.remove(0)
}

async fn update(store: &Store, changes: ProductChanges) -> Outcome {
    one(store, Write::UpdateProduct(Box::new(changes))).await
}

fn basic() -> String {
    json!({"id": 10010, "type": "basic", "name": "Lampa", "description": "", "sku": "A", "tax_value": 21})
        .to_string()
}

fn shirt() -> Json {
    let variant = |id: u32, sku: &str| {
        json!({"id": id, "sku": sku, "status": "active", "price_gross": 50,
        "variant_options": [{"name": "Size", "value": sku}]})
    };
    json!({"id": 10010, "type": "multi_variant", "sku": "T", "name": "Tricou", "description": "", "tax_value": 21,
        "status": "active", "variant_attributes": [{"id": 4, "name": "Size", "options": [{"id": 5, "value": "M"}]}],
        "images": [{"id": 1, "url": "https://x.test/1.jpg"}], "category_id": 1,
        "variants": [variant(10011, "M"), variant(10012, "L")]})
}

fn new_product(shape: Shape, whole: Facts, variants: Vec<NewVariant>) -> NewProduct {
    NewProduct {
        shape,
        facts: whole,
        tax_class: None,
        code: Some("T".to_owned()),
        variants,
        prices: PriceKind::Gross,
    }
}

fn new_variant(sku: &str, size: &str) -> NewVariant {
    let own = [(Field::Sku, text(sku)), (Field::Price, number("50")), (Field::Active, Value::Flag(false))];
    NewVariant { facts: own.into(), options: vec![("Size".to_owned(), size.to_owned())], tracked: true }
}

fn field_of(error: &ConnectorError) -> Option<&str> {
    match &error.kind {
        ErrorKind::Rejected { field } => field.as_deref(),
        _ => None,
    }
}

#[tokio::test]
async fn a_product_is_posted_with_its_variants_and_both_prices_and_the_answer_is_the_read_back() {
    let store = Store::answering([ok(TAXES), ok(&shirt().to_string()), ok(&list(&[], 0))]);
    let whole = facts([(Field::Name, text("Tricou")), (Field::Tax, number("21"))]);
    let new = new_product(Shape::Variants, whole, vec![new_variant("M", "M"), new_variant("L", "L")]);
    let applied = one(&store, Write::CreateProduct(Box::new(new))).await.unwrap();
    assert_eq!(applied.key, Some("10010".into()));
    let Some(Record::Catalogue(product)) = applied.record else { panic!("no read-back") };
    assert_eq!(product.variants.len(), 2);
    let body: Json = serde_json::from_str(store.asked()[1].strip_prefix("POST /products ").unwrap()).unwrap();
    let variant = |sku: &str| {
        json!({"sku": sku, "inventory_enabled": "on", "price_gross": 50, "price_net": 41.3223,
        "status": "inactive", "variant_options": [{"name": "Size", "value": sku}]})
    };
    assert_eq!(
        body,
        serde_json::from_str::<Json>(
            &json!({"type": "multi_variant", "name": "Tricou", "sku": "T", "tax_id": 1, "status": "inactive",
            "variant_attributes": [{"name": "Size", "options": [{"value": "M"}, {"value": "L"}]}],
            "variants": [variant("M"), variant("L")]})
            .to_string()
        )
        .unwrap()
    );
}

#[tokio::test]
async fn a_product_that_was_made_is_made_even_if_it_cannot_be_read_back() {
    let store = Store::answering([ok(r#"{"id":77,"type":"multi_variant"}"#), lost()]);
    let new = new_product(Shape::Variants, facts([(Field::Name, text("A"))]), vec![new_variant("M", "M")]);
    let applied = one(&store, Write::CreateProduct(Box::new(new))).await.unwrap();
    assert_eq!((applied.key, applied.record), (Some("77".into()), None));
    assert_eq!(store.asked()[1], "GET /products/77?include=variants,images");
}

#[tokio::test]
async fn what_the_store_has_not_is_named_before_anything_is_sent() {
    let store = Store::answering([ok(TAXES), ok(TAXES)]);
    let whole = facts([(Field::Name, text("A")), (Field::Tax, number("5"))]);
    let new = new_product(Shape::Simple, whole, vec![new_variant("M", "M")]);
    let error = one(&store, Write::CreateProduct(Box::new(new))).await.unwrap_err();
    assert_eq!(field_of(&error), Some("tax"));
    assert!(error.message.contains("no tax of 5 %"), "{error}");

    let store = Store::answering([ok(&list(&[], 0)), ok(&list(&[], 0))]);
    let paths = Value::paths([vec!["Lamps".to_owned(), "Desk".to_owned()]]);
    let new = new_product(
        Shape::Simple,
        facts([(Field::Name, text("A")), (Field::Categories, paths)]),
        vec![new_variant("M", "M")],
    );
    let error = one(&store, Write::CreateProduct(Box::new(new))).await.unwrap_err();
    assert_eq!(field_of(&error), Some("categories"));
    assert!(error.message.contains("Lamps > Desk"), "{error}");

    let store = Store::answering([]);
    let new = new_product(Shape::Simple, Facts::new(), vec![new_variant("M", "M")]);
    let error = one(&store, Write::CreateProduct(Box::new(new))).await.unwrap_err();
    assert_eq!(field_of(&error), Some("name"));
}

#[tokio::test]
async fn fields_of_a_simple_product_go_in_one_call() {
    let store = Store::answering([ok(&basic())]);
    let own = facts([
        (Field::Sku, text("B")),
        (Field::Ean, Value::Empty),
        (Field::OldPrice, Value::Empty),
        (Field::Cost, Value::Empty),
        (Field::Weight, Value::Empty),
        (Field::Active, Value::Flag(false)),
    ]);
    let whole =
        facts([(Field::Name, text("Lampa")), (Field::Brand, Value::Empty), (Field::Measure, text("buc"))]);
    let applied = update(&store, changes(whole, [("10010", own)])).await.unwrap();
    assert!(!applied.already);
    assert!(matches!(applied.record, Some(Record::Catalogue(_))));
    assert_eq!(
        store.asked(),
        [
            "PATCH /products/10010 {\"cost_gross\":\"\",\"cost_net\":\"\",\"ean\":null,\"manufacturer_name\":\"\",\"name\":\"Lampa\",\
          \"old_price_gross\":\"\",\"old_price_net\":\"\",\"sku\":\"B\",\"status\":\"inactive\",\"unit_type\":\"buc\",\
          \"weight\":0}"
        ]
    );
}

#[tokio::test]
async fn a_price_is_completed_by_the_tax_that_was_read_and_written_again_if_that_was_old() {
    let at = |percent: u32| {
        let row = json!({"id": 10010, "type": "basic", "name": "A", "description": "", "tax_value": percent});
        ok(&row.to_string())
    };
    let price = || changes(Facts::new(), [("10010", facts([(Field::Price, number("121"))]))]);
    let store = Store::answering([at(21), at(21), at(21), at(10), at(10)]);
    update(&store, price()).await.unwrap();
    update(&store, price()).await.unwrap();
    update(&store, price()).await.unwrap();
    let patch = |net: &str| format!("PATCH /products/10010 {{\"price_gross\":121,\"price_net\":{net}}}");
    let get = "GET /products/10010?include=variants,images".to_owned();
    assert_eq!(store.asked(), [get, patch("100"), patch("100"), patch("100"), patch("110")]);
}

#[tokio::test]
async fn prices_of_variants_go_through_the_inventory_and_a_lost_variant_is_a_conflict() {
    let fresh = || ok(&shirt().to_string());
    let store = Store::answering([fresh(), ok(&list(&[], 0)), ok("{}"), ok("{}"), fresh()]);
    let price = |price: &str| facts([(Field::Price, number(price))]);
    update(&store, changes(Facts::new(), [("10011", price("60.5")), ("10012", price("121"))])).await.unwrap();
    let asked = store.asked();
    assert_eq!(asked[2], "PATCH /inventory/id/10011 {\"price_gross\":60.5,\"price_net\":50}");
    assert_eq!(asked[3], "PATCH /inventory/id/10012 {\"price_gross\":121,\"price_net\":100}");
    assert_eq!(asked[4], "GET /products/10010?include=variants,images");

    let store = Store::answering([fresh(), ok(&list(&[], 0))]);
    let gone = changes(Facts::new(), [("10019", facts([(Field::Ean, text("1"))]))]);
    assert_eq!(update(&store, gone).await.unwrap_err().kind, ErrorKind::Conflict);
    let store = Store::answering([fresh(), ok(&list(&[], 0)), ok("{}"), status(404, "{}")]);
    let both = changes(Facts::new(), [("10011", price("1")), ("10012", price("2"))]);
    assert_eq!(update(&store, both).await.unwrap_err().kind, ErrorKind::Conflict);
    // The first was written, so that nobody may believe that nothing was.
    let store = Store::answering([fresh(), ok(&list(&[], 0)), ok("{}"), refused()]);
    let both = changes(Facts::new(), [("10011", price("1")), ("10012", price("2"))]);
    let error = update(&store, both).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable { maybe_applied: true });
}

#[tokio::test]
async fn other_fields_of_a_variant_name_all_variants_and_the_whole_follows_what_is_on_sale() {
    let fresh = || ok(&shirt().to_string());
    let store = Store::answering([fresh(), ok(&list(&[], 0)), fresh(), fresh(), fresh()]);
    update(&store, changes(Facts::new(), [("10012", facts([(Field::Ean, text("594"))]))])).await.unwrap();
    let off = || facts([(Field::Active, Value::Flag(false))]);
    update(&store, changes(Facts::new(), [("10011", off()), ("10012", off())])).await.unwrap();
    let asked = store.asked();
    assert_eq!(
        asked[2],
        "PATCH /products/10010 {\"variants\":[{\"id\":10011},{\"ean\":\"594\",\"id\":10012}]}"
    );
    assert_eq!(
        asked[4],
        "PATCH /products/10010 {\"status\":\"inactive\",\"variants\":[{\"id\":10011,\"status\":\"inactive\"},\
         {\"id\":10012,\"status\":\"inactive\"}]}"
    );
}

#[tokio::test]
async fn only_images_that_are_not_there_are_sent_and_not_again_while_they_are_imported() {
    let fresh = || ok(&shirt().to_string());
    let store = Store::answering([fresh(), ok(&list(&[], 0)), fresh(), fresh()]);
    let images = || {
        let addresses = ["https://x.test/1.jpg", "https://x.test/2.jpg"].map(str::to_owned);
        changes(facts([(Field::Images, Value::addresses(addresses))]), [])
    };
    assert!(!update(&store, images()).await.unwrap().already);
    assert!(update(&store, images()).await.unwrap().already);
    let asked = store.asked();
    assert_eq!(asked[2], "PATCH /products/10010 {\"images\":[{\"url\":\"https://x.test/2.jpg\"}]}");
    assert_eq!(asked.len(), 4);
}

#[tokio::test]
async fn a_new_variant_is_added_once_beside_all_that_are_there() {
    let fresh = || ok(&shirt().to_string());
    let store = Store::answering([fresh(), ok(&list(&[], 0)), fresh(), fresh()]);
    let variants = vec![new_variant("L", "L"), new_variant("S", "S")];
    one(&store, Write::CreateVariants { product: "10010".into(), variants, prices: PriceKind::Net })
        .await
        .unwrap();
    let asked = store.asked();
    let body: Json = serde_json::from_str(asked[2].strip_prefix("PATCH /products/10010 ").unwrap()).unwrap();
    assert_eq!(body["variants"][0], json!({"id": 10011}));
    assert_eq!(body["variants"][1], json!({"id": 10012}));
    assert_eq!((&body["variants"][2]["sku"], body["variants"].as_array().unwrap().len()), (&json!("S"), 3));
    let options = json!([{"id": 4, "name": "Size", "options": [{"id": 5, "value": "M"}, {"value": "S"}]}]);
    assert_eq!(body["variant_attributes"], options);
    let again = Write::CreateVariants {
        product: "10010".into(),
        variants: vec![new_variant(" M", "M")],
        prices: PriceKind::Net,
    };
    assert!(one(&store, again).await.unwrap().already);
}

#[tokio::test]
async fn missing_categories_are_made_parents_first() {
    let lamps = json!({"id": 1, "name": "Lamps", "parent_id": 0});
    let path = || ["Lamps", "Desk", "LED"].map(str::to_owned).to_vec();
    let store = Store::answering([
        ok(&list(std::slice::from_ref(&lamps), 1)),
        ok(r#"{"id":2}"#),
        ok(r#"{"id":"3"}"#),
        ok(&list(
            &[
                lamps,
                json!({"id": 2, "name": "Desk", "parent_id": 1}),
                json!({"id": 3, "name": "LED", "parent_id": "2"}),
            ],
            3,
        )),
    ]);
    let made = one(&store, Write::CreateCategory { path: path() }).await.unwrap();
    assert_eq!((made.key, made.already), (Some("3".into()), false));
    let there = one(&store, Write::CreateCategory { path: path() }).await.unwrap();
    assert_eq!((there.key, there.already), (Some("3".into()), true));
    assert_eq!(
        store.asked()[1..3],
        [
            "POST /categories {\"name\":\"Desk\",\"parent_id\":1}",
            "POST /categories {\"name\":\"LED\",\"parent_id\":2}"
        ]
    );
    let error = one(&Store::answering([]), Write::CreateCategory { path: Vec::new() }).await.unwrap_err();
    assert_eq!(field_of(&error), Some("categories"));
}

#[tokio::test]
async fn a_refusal_names_the_field_and_a_lost_answer_is_in_doubt() {
    let named = r#"{"error":{"name":"invalid_value","message":"Field `unit_type` must be one of the list"}}"#;
    let store = Store::answering([status(400, named), lost(), status(404, "{}")]);
    let measure = || changes(facts([(Field::Measure, text("x"))]), []);
    // As flows call it, so that the others can go; the words are the store's.
    let refused = update(&store, measure()).await.unwrap_err();
    assert_eq!(field_of(&refused), Some("measure"));
    assert!(refused.message.contains("unit_type"), "{refused}");
    let error = update(&store, measure()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable { maybe_applied: true });
    assert_eq!(update(&store, measure()).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_change_takes_as_many_calls_as_it_says_beforehand() {
    let fresh = || ok(&shirt().to_string());
    let price = || facts([(Field::Price, number("41.5"))]);
    let name = || facts([(Field::Name, text("Tricou nou"))]);
    let cases = [
        (changes(name(), []), vec![fresh()]),
        (changes(Facts::new(), [("10011", price()), ("10012", price())]), vec![ok("{}"), ok("{}"), fresh()]),
        (changes(name(), [("10011", price())]), vec![fresh(), ok("{}"), fresh()]),
        (changes(Facts::new(), [("10012", facts([(Field::Ean, text("5"))]))]), vec![fresh(), fresh()]),
    ];
    for (change, answers) in cases {
        let store = Store::answering([fresh(), ok(&list(&[], 0))].into_iter().chain(answers));
        // The tax is known from a reading.
        let fetch = Fetch::Keys { entity: Entity::Catalogue, keys: vec!["10010".into()] };
        store.connector.fetch(&store.context, &fetch).await.unwrap();
        let before = store.asked().len();
        let write = Write::UpdateProduct(Box::new(change));
        let foretold = store.connector.calls_of(&write);
        one(&store, write).await.unwrap();
        let made = store.asked().len() - before;
        assert_eq!(usize::try_from(foretold), Ok(made), "{:?}", store.asked());
    }
}
