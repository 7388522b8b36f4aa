//! What every connector that makes products owes its callers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use rust_decimal::Decimal;
use zygos_core::{
    RemoteKey,
    contract::{
        Applied, CallContext, Checkpoint, Connector, ConnectorError, ErrorKind, Fetch, NewProduct,
        NewVariant, PriceKind, ProductChanges, ReadMode, Write, WriteMode,
    },
    model::{Entity, Facts, Field, Product, Record, Value, Variant},
};

/// A connector and a side behind it that takes products.
#[async_trait]
pub trait Shelf: Send + Sync {
    fn connector(&self) -> &dyn Connector;

    /// For the next call. A subject on virtual time lets some pass.
    fn context(&self) -> CallContext;

    /// A text beginning with `stem` that no record of the side carries yet.
    fn unique(&self, stem: &str) -> String;

    /// A product that the side takes, with a variant for each of these SKUs; `code` is what all of them begin with. It
    /// has a name, a price of 19.90 each, and every field that the side requires. Its categories are left empty.
    fn product(&self, code: &str, skus: &[String]) -> NewProduct;

    /// Somebody at the side gives the product another name.
    async fn rename(&self, product: &RemoteKey, name: &str);
}

/// Names of the promises that were kept. Panics at the first that is broken.
pub async fn run(shelf: &dyn Shelf) -> Vec<&'static str> {
    let capabilities = shelf.connector().capabilities();
    for mode in [WriteMode::Create, WriteMode::Update] {
        assert!(capabilities.can_write(Entity::Catalogue, mode), "a shelf's connector writes products");
    }
    let mut kept = Vec::new();
    a_product_that_is_made_is_found_by_its_skus_and_its_key(shelf).await;
    kept.push("a_product_that_is_made_is_found_by_its_skus_and_its_key");
    a_change_sets_what_is_given_and_nothing_else(shelf).await;
    kept.push("a_change_sets_what_is_given_and_nothing_else");
    a_sku_that_is_taken_is_refused_with_its_field(shelf).await;
    kept.push("a_sku_that_is_taken_is_refused_with_its_field");
    variants_are_added_once(shelf).await;
    kept.push("variants_are_added_once");
    a_variant_is_retired_and_comes_back(shelf).await;
    kept.push("a_variant_is_retired_and_comes_back");
    if capabilities.can_write(Entity::Category, WriteMode::Create) {
        a_category_is_made_once_and_products_are_put_into_it(shelf).await;
        kept.push("a_category_is_made_once_and_products_are_put_into_it");
    }
    if capabilities.can_scan(Entity::Catalogue) {
        a_listing_has_every_product_once(shelf).await;
        kept.push("a_listing_has_every_product_once");
    }
    if capabilities.can_follow(Entity::Catalogue) {
        a_feed_of_whole_products_tells_of_edits(shelf).await;
        kept.push("a_feed_of_whole_products_tells_of_edits");
    }
    let fetches = capabilities.entity(Entity::Catalogue).is_some_and(|c| c.read.contains(&ReadMode::Fetch));
    if fetches {
        what_is_not_there_is_absent_and_no_error(shelf).await;
        kept.push("what_is_not_there_is_absent_and_no_error");
    }
    kept
}

pub async fn apply(shelf: &dyn Shelf, write: Write) -> Result<Applied, ConnectorError> {
    let mut outcomes = shelf.connector().apply(&shelf.context(), &[write]).await;
    assert_eq!(outcomes.len(), 1, "one write has one outcome");
    outcomes.remove(0)
}

pub async fn applied(shelf: &dyn Shelf, write: Write) -> Applied {
    let what = format!("{write:?}");
    apply(shelf, write).await.unwrap_or_else(|error| panic!("{what} failed: {error}"))
}

/// The error that a write must meet.
async fn refused(shelf: &dyn Shelf, write: Write) -> ConnectorError {
    match apply(shelf, write).await {
        Ok(applied) => panic!("it must be refused, and was done: {applied:?}"),
        Err(error) => error,
    }
}

/// The product that a write answered with.
pub fn product_of(applied: &Applied) -> &Product {
    match &applied.record {
        Some(Record::Catalogue(product)) => product,
        other => panic!("a write to a product must answer with the product read back, not with {other:?}"),
    }
}

pub async fn create(shelf: &dyn Shelf, new: NewProduct) -> Product {
    let applied = applied(shelf, Write::CreateProduct(Box::new(new))).await;
    let product = product_of(&applied).clone();
    assert_eq!(applied.key.as_ref(), Some(&product.key));
    product
}

