//! When all is quiet: wait until nothing is left to do, and look whether the laws held.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};
use zygos_core::{
    RemoteKey,
    catalogue::{Gone, Owner},
    contract::PriceKind,
    model::Field,
};
use zygos_engine::{Engine, Plan};
use zygos_scenarios::world::{Shop, World};
use zygos_sim::tryton::ProductView;
use zygos_storage::{Issue, OutboxRow};

use crate::{
    events::{Events, Place, prices_now},
    shelf::{self, Goods},
    wishes::{FIELDS, LIST, Wishes},
};

/// Between two looks. The engine's loops are dropped at its end, so it falls together with no claim's end.
const WHILE: Duration = Duration::from_secs(311);
/// Claims of a crashed process run out after 5 minutes, retries wait at most some; nothing takes longer than this.
const PATIENCE: u32 = 24;

/// How much was looked at.
#[derive(Clone, Copy, Default)]
pub struct Compared {
    pub fields: u64,
    /// They differ, and a person is asked about it.
    pub excused: u64,
}

pub fn wait(world: &World, engine: &Engine) {
    let began = world.now();
    for _ in 0..PATIENCE {
        world.let_run(engine, WHILE);
        let verified = world.shops.iter().all(|shop| {
            let at = world.block_on(engine.verified_at(&shop.id)).expect("the state can be read");
            at.is_some_and(|at| at >= began)
        });
        if verified && erp_read_at(world).is_some_and(|at| at >= began) && left_to_do(world).is_empty() {
            // What the last reading of one side led to, the others have seen by then.
            world.let_run(engine, 2 * WHILE);
            if left_to_do(world).is_empty() {
                return;
            }
        }
    }
    let tried = world.block_on(world.repository.attempts(None, 3)).expect("the state can be read");
    let issues = world.block_on(world.repository.issues(false)).expect("the state can be read");
    let texts: Vec<String> = issues.into_iter().map(|issue| issue.text).collect();
    panic!("{texts:#?} {tried:#?} still to do after two hours: {:#?}", left_to_do(world));
}

/// Only a full reading tells what was deleted.
fn erp_read_at(world: &World) -> Option<Timestamp> {
    let erp = zygos_core::ConnectionId::new("erp");
    let cursor =
        world.block_on(world.repository.cursor(&erp, "products_read")).expect("the state can be read");
    cursor?.0.parse().ok()
}

fn left_to_do(world: &World) -> Vec<OutboxRow> {
    let rows = world.block_on(world.repository.outbox(None, 1000)).expect("the state can be read");
    rows.into_iter().filter(|row| row.held_by.is_none()).collect()
}

fn issues(world: &World) -> Vec<Issue> {
    world.block_on(world.repository.issues(false)).expect("the state can be read")
}

/// Everything that a person is asked, and everything that a plan would write.
type Waiting = (BTreeSet<String>, Vec<String>);

pub fn waiting(world: &World, engine: &Engine) -> Waiting {
    waiting_by(world, world.block_on(engine.plan()).expect("a plan"))
}

fn waiting_by(world: &World, plan: Plan) -> Waiting {
    let planned = plan.products.into_iter().map(|planned| format!("{}: {}", planned.store, planned.words));
    let open = issues(world).into_iter();
    (
        open.map(|issue| format!("{} {} {}", issue.connection, issue.kind, issue.subject)).collect(),
        planned.collect(),
    )
}

/// A store's unit and the ERP's that are linked.
struct Pair {
    at: usize,
    goods: Goods,
    erp: ProductView,
    /// Their products correspond one to one.
    whole: bool,
}

