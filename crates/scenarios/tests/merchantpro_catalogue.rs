//! The MerchantPro connector and whole products, on a sandbox that can lose answers and whose people edit.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may end where its ground is missing")]

use std::{sync::Arc, time::Duration};

use http::Method;
use rust_decimal::Decimal;
use serde_json::{Map, json};
use zygos_connectors::merchantpro::MerchantPro;
use zygos_core::{
    Clock, RemoteKey, SharedClock,
    clock::later,
    contract::{
        Applied, CallContext, Connector, ErrorKind, Fetch, Lane, NewProduct, NewVariant, Outcome, PriceKind,
        ProductChanges, Write,
    },
    model::{Entity, Facts, Field, Product, Record, Shape, Value},
};
use zygos_sim::{
    Fault, Faults, InProcess, ManualClock,
    merchantpro::{self, MerchantProSandbox, ShopSettings},
};

const HOST: &str = "shop.test";

struct Store {
    shop: Arc<MerchantProSandbox>,
    connector: MerchantPro,
    clock: Arc<ManualClock>,
    transport: Arc<InProcess>,
    faults: Arc<Faults>,
}

impl Store {
    fn new(change: impl FnOnce(&mut ShopSettings)) -> Self {
        let clock = Arc::new(ManualClock::new("2026-03-05T08:00:00Z".parse().unwrap()));
        let mut settings = ShopSettings { windows: None, ..ShopSettings::default() };
        change(&mut settings);
        let shop = Arc::new(MerchantProSandbox::new(settings));
        shop.add_tax("TVA", Decimal::from(21));
        let faults = Arc::new(Faults::new(1));
        let shared: SharedClock = clock.clone();
        let transport =
            Arc::new(InProcess::new(shared.clone()).with_host(HOST, shop.clone(), faults.clone()));
        let connector = MerchantPro::new(
            "https://shop.test",
            &"key".into(),
            &"secret".into(),
            None,
            transport.clone(),
            shared,
        );
        Self { shop, connector, clock, transport, faults }
    }

    fn context(&self) -> CallContext {
        self.clock.advance(Duration::from_secs(1));
        CallContext { lane: Lane::Catalogue, deadline: later(self.clock.now(), Duration::from_secs(60)) }
    }

    async fn write(&self, write: Write) -> Outcome {
        let (context, batch) = (self.context(), [write]);
        tokio::select! {
            mut outcomes = self.connector.apply(&context, &batch) => outcomes.remove(0),
            () = self.time_goes_by() => panic!("time has no end"),
        }
    }

    /// Whoever waits for an answer that was lost waits until this moves the clock.
    async fn time_goes_by(&self) {
        loop {
            tokio::task::yield_now().await;
            if let Some(next) = self.clock.next_deadline() {
                self.clock.advance_to(next);
            }
        }
    }

    /// What an operation answers and how many calls it took.
    async fn counted(&self, write: Write) -> (Applied, u64) {
        let before = self.transport.requests(HOST);
        let applied = self.write(write).await.unwrap();
        (applied, self.transport.requests(HOST) - before)
    }

    async fn fetch(&self, fetch: Fetch) -> Vec<Product> {
        let items = self.connector.fetch(&self.context(), &fetch).await.unwrap();
        items.into_iter().map(|item| product(item.unwrap())).collect()
    }

    async fn read(&self, key: &RemoteKey) -> Product {
        self.fetch(Fetch::Keys { entity: Entity::Catalogue, keys: vec![key.clone()] }).await.remove(0)
    }

    async fn scan(&self) -> Vec<Product> {
        let mut products = Vec::new();
        let mut from = None;
        loop {
            let page = self.connector.scan(&self.context(), Entity::Catalogue, from.as_ref()).await.unwrap();
            products.extend(page.items.into_iter().map(|item| product(item.unwrap())));
            from = page.next;
            if from.is_none() {
                return products;
            }
        }
    }

    fn lose_answer(&self, path: &str) {
        self.faults.next(1, Method::POST, path, Fault::NoAnswerAfter);
    }