pub async fn fetch(shelf: &dyn Shelf, what: Fetch) -> Vec<Product> {
    let items = shelf.connector().fetch(&shelf.context(), &what).await;
    let items = items.unwrap_or_else(|error| panic!("the look-up {what:?} failed: {error}"));
    let product = |item| match item {
        Ok(Record::Catalogue(product)) => *product,
        other => panic!("a look-up of products gave {other:?}"),
    };
    items.into_iter().map(product).collect()
}

pub async fn by_key(shelf: &dyn Shelf, key: &RemoteKey) -> Product {
    let what = Fetch::Keys { entity: Entity::Catalogue, keys: vec![key.clone()] };
    fetch(shelf, what).await.pop().unwrap_or_else(|| panic!("{key} is there"))
}

/// A change of nothing yet.
pub fn change_of(product: &Product) -> ProductChanges {
    ProductChanges {
        product: product.key.clone(),
        facts: Facts::new(),
        tax_class: None,
        units: BTreeMap::new(),
        prices: PriceKind::Net,
        price_list: None,
    }
}

pub fn of_sku<'a>(product: &'a Product, sku: &str) -> &'a Variant {
    let found = product.variants.iter().find(|variant| variant.unit.sku.as_deref() == Some(sku));
    found.unwrap_or_else(|| panic!("{sku} is a variant of {product:?}"))
}

pub fn field_of(error: &ConnectorError) -> Option<&str> {
    match &error.kind {
        ErrorKind::Rejected { field } => field.as_deref(),
        other => panic!("a refusal of the record, not {other:?}: {error}"),
    }
}

/// A product of three variants with SKUs of its own.
fn three(shelf: &dyn Shelf) -> (String, Vec<String>, NewProduct) {
    let code = format!("{}-", shelf.unique("CP"));
    let skus: Vec<String> = ["S", "M", "L"].iter().map(|size| format!("{code}{size}")).collect();
    let product = shelf.product(&code, &skus);
    (code, skus, product)
}

async fn a_product_that_is_made_is_found_by_its_skus_and_its_key(shelf: &dyn Shelf) {
    let (_, skus, new) = three(shelf);
    let given = new.clone();
    let made = create(shelf, new).await;
    let declared = &shelf.connector().capabilities().entities[&Entity::Catalogue].fields;
    for (field, value) in &given.facts {
        assert!(declared.contains_key(field), "{field} is declared");
        assert_eq!(made.facts.get(field), Some(value), "{field} is as it was given");
    }
    assert_eq!(made.variants.len(), 3);
    assert_eq!(made.troubles, []);
    for variant in &given.variants {
        let sku = variant.facts[&Field::Sku].as_text().unwrap_or_default();
        let read = of_sku(&made, sku);
        for (field, value) in variant.facts.iter().filter(|(field, _)| **field != Field::Price) {
            assert_eq!(read.value(*field).as_ref(), Some(value), "{field} of {sku} is as it was given");
        }
        let price = match given.prices {
            PriceKind::Net => read.unit.price_net,
            PriceKind::Gross => read.unit.price_gross,
        };
        assert_eq!(price.map(Value::number), variant.facts.get(&Field::Price).cloned());
        assert_eq!(read.unit.parent.as_ref(), Some(&made.key));
    }
    assert_eq!(by_key(shelf, &made.key).await, made, "a look-up by key gives what the creation answered");
    for sku in &skus {
        let found = fetch(shelf, Fetch::ProductsBySku { skus: vec![sku.clone()] }).await;
        assert_eq!(found.len(), 1, "{sku} finds its product once");
        assert_eq!(found[0].key, made.key);
    }
    let all = fetch(shelf, Fetch::ProductsBySku { skus }).await;
    assert_eq!(all.len(), 1, "one product, whichever of its SKUs are asked for");
}