/// How much was compared, and what waits.
pub fn check(world: &World, engine: &Engine, wishes: &Wishes, events: &Events) -> (Compared, Waiting) {
    let open = issues(world);
    let mut compared = Compared::default();
    let erp = shelf::of_erp(world);
    // Names of a product on the other side, by store and product.
    let mut names: BTreeMap<(usize, String), BTreeSet<String>> = BTreeMap::new();
    for (at, shop) in world.shops.iter().enumerate() {
        for pair in pairs(world, at, shop, &erp) {
            let there = format!("product.template,{}", pair.erp.template);
            names.entry((at, pair.goods.product.to_string())).or_default().insert(there);
            both_sides_agree(world, wishes, events, &pair, &open, &mut compared);
        }
        whatever_is_sold_is_linked_or_named(world, at, wishes, events, &open);
    }
    let plan = world.block_on(engine.plan()).expect("a plan");
    the_plan_is_empty(world, &plan, &open, &names);
    nothing_is_twice(world, events);
    nothing_deleted_is_back(world, events);
    bad_products_are_named(world, wishes, events, &open);
    // A price that nobody edited didn't move.
    let now = prices_now(world);
    for ((place, sku), was) in &events.prices {
        if let Some(is) = now.get(&(*place, sku.clone())).filter(|_| !events.priced.contains(sku)) {
            assert_eq!(is, was, "L3: nobody touched the price of {sku} in {place:?}");
        }
    }
    (compared, waiting_by(world, plan))
}

fn pairs(world: &World, at: usize, shop: &Shop, erp: &[ProductView]) -> Vec<Pair> {
    let links = world.block_on(world.repository.links(&shop.id)).expect("the state can be read");
    let goods: BTreeMap<RemoteKey, Goods> = shelf::of_store(shop)
        .into_iter()
        .map(|goods| (RemoteKey::new(goods.unit.to_string()), goods))
        .collect();
    let views: BTreeMap<RemoteKey, &ProductView> =
        erp.iter().map(|view| (RemoteKey::new(view.id.to_string()), view)).collect();
    let mut templates: BTreeMap<u64, BTreeSet<i64>> = BTreeMap::new();
    let mut products: BTreeMap<i64, BTreeSet<u64>> = BTreeMap::new();
    let mut found = Vec::new();
    for link in links {
        let goods = goods.get(&link.store_key);
        let view = views.get(&link.erp_key);
        let (Some(goods), Some(view)) = (goods, view) else {
            panic!("{}: {link:?} outlives {goods:?} or {view:?}", shop.id);
        };
        templates.entry(goods.product).or_default().insert(view.template);
        products.entry(view.template).or_default().insert(goods.product);
        found.push((goods.clone(), (*view).clone()));
    }
    let is_whole = |goods: &Goods, view: &ProductView| {
        templates[&goods.product].len() == 1 && products[&view.template].len() == 1
    };
    found.into_iter().map(|(goods, erp)| Pair { at, whole: is_whole(&goods, &erp), goods, erp }).collect()
}

/// L3 of every governed field of a pair.
fn both_sides_agree(
    world: &World,
    wishes: &Wishes,
    events: &Events,
    pair: &Pair,
    open: &[Issue],
    compared: &mut Compared,
) {
    let shop = &world.shops[pair.at];
    let asked = |field: Field| open.iter().any(|issue| explains(issue, shop, pair, field));
    for field in FIELDS.into_iter().chain([Field::Price]) {
        let of_whole = matches!(field, Field::Name | Field::Description | Field::Categories | Field::Tax);
        // What the ERP retired is read only there, and compared again when it is taken back.
        let is_read_only = !pair.erp.active && wishes.owner(pair.at, field) != Some(Owner::Erp);
        if (of_whole && !pair.whole) || is_read_only || !is_governed(wishes, pair.at, field) {
            continue;
        }
        compared.fields += 1;
        let (is_same, what) = match field {
            Field::Price => price_agrees(world, wishes, pair),
            _ => field_agrees(world, shop, pair, field),
        };
        if !is_same {
            compared.excused += 1;
            assert!(
                asked(field),
                "L3: {}: {field} of {}: {what}, and nobody is asked; {:?}\n{:?}\n{open:#?}",
                shop.id,
                pair.goods.sku,
                pair.goods,
                pair.erp
            );
        }
    }
    // What the ERP retired is sold no more, or a person is asked.
    let products_move = wishes.stores[pair.at].0.direction.to_store;
    let is_retired = !pair.erp.active && events.retired.contains(&pair.erp.sku);
    if is_retired && pair.goods.active && wishes.gone(pair.at) != Gone::Leave && products_move {
        assert!(
            asked(Field::Active),
            "L3: {}: {} is retired in the ERP and still sold",
            shop.id,
            pair.goods.sku
        );
    }
}