    /// A shirt of three sizes, typed in by the shop's people.
    fn shirt(&self) -> u64 {
        let variant = |size: &str| merchantpro::NewVariant {
            sku: Some(format!("SHIRT-{size}")),
            price_gross: Some(Decimal::from(50)),
            stock: Decimal::from(5),
            options: vec![("Size".to_owned(), size.to_owned())],
            ..merchantpro::NewVariant::default()
        };
        self.shop.add_product(
            merchantpro::NewProduct {
                name: "Tricou".to_owned(),
                sku: Some("SHIRT".to_owned()),
                tax_id: Some(1),
                variants: ["S", "M", "L"].map(variant).to_vec(),
                ..merchantpro::NewProduct::default()
            },
            self.clock.now(),
        )
    }

    fn lamp(&self) -> u64 {
        self.shop.add_product(
            merchantpro::NewProduct {
                name: "Lampă".to_owned(),
                sku: Some("LAMP".to_owned()),
                tax_id: Some(1),
                price_gross: Some(Decimal::from(121)),
                stock: Decimal::from(12),
                ..merchantpro::NewProduct::default()
            },
            self.clock.now(),
        )
    }
}

fn product(record: Record) -> Product {
    match record {
        Record::Catalogue(product) => *product,
        other => panic!("a catalogue holds products: {other:?}"),
    }
}

fn shown(applied: Applied) -> Product {
    product(applied.record.expect("the product as it is now"))
}