async fn a_change_sets_what_is_given_and_nothing_else(shelf: &dyn Shelf) {
    let (_, skus, new) = three(shelf);
    let before = create(shelf, new).await;
    let mut change = change_of(&before);
    change.facts.insert(Field::Name, Value::text("Renamed, Ελληνικά, ăș"));
    let medium = of_sku(&before, &skus[1]).unit.key.clone();
    let price = Value::number(Decimal::new(2150, 2));
    change.units.insert(medium.clone(), Facts::from([(Field::Price, price.clone())]));
    for round in 0..2 {
        let applied = applied(shelf, Write::UpdateProduct(Box::new(change.clone()))).await;
        let after = product_of(&applied);
        assert_eq!(after.facts[&Field::Name], Value::text("Renamed, Ελληνικά, ăș"), "round {round}");
        for (field, value) in before.facts.iter().filter(|(field, _)| **field != Field::Name) {
            assert_eq!(after.facts.get(field), Some(value), "{field} was not given and stays");
        }
        for (was, is) in before.variants.iter().zip(&after.variants) {
            let expected = if is.unit.key == medium { price.as_number() } else { was.unit.price_net };
            assert_eq!(is.unit.price_net, expected);
            assert_eq!((&is.unit.sku, &is.unit.ean, is.unit.active), (&was.unit.sku, &was.unit.ean, true));
        }
        assert_eq!(&by_key(shelf, &before.key).await, after, "the answer is what is there");
    }
    let mut gone = change_of(&before);
    gone.product = RemoteKey::new("product.template,999999999");
    gone.facts.insert(Field::Name, Value::text("Nobody"));
    let error = refused(shelf, Write::UpdateProduct(Box::new(gone))).await;
    assert_eq!(error.kind, ErrorKind::NotFound);
}

async fn a_sku_that_is_taken_is_refused_with_its_field(shelf: &dyn Shelf) {
    let (_, skus, new) = three(shelf);
    create(shelf, new).await;
    let (code, others, mut again) = three(shelf);
    again.variants[2].facts.insert(Field::Sku, Value::text(&skus[0]));
    let error = refused(shelf, Write::CreateProduct(Box::new(again))).await;
    assert_eq!(field_of(&error), Some("sku"), "{error}");
    let left = fetch(shelf, Fetch::ProductsBySku { skus: others.clone() }).await;
    assert_eq!(left, [], "a refused product leaves nothing");
    let twin = shelf.product(&code, &[others[0].clone(), others[0].clone()]);
    let error = refused(shelf, Write::CreateProduct(Box::new(twin))).await;
    assert_eq!(field_of(&error), Some("sku"), "{error}");
}

async fn variants_are_added_once(shelf: &dyn Shelf) {
    let code = format!("{}-", shelf.unique("CP"));
    let skus: Vec<String> = ["S", "M", "L", "XL"].iter().map(|size| format!("{code}{size}")).collect();
    let made = create(shelf, shelf.product(&code, &skus[..2])).await;
    let further: Vec<NewVariant> = shelf.product(&code, &skus[1..]).variants;
    let write = || Write::CreateVariants {
        product: made.key.clone(),
        variants: further.clone(),
        prices: PriceKind::Net,
    };
    for round in 0..2 {
        let applied = applied(shelf, write()).await;
        let after = product_of(&applied);
        let there: Vec<&str> = after.variants.iter().filter_map(|v| v.unit.sku.as_deref()).collect();
        assert_eq!(there, skus, "round {round}");
        assert_eq!(applied.key.as_ref(), Some(&made.key));
        assert_eq!(of_sku(after, &skus[0]), of_sku(&made, &skus[0]), "what was there stays as it was");
    }
}

async fn a_variant_is_retired_and_comes_back(shelf: &dyn Shelf) {
    let (_, skus, new) = three(shelf);
    let made = create(shelf, new).await;
    let large = of_sku(&made, &skus[2]).unit.key.clone();
    for active in [false, true] {
        let mut change = change_of(&made);
        change.units.insert(large.clone(), Facts::from([(Field::Active, Value::Flag(active))]));
        let applied = applied(shelf, Write::UpdateProduct(Box::new(change))).await;
        let after = product_of(&applied);
        assert_eq!(after.variants.len(), 3, "a retired variant is still there");
        assert_eq!(of_sku(after, &skus[2]).unit.active, active);
        assert_eq!(after.shape, made.shape);
        let found = fetch(shelf, Fetch::ProductsBySku { skus: vec![skus[2].clone()] }).await;
        assert_eq!(found.len(), usize::from(active), "retired ones are left out of a look-up by SKU");
    }
}