fn is_governed(wishes: &Wishes, store: usize, field: Field) -> bool {
    match wishes.owner(store, field) {
        Some(Owner::Erp) => wishes.goes_to_store(store, field),
        Some(Owner::Store) => wishes.goes_to_erp(store, field),
        Some(Owner::Newest) => wishes.goes_to_store(store, field) && wishes.goes_to_erp(store, field),
        _ => false,
    }
}

fn field_agrees(world: &World, shop: &Shop, pair: &Pair, field: Field) -> (bool, String) {
    let (goods, erp) = (&pair.goods, &pair.erp);
    let texts = |store: &str, erp: &str| (store.trim() == erp.trim(), format!("{store:?} and {erp:?}"));
    match field {
        Field::Name => texts(&goods.name, &erp.name),
        Field::Sku => texts(&goods.sku, &erp.sku),
        Field::Ean => texts(&goods.ean, erp.ean.as_deref().unwrap_or_default()),
        Field::Cost => (goods.cost == erp.cost, format!("{} and {}", goods.cost, erp.cost)),
        Field::Description => {
            // The first variant on sale speaks for all.
            let all = shelf::of_erp(world);
            let first = all.iter().find(|view| view.active && view.template == erp.template);
            first.map_or((true, String::new()), |first| {
                texts(&goods.description, first.description.as_deref().unwrap_or_default())
            })
        }
        Field::Categories => {
            let store = shelf::paths(shop, &goods.categories);
            let erp: BTreeSet<Vec<String>> = erp.categories.iter().cloned().collect();
            let is_same = store.as_ref() == Some(&erp);
            (is_same, format!("{store:?} and {erp:?}"))
        }
        Field::Tax => {
            let percent = match erp.tax_class.as_deref() {
                Some("Shop goods") => Decimal::from(19),
                Some("Reduced rate goods") => Decimal::from(9),
                Some(dear) if dear.starts_with("Dear goods") => Decimal::from(31),
                _ => Decimal::ZERO,
            };
            (goods.tax == percent, format!("{} and {percent}", goods.tax))
        }
        _ => unreachable!("not a field of the seeds"),
    }
}