fn key(id: u64) -> RemoteKey {
    RemoteKey::new(id.to_string())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(number: &str) -> Value {
    Value::Number(number.parse().unwrap())
}

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn new_product(skus: &[String], shape: Shape, price: &str, prices: PriceKind) -> NewProduct {
    let variant = |sku: &String| NewVariant {
        facts: Facts::from([
            (Field::Sku, text(sku)),
            (Field::Price, number(price)),
            (Field::Weight, number("0.25")),
            (Field::Active, Value::Flag(false)),
        ]),
        options: if shape == Shape::Simple { Vec::new() } else { vec![("Size".to_owned(), sku.clone())] },
        tracked: true,
    };
    NewProduct {
        shape,
        facts: Facts::from([(Field::Name, text("Κούπα")), (Field::Tax, number("21"))]),
        tax_class: None,
        code: None,
        variants: skus.iter().map(variant).collect(),
        prices,
    }
}

fn create(new: NewProduct) -> Write {
    Write::CreateProduct(Box::new(new))
}

fn update(product: u64, facts: Facts, units: Vec<(RemoteKey, Facts)>, prices: PriceKind) -> Write {
    let units = units.into_iter().collect();
    Write::UpdateProduct(Box::new(ProductChanges {
        product: key(product),
        facts,
        tax_class: None,
        units,
        prices,
        price_list: None,
    }))
}

#[tokio::test]
async fn a_cycle_of_categories_costs_a_product_its_categories_and_nothing_else() {
    let store = Store::new(|_| {});
    let top = store.shop.add_category("Îmbrăcăminte", 0);
    let below = store.shop.add_category("Παιδικά", top);
    let shirt = store.shirt();
    let fields = Map::from_iter([("categories".to_owned(), json!([{"id": below}]))]);
    store.shop.edit_product(shirt, &fields, store.clock.now()).unwrap();
    let read = store.scan().await.remove(0);
    assert_eq!(read.facts[&Field::Categories], Value::paths([path(&["Îmbrăcăminte", "Παιδικά"])]));
    store.shop.move_category(top, below);
    let read = store.scan().await.remove(0);
    assert_eq!((read.variants.len(), read.troubles.len()), (3, 1));
    assert!(read.troubles[0].message.contains("lies under itself"), "{:?}", read.troubles);
    assert!(!read.facts.contains_key(&Field::Categories));
    store.shop.move_category(top, 0);
    store.shop.rename_category(top, "Haine");
    let read = store.scan().await.remove(0);
    assert_eq!(read.facts[&Field::Categories], Value::paths([path(&["Haine", "Παιδικά"])]));
    store.shop.delete_category(top);
    assert!(store.scan().await[0].troubles[0].message.contains("does not exist"));
}

#[tokio::test]
async fn three_hundred_variants_are_made_in_one_call() {
    let store = Store::new(|_| {});
    let skus: Vec<String> = (0..300).map(|number| format!("V-{number:03}")).collect();
    let (made, calls) =
        store.counted(create(new_product(&skus, Shape::Variants, "50", PriceKind::Gross))).await;
    assert_eq!(calls, 2, "the taxes, and the product");
    let made = shown(made);
    assert_eq!(made.variants.len(), 300);
    let last = made.variants.last().unwrap();
    assert_eq!(last.options, [("Size".to_owned(), "V-299".to_owned())]);
    assert_eq!((last.unit.price_net, last.unit.active), (Some(Decimal::new(413_223, 4)), false));
    assert_eq!(last.value(Field::Weight), Some(number("0.25")));
    // Forty-one prices are more than go one by one.
    let price = |variant: &zygos_core::model::Variant| {
        (variant.unit.key.clone(), Facts::from([(Field::Price, number("60.50"))]))
    };
    let product: u64 = made.key.as_str().parse().unwrap();
    let units = made.variants.iter().take(41).map(price).collect();
    let (changed, calls) = store.counted(update(product, Facts::new(), units, PriceKind::Gross)).await;
    assert_eq!(calls, 2);
    let changed = shown(changed);
    assert_eq!(changed.variants.len(), 300);
    assert_eq!(
        (changed.variants[40].unit.price_net, changed.variants[41].unit.price_gross),
        (Some(Decimal::from(50)), Some(Decimal::from(50)))
    );
}

#[tokio::test]
async fn whatever_is_changed_of_a_variant_the_others_stay_in_every_store() {
    for (survive, whole) in [(false, true), (false, false), (true, true)] {
        let store = Store::new(|settings| {
            settings.omitted_variants_survive = survive;
            settings.writes_answer_whole = whole;
        });
        let shirt = store.shirt();
        let before = store.read(&key(shirt)).await;
        let middle = before.variants[1].unit.key.clone();
        let values = [
            (Field::Price, number("60.5")),
            (Field::OldPrice, number("72.6")),
            (Field::OldPrice, Value::Empty),
            (Field::Sku, text("MIDDLE")),
            (Field::Ean, text("5940000000017")),
            (Field::Weight, number("0.3")),
            (Field::Weight, Value::Empty),
            (Field::Cost, number("20.1234")),
            (Field::Active, Value::Flag(false)),
        ];
        for (field, value) in values {
            let own = vec![(middle.clone(), Facts::from([(field, value.clone())]))];
            let (applied, calls) = store.counted(update(shirt, Facts::new(), own, PriceKind::Gross)).await;
            assert!(calls <= 3, "{field} took {calls} calls");
            let now = shown(applied);
            assert_eq!(now, store.read(&key(shirt)).await);
            let changed = now.variant(&middle).unwrap();
            if field == Field::Price {
                let both = (changed.unit.price_net, changed.unit.price_gross);
                assert_eq!(both, (Some(Decimal::from(50)), Some(Decimal::new(605, 1))));
            } else {
                assert_eq!(changed.value(field), Some(value), "{field}");
            }
            assert_eq!(
                (now.variants.len(), &now.variants[0], &now.variants[2]),
                (3, &before.variants[0], &before.variants[2])
            );
            assert_eq!(changed.unit.stock, Some(Decimal::from(5)), "the figure is nobody's business here");
        }
        let whole = Facts::from([(Field::Name, text("Tricou nou")), (Field::Brand, text("Acme"))]);
        let now = shown(store.counted(update(shirt, whole, Vec::new(), PriceKind::Gross)).await.0);
        assert_eq!((now.title(), now.variants.len()), ("Tricou nou", 3));
        let more = NewVariant {
            facts: Facts::from([(Field::Sku, text("SHIRT-XL"))]),
            options: vec![("Size".to_owned(), "XL".to_owned())],
            tracked: true,
        };
        let add = || Write::CreateVariants {
            product: key(shirt),
            variants: vec![more.clone()],
            prices: PriceKind::Net,
        };
        assert_eq!(shown(store.write(add()).await.unwrap()).variants.len(), 4);
        assert!(store.write(add()).await.unwrap().already, "a variant that is there is not made again");
        store.shop.delete_variant(middle.as_str().parse().unwrap(), store.clock.now());
        let gone = vec![(middle.clone(), Facts::from([(Field::Price, number("1"))]))];
        let error = store.write(update(shirt, Facts::new(), gone, PriceKind::Gross)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
    }
}

#[tokio::test]
async fn every_field_of_a_simple_product_is_read_back_as_it_was_written() {
    let store = Store::new(|_| {});
    let lamp = store.lamp();
    let made = store.write(Write::CreateCategory { path: path(&["Casă", "Iluminat"]) }).await.unwrap();
    assert!(!made.already);
    let long = "<p>Ştiinţă · Φωτιστικό · Осветление &amp; „lumină” <br/>\"'\\/\u{1F4A1}</p>\n".repeat(1_000);
    assert!(long.chars().count() > 60_000);
    let whole = Facts::from([
        (Field::Name, text("Лампа Φως Ștrudel")),
        (Field::Description, text(&long)),
        (Field::MetaTitle, text("Titlu")),
        (Field::MetaDescription, Value::Empty),
        (Field::Brand, text("Acme")),
        (Field::Categories, Value::paths([path(&["Casă", "Iluminat"])])),
        (Field::Measure, text("kg")),
    ]);
    let own = Facts::from([
        (Field::Sku, text("LAMP/2 ș")),
        (Field::Ean, text("594")),
        (Field::Cost, number("70.1234")),
        (Field::Weight, number("1.5")),
        (Field::Active, Value::Flag(false)),
    ]);
    let write = update(lamp, whole.clone(), vec![(key(lamp), own.clone())], PriceKind::Gross);
    let now = shown(store.write(write).await.unwrap());
    for (field, value) in &whole {
        assert_eq!(now.facts.get(field), Some(value), "{field}");
    }
    for (field, value) in &own {
        assert_eq!(now.variants[0].value(*field).as_ref(), Some(value), "{field}");
    }
    assert_eq!(store.scan().await.remove(0), now, "the list shows the same");
    let cleared = Facts::from([(Field::Description, Value::Empty), (Field::Categories, Value::Empty)]);
    let now = shown(store.write(update(lamp, cleared.clone(), Vec::new(), PriceKind::Net)).await.unwrap());
    for (field, value) in &cleared {
        assert_eq!(now.facts.get(field), Some(value), "{field}");
    }
}

#[tokio::test]
async fn a_price_is_what_was_written_whichever_of_the_two_is_meant() {
    for follows in [true, false] {
        let store = Store::new(|settings| settings.net_follows_gross = follows);
        for (kind, price) in
            [(PriceKind::Net, "49.9"), (PriceKind::Net, "41.3223"), (PriceKind::Gross, "59.99")]
        {
            let sku = [format!("{kind:?}-{price}")];
            let made =
                shown(store.write(create(new_product(&sku, Shape::Simple, price, kind))).await.unwrap());
            let is = |product: &Product| match kind {
                PriceKind::Net => product.variants[0].unit.price_net,
                PriceKind::Gross => product.variants[0].unit.price_gross,
            };
            assert_eq!(is(&made), Some(price.parse().unwrap()));
            let own = vec![(made.key.clone(), Facts::from([(Field::Price, number("9.99"))]))];
            let id = made.key.as_str().parse().unwrap();
            let (now, calls) = store.counted(update(id, Facts::new(), own, kind)).await;
            assert_eq!((is(&shown(now)), calls), (Some(Decimal::new(999, 2)), 1), "{kind:?} {price}");
        }
    }
}

#[tokio::test]
async fn a_tax_that_was_changed_by_hand_does_not_spoil_a_price() {
    let store = Store::new(|_| {});
    let lamp = store.lamp();
    let other = store.shop.add_tax("Redusă", Decimal::from(11));
    store.scan().await;
    let fields = Map::from_iter([("tax_id".to_owned(), json!(other))]);
    store.shop.edit_product(lamp, &fields, store.clock.now()).unwrap();
    let own = vec![(key(lamp), Facts::from([(Field::Price, number("100"))]))];
    let (now, calls) = store.counted(update(lamp, Facts::new(), own, PriceKind::Net)).await;
    let unit = shown(now).variants.remove(0).unit;
    assert_eq!((unit.price_net, unit.price_gross), (Some(Decimal::from(100)), Some(Decimal::from(111))));
    assert_eq!(calls, 2);
}

#[tokio::test]
async fn images_are_added_once_and_never_taken_away() {
    let store = Store::new(|_| {});
    let lamp = store.lamp();
    let addresses = |numbers: &[u32]| {
        Value::addresses(numbers.iter().map(|number| format!("https://cdn.test/{number}.jpg")))
    };
    let images = |numbers: &[u32]| {
        update(lamp, Facts::from([(Field::Images, addresses(numbers))]), Vec::new(), PriceKind::Gross)
    };
    store.write(images(&[1, 2])).await.unwrap();
    assert!(store.write(images(&[1, 2])).await.unwrap().already, "they wait in the import queue");
    store.shop.finish_image_import();
    assert_eq!(store.read(&key(lamp)).await.facts[&Field::Images], addresses(&[1, 2]));
    let (_, calls) = store.counted(images(&[2, 3])).await;
    assert_eq!(calls, 2);
    store.clock.advance(Duration::from_secs(7_200));
    assert_eq!(store.read(&key(lamp)).await.facts[&Field::Images], addresses(&[1, 2, 3]));
}

#[tokio::test]
async fn a_product_whose_answer_was_lost_is_found_by_its_sku() {
    for tells in [false, true] {
        let store = Store::new(|settings| settings.variant_id_reads_product = tells);
        for number in 0..250_u32 {
            let sku = Some(format!("OLD-{number}"));
            store.shop.add_product(
                merchantpro::NewProduct { sku, ..merchantpro::NewProduct::default() },
                store.clock.now(),
            );
        }
        let cases = [
            (Shape::Simple, vec!["ONE".to_owned()], 2),
            (Shape::Variants, vec!["A".to_owned(), "B".to_owned()], if tells { 2 } else { 7 }),
        ];
        for (shape, skus, most) in cases {
            store.lose_answer("/products");
            let error =
                store.write(create(new_product(&skus, shape, "10", PriceKind::Net))).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Unavailable { maybe_applied: true });
            let before = store.transport.requests(HOST);
            let found = store.fetch(Fetch::ProductsBySku { skus: skus.clone() }).await;
            let calls = store.transport.requests(HOST) - before;
            assert_eq!((found.len(), found[0].variants.len()), (1, skus.len()));
            assert!(calls <= most, "{calls} calls for {skus:?}");
        }
        assert_eq!(store.fetch(Fetch::ProductsBySku { skus: vec!["NEVER".to_owned()] }).await, []);
    }
}

#[tokio::test]
async fn a_path_of_categories_is_made_once_even_if_an_answer_is_lost_on_the_way() {
    let store = Store::new(|_| {});
    let write = || Write::CreateCategory { path: path(&["Casă", "Bucătărie", "Căni"]) };
    store.lose_answer("/categories");
    assert!(store.write(write()).await.unwrap_err().maybe_applied());
    store.write(write()).await.unwrap();
    assert!(store.write(write()).await.unwrap().already);
    let categories = store.shop.categories();
    let names: Vec<&str> = categories.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(names, ["Casă", "Bucătărie", "Căni"]);
    assert_eq!((categories[1].2, categories[2].2), (categories[0].0, categories[1].0));
}

#[tokio::test]
async fn a_scan_costs_its_pages_and_those_of_the_categories() {
    let store = Store::new(|_| {});
    for number in 0..101 {
        store.shop.add_category(&format!("C{number}"), 0);
    }
    for _ in 0..101 {
        store.lamp();
    }
    let before = store.transport.requests(HOST);
    assert_eq!(store.scan().await.len(), 101);
    assert_eq!(store.transport.requests(HOST) - before, 4);
}