async fn a_category_is_made_once_and_products_are_put_into_it(shelf: &dyn Shelf) {
    let path = vec![shelf.unique("Root"), "Shirts & more".to_owned(), "Sommer".to_owned()];
    let write = |path: &[String]| Write::CreateCategory { path: path.to_vec() };
    let first = applied(shelf, write(&path[..2])).await;
    assert!(!first.already);
    let whole = applied(shelf, write(&path)).await;
    assert!(!whole.already);
    let again = applied(shelf, write(&path)).await;
    assert!(again.already, "a category that is there succeeds and is not made again");
    let (_, _, mut new) = three(shelf);
    new.facts.insert(Field::Categories, Value::paths([path.clone()]));
    let made = create(shelf, new).await;
    assert_eq!(made.facts[&Field::Categories], Value::paths([path.clone()]));
    let mut change = change_of(&made);
    change.facts.insert(Field::Categories, Value::paths([path[..2].to_vec()]));
    let moved = applied(shelf, Write::UpdateProduct(Box::new(change.clone()))).await;
    assert_eq!(product_of(&moved).facts[&Field::Categories], Value::paths([path[..2].to_vec()]));
    change.facts.insert(Field::Categories, Value::paths([vec![shelf.unique("Nowhere")]]));
    let error = refused(shelf, Write::UpdateProduct(Box::new(change))).await;
    assert_eq!(field_of(&error), Some("categories"), "{error}");
}

async fn a_listing_has_every_product_once(shelf: &dyn Shelf) {
    let (_, skus, new) = three(shelf);
    let made = create(shelf, new).await;
    let mut keys = BTreeSet::new();
    let mut units = BTreeSet::new();
    let mut from: Option<Checkpoint> = None;
    loop {
        let page = shelf.connector().scan(&shelf.context(), Entity::Catalogue, from.as_ref()).await;
        let page = page.unwrap_or_else(|error| panic!("a page of the listing failed: {error}"));
        assert_eq!(page.more, page.next.is_some());
        for item in page.items {
            let Ok(Record::Catalogue(product)) = item else { panic!("{item:?}") };
            if product.key == made.key {
                assert_eq!(*product, made, "a listing shows what a look-up shows");
                assert_eq!(product.variants.len(), skus.len());
            }
            for variant in &product.variants {
                assert!(units.insert(variant.unit.key.clone()), "a unit is in one product");
            }
            assert!(keys.insert(product.key.clone()), "{} comes once", product.key);
        }
        let Some(next) = page.next else { break };
        from = Some(next);
    }
    assert!(keys.contains(&made.key));
}

async fn a_feed_of_whole_products_tells_of_edits(shelf: &dyn Shelf) {
    let (_, _, new) = three(shelf);
    let made = create(shelf, new).await;
    let (_, begun) = follow(shelf, Entity::Catalogue, None).await;
    shelf.rename(&made.key, "Renamed by hand").await;
    let (told, next) = follow(shelf, Entity::Catalogue, Some(&begun)).await;
    let names: Vec<&Value> = told
        .iter()
        .filter_map(|record| match record {
            Record::Catalogue(product) if product.key == made.key => product.facts.get(&Field::Name),
            _ => None,
        })
        .collect();
    assert!(!names.is_empty(), "an edited product comes");
    assert!(names.iter().all(|name| **name == Value::text("Renamed by hand")), "it comes as it is now");
    let (_, _, new) = three(shelf);
    let another = create(shelf, new).await;
    let (told, _) = follow(shelf, Entity::Catalogue, Some(&next)).await;
    assert!(told.iter().any(|record| record.key() == &another.key), "a new product comes");
}

/// What a feed tells until nothing more waits, and where it then stands.
pub async fn follow(
    shelf: &dyn Shelf,
    entity: Entity,
    since: Option<&Checkpoint>,
) -> (Vec<Record>, Checkpoint) {
    let mut records = Vec::new();
    let mut at = since.cloned();
    for _ in 0..1_000 {
        let page = shelf.connector().changes(&shelf.context(), entity, at.as_ref()).await;
        let page = page.unwrap_or_else(|error| panic!("the feed of {} failed: {error}", entity.name()));
        records.extend(page.items.into_iter().map(|item| item.expect("every record can be read")));
        let next = page.next.expect("a feed always says where to go on");
        if !page.more {
            return (records, next);
        }
        at = Some(next);
    }
    panic!("the feed of {} has no end", entity.name());
}

async fn what_is_not_there_is_absent_and_no_error(shelf: &dyn Shelf) {
    let gone = ["999999999", "product.template,999999999", "nonsense"].map(RemoteKey::new).to_vec();
    assert_eq!(fetch(shelf, Fetch::Keys { entity: Entity::Catalogue, keys: gone }).await, []);
    let unknown = vec![shelf.unique("NOBODY")];
    assert_eq!(fetch(shelf, Fetch::ProductsBySku { skus: unknown }).await, []);
}