fn rounded(amount: Decimal, places: u32) -> Decimal {
    amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

/// One follows from the other: the store's from the ERP's, or the ERP's from the store's.
fn price_agrees(world: &World, wishes: &Wishes, pair: &Pair) -> (bool, String) {
    let rule = &wishes.stores[pair.at].1;
    let in_erp = match &rule.list {
        None => pair.erp.price,
        Some(_) => world.erp.listed_price(LIST, pair.erp.id),
    };
    let Some(in_erp) = in_erp else { return (false, "the ERP has none".to_owned()) };
    let factor = match rule.authority {
        PriceKind::Gross => Decimal::ONE + pair.goods.tax / Decimal::ONE_HUNDRED,
        PriceKind::Net => Decimal::ONE,
    };
    let in_store = match rule.authority {
        PriceKind::Gross => pair.goods.gross,
        PriceKind::Net => pair.goods.net,
    };
    let is_same =
        in_store == rounded(in_erp * factor, rule.places) || in_erp == rounded(in_store / factor, 4);
    (is_same, format!("{in_store} and {in_erp} at {factor}"))
}

/// Whether an open issue tells a person of this field of this pair.
fn explains(issue: &Issue, shop: &Shop, pair: &Pair, field: Field) -> bool {
    let (product, unit) = (pair.goods.product.to_string(), pair.goods.unit.to_string());
    let template = format!("product.template,{}", pair.erp.template);
    let of_store = issue.connection == shop.id;
    match issue.kind.as_str() {
        "product_conflict" | "product_hold" => {
            of_store
                && (issue.subject == format!("{product} {unit} {field}")
                    || issue.subject == format!("{product} {product} {field}"))
        }
        // What is refused waits alone.
        "product_refused" => {
            let waits = issue.text.contains(field.words()) || issue.text.contains("this product waits");
            of_store && (issue.subject == product || issue.subject == template) && waits
        }
        "field_not_taken" => of_store && (issue.subject == product || issue.subject == template),
        "product_shape" => of_store && issue.subject.starts_with(&format!("{product} ")),
        "price_unknown_tax" | "price_negative" | "price_missing" | "price_not_in_list" => {
            of_store && field == Field::Price && issue.subject == format!("{product} {unit}")
        }
        "sku_missing" => of_store && field == Field::Sku && issue.subject == format!("{product} {unit}"),
        "unreadable_field" => {
            let fields: &[&str] = match field {
                Field::Categories => &["categories"],
                Field::Tax | Field::Price => &["account_category", "tax"],
                _ => &[],
            };
            let of = issue.subject.split([' ', ',']).next().unwrap_or_default();
            let whole = issue.subject.starts_with(&template) || (of_store && of == product);
            whole && fields.iter().any(|name| issue.subject.contains(name))
        }
        _ => false,
    }
}

fn the_plan_is_empty(
    world: &World,
    plan: &Plan,
    open: &[Issue],
    names: &BTreeMap<(usize, String), BTreeSet<String>>,
) {
    let told = |store: &zygos_core::ConnectionId, key: &str| {
        let at = world.shops.iter().position(|shop| shop.id == *store).expect("a store of this world");
        let there = names.get(&(at, key.to_owned()));
        open.iter().any(|issue| {
            issue.connection == *store
                && matches!(issue.kind.as_str(), "product_refused" | "field_not_taken")
                && (issue.subject == key || there.is_some_and(|there| there.contains(&issue.subject)))
        })
    };
    let incomplete = |store: &zygos_core::ConnectionId| {
        open.iter().any(|issue| issue.connection == *store && issue.kind == "incomplete_product")
    };
    let left: Vec<_> = plan
        .products
        .iter()
        .filter(|planned| planned.held.is_none() && !told(&planned.store, planned.key.as_str()))
        .filter(|planned| planned.field != "new variant" || !incomplete(&planned.store))
        .collect();
    assert!(left.is_empty(), "L3: {left:#?}");
}

/// L8, and the way things are made: what one side sells is linked, or deleted on the other, or named by an issue.
fn whatever_is_sold_is_linked_or_named(
    world: &World,
    at: usize,
    wishes: &Wishes,
    events: &Events,
    open: &[Issue],
) {
    let shop = &world.shops[at];
    let links = world.block_on(world.repository.links(&shop.id)).expect("the state can be read");
    let tombstones = world.block_on(world.repository.tombstones(&shop.id)).expect("the state can be read");
    let linked = |of_store: bool, key: &str| {
        links.iter().any(|link| (if of_store { &link.store_key } else { &link.erp_key }).as_str() == key)
    };
    let named = |words: &[&str]| {
        open.iter().any(|issue| {
            words.iter().any(|word| !word.is_empty() && (issue.text.contains(word) || issue.subject == *word))
        })
    };
    // Of a product that was deleted, new variants don't come either.
    let buried =
        |units: &[String]| tombstones.iter().any(|tombstone| units.contains(&tombstone.unit.to_string()));
    let (sold, held) = (shelf::of_store(shop), shelf::of_erp(world));
    // A store's variants that are told apart by two things at once, of which the ERP doesn't speak.
    let has_two_options = |erp_units: &[String]| {
        let of_these = |link: &&zygos_storage::Link| erp_units.contains(&link.erp_key.to_string());
        let units: BTreeSet<String> =
            links.iter().filter(of_these).map(|link| link.store_key.to_string()).collect();
        let products: BTreeSet<u64> = sold
            .iter()
            .filter(|goods| units.contains(&goods.unit.to_string()))
            .map(|goods| goods.product)
            .collect();
        products.iter().any(|product| {
            let of = sold.iter().filter(|goods| goods.product == *product);
            of.flat_map(|goods| &goods.options).map(|(name, _)| name).collect::<BTreeSet<_>>().len() > 1
        })
    };
    if wishes.creates_in_erp(at) {
        for goods in sold.iter().filter(|goods| goods.active) {
            let siblings = sold.iter().filter(|other| other.product == goods.product);
            let siblings: Vec<String> = siblings.map(|other| other.unit.to_string()).collect();
            let (unit, product) = (goods.unit.to_string(), goods.product.to_string());
            let is_good = events.good.contains(&(Place::Store(at), goods.sku.clone()));
            let is_told = !is_good && named(&[&goods.sku, &goods.name, &product]);
            assert!(
                linked(true, &unit) || buried(&siblings) || is_told,
                "L8: {}: {} is not in the ERP: {goods:#?}",
                shop.id,
                goods.sku
            );
        }
    }
    if wishes.creates_in_store(at) {
        for view in held.iter().filter(|view| view.active) {
            let siblings = held.iter().filter(|other| other.template == view.template);
            let siblings: Vec<String> = siblings.map(|other| other.id.to_string()).collect();
            let unit = view.id.to_string();
            let is_good =
                events.good.contains(&(Place::Erp, view.sku.clone())) && !has_two_options(&siblings);
            let is_told = !is_good && named(&[&view.sku, &view.name]);
            assert!(
                linked(false, &unit) || buried(&siblings) || is_told,
                "L8: {} of the ERP is not in {}: {view:#?}; open: {:#?}",
                view.sku,
                shop.id,
                open.iter().map(|issue| &issue.text).collect::<Vec<_>>()
            );
        }
    }
}

fn nothing_is_twice(world: &World, events: &Events) {
    let mut count: BTreeMap<(Place, String), u32> = BTreeMap::new();
    for (at, shop) in world.shops.iter().enumerate() {
        for goods in shelf::of_store(shop).into_iter().filter(|goods| goods.active && !goods.sku.is_empty()) {
            *count.entry((Place::Store(at), goods.sku)).or_default() += 1;
        }
    }
    for view in shelf::of_erp(world).into_iter().filter(|view| view.active && !view.sku.is_empty()) {
        *count.entry((Place::Erp, view.sku)).or_default() += 1;
    }
    for ((place, sku), times) in count {
        assert!(times == 1 || events.twice.contains(&sku), "L2: {sku} is {times} times in {place:?}");
    }
}

fn nothing_deleted_is_back(world: &World, events: &Events) {
    for (place, sku) in &events.deleted {
        let is_back = match place {
            Place::Store(at) => shelf::of_store(&world.shops[*at]).iter().any(|goods| goods.sku == *sku),
            Place::Erp => shelf::of_erp(world).iter().any(|view| view.sku == *sku),
        };
        assert!(!is_back, "{sku} was deleted in {place:?} and is back");
    }
}

/// L8 for what can't be carried over: it is named, wherever it should be made or change something.
fn bad_products_are_named(world: &World, wishes: &Wishes, events: &Events, open: &[Issue]) {
    let stores = 0..wishes.stores.len();
    for bad in &events.bad {
        if let (Place::Store(at), true) = (bad.place, bad.is_twice) {
            let sold = shelf::of_store(&world.shops[at]);
            if sold.iter().filter(|goods| goods.sku == bad.word).count() < 2 {
                continue;
            }
        }
        let is_wanted = match bad.place {
            Place::Store(at) => wishes.creates_in_erp(at),
            Place::Erp => stores.clone().any(|at| wishes.creates_in_store(at)),
        };
        let is_named = open.iter().any(|issue| issue.text.contains(&bad.word));
        assert!(!is_wanted || is_named, "L8: nobody hears of {} in {:?}: {open:#?}", bad.word, bad.place);
    }
}
