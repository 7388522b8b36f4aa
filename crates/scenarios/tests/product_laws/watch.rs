//! Looks at every request that leaves: L5, no field is written that the other side owns, and L4, nothing at all is
//! written once everything has come to rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use http::Method;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use zygos_core::{catalogue::Gone, http::HttpRequest, model::Field};
use zygos_scenarios::{
    seeds::is_traced,
    world::{STORES, World},
};
use zygos_sim::{merchantpro::MerchantProSandbox, tryton::TrytonSandbox};

use crate::{shelf, wishes::Wishes};

#[derive(Clone, Default)]
pub struct Watch {
    broken: Arc<Mutex<Vec<String>>>,
    at_rest: Arc<AtomicBool>,
}

/// Both systems, and what the stores' units cost before a tax was written to them.
struct Shelves {
    stores: Vec<Arc<MerchantProSandbox>>,
    erp: Arc<TrytonSandbox>,
    before_tax: Mutex<BTreeMap<(usize, u64), BTreeSet<Decimal>>>,
}

impl Watch {
    pub fn over(world: &World, wishes: &Wishes) -> Self {
        let watch = Self::default();
        let (broken, at_rest) = (watch.broken.clone(), watch.at_rest.clone());
        let wishes = wishes.clone();
        let traced = is_traced();
        let shelves = Shelves {
            stores: world.shops.iter().map(|shop| shop.sandbox.clone()).collect(),
            erp: world.erp.clone(),
            before_tax: Mutex::default(),
        };
        world.watch(move |request, at| {
            if traced && !request.body.is_empty() {
                let body = String::from_utf8_lossy(&request.body);
                let start: String = body.chars().take(400).collect();
                eprintln!("{at} {} {} {start}", request.method, request.url);
            }
            let host = request.url.split('/').nth(2).unwrap_or_default();
            let store = STORES.iter().position(|(_, name, ..)| host == *name);
            let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            let writes = match store {
                Some(_) => request.method != Method::GET,
                None => !only_reads(body["method"].as_str().unwrap_or_default()),
            };
            if !writes {
                return;
            }
            let mut why = None;
            if at_rest.load(Ordering::Relaxed) {
                why = Some("L4: all was quiet, and".to_owned());
            } else if let Some(field) = match store {
                Some(store) => foreign_in_store(&wishes, &shelves, store, request, &body),
                None => foreign_in_erp(&wishes, &shelves, &body),
            } {
                why = Some(format!("L5: {field} isn't ours to write:"));
            }
            if let Some(why) = why {
                let text = format!("{at}: {why} {} {} {body}", request.method, request.url);
                broken.lock().expect("nobody panicked here").push(text);
            }
        });
        watch
    }

    pub fn nothing_may_be_written_now(&self) {
        self.at_rest.store(true, Ordering::Relaxed);
    }

    pub fn check(&self) {
        let broken = self.broken.lock().expect("nobody panicked here");
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}

fn only_reads(method: &str) -> bool {
    let last = method.rsplit('.').next().unwrap_or_default();
    let reads = [
        "search_read",
        "read",
        "search",
        "search_count",
        "fields_get",
        "version",
        "get",
        "today",
        "login",
        "logout",
    ];
    reads.contains(&last) || last.starts_with("get_") || last == "compute"
}

impl Shelves {
    /// A price goes along with its tax, so that the tax doesn't move it: as it is, or as it was before the tax was
    /// written, since those of variants follow in calls of their own.
    fn stays(&self, store: usize, unit: u64, entry: &Map<String, Value>) -> bool {
        let written: BTreeSet<Decimal> =
            ["price_net", "price_gross"].into_iter().filter_map(|key| amount(entry.get(key)?)).collect();
        let before_tax = self.before_tax.lock().expect("nobody panicked here");
        let known = before_tax.get(&(store, unit)).into_iter().flatten();
        let now = shelf::of_sandbox(&self.stores[store]).into_iter().filter(|goods| goods.unit == unit);
        let now: Vec<Decimal> = now.flat_map(|goods| [goods.net, goods.gross]).collect();
        known.chain(&now).any(|price| written.contains(price))
    }

    fn remember(&self, store: usize, product: u64) {
        let mut before_tax = self.before_tax.lock().expect("nobody panicked here");
        for goods in shelf::of_sandbox(&self.stores[store]) {
            if goods.product == product {
                before_tax.insert((store, goods.unit), [goods.net, goods.gross].into());
            }
        }
    }

    /// Whether all prices that are written to these of the ERP are its present ones.
    fn stay_in_erp(&self, keys: &[i64], of_templates: bool, written: &BTreeSet<Decimal>) -> bool {
        let views = self.erp.products();
        let chosen: BTreeSet<i64> = match of_templates {
            true => keys.iter().copied().collect(),
            false => views.iter().filter(|view| keys.contains(&view.id)).map(|view| view.template).collect(),
        };
        let now: BTreeSet<Decimal> = views
            .iter()
            .filter(|view| chosen.contains(&view.template))
            .filter_map(|view| view.price)
            .collect();
        written.is_subset(&now)
    }
}

fn amount(value: &Value) -> Option<Decimal> {
    value.as_number()?.to_string().parse().ok()
}

/// A key of the body that stands for a field that the store owns, or for none that is known.
fn foreign_in_store(
    wishes: &Wishes,
    shelves: &Shelves,
    store: usize,
    request: &HttpRequest,
    body: &Value,
) -> Option<String> {
    let path: Vec<&str> = request.url.split('/').skip(5).collect();
    let body = body.as_object()?;
    let into = |field: Field| wishes.goes_to_store(store, field);
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["products" | "categories"]) if wishes.creates_in_store(store) => None,
        ("POST", ["categories"]) if into(Field::Categories) => None,
        ("PATCH", ["products", key] | ["inventory", "id", key]) => {
            let key: u64 = key.parse().ok()?;
            if body.contains_key("tax_id") {
                shelves.remember(store, key);
            }
            let stays = |entry: &Map<String, Value>| {
                let unit = entry.get("id").and_then(Value::as_u64).unwrap_or(key);
                into(Field::Tax) && shelves.stays(store, unit, entry)
            };
            let makes_variants = |body: &Map<String, Value>| {
                let entries = body.get("variants").and_then(Value::as_array);
                entries.into_iter().flatten().any(|entry| entry.get("id").is_none())
            };
            let is_ours = |entry: &Map<String, Value>, key: &str| match key {
                "id" => true,
                "name" => into(Field::Name),
                "description" => into(Field::Description),
                "sku" => into(Field::Sku),
                "ean" => into(Field::Ean),
                "tax_id" => into(Field::Tax),
                "category_id" | "categories" => into(Field::Categories),
                "cost_net" | "cost_gross" => into(Field::Cost),
                "price_net" | "price_gross" => into(Field::Price) || stays(entry),
                "status" => wishes.gone(store) == Gone::Archive,
                "variant_attributes" => makes_variants(body) && wishes.creates_in_store(store),
                _ => false,
            };
            let of_variants = body
                .get("variants")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
                .filter(|entry| entry.contains_key("id") || !wishes.creates_in_store(store));
            let whole = body.keys().filter(|key| *key != "variants").map(|key| (body, key));
            let mut keys =
                whole.chain(of_variants.flat_map(|entry| entry.keys().map(move |key| (entry, key))));
            keys.find(|(entry, key)| !is_ours(entry, key)).map(|(_, key)| key.clone())
        }
        _ => Some("that".to_owned()),
    }
}

fn foreign_in_erp(wishes: &Wishes, shelves: &Shelves, body: &Value) -> Option<String> {
    let any = |fits: &dyn Fn(usize) -> bool| (0..wishes.stores.len()).any(fits);
    let into = |field: Field| any(&|store| wishes.goes_to_erp(store, field));
    let creates = any(&|store| wishes.creates_in_erp(store));
    let params = body["params"].as_array()?;
    let method = body["method"].as_str().unwrap_or_default();
    match method {
        "model.product.template.create" | "model.product.product.create" if creates => None,
        "model.product.category.create" if creates || into(Field::Categories) => None,
        "model.product.price_list.line.write" | "model.product.price_list.line.create" => {
            (!into(Field::Price)).then(|| "the price list".to_owned())
        }
        "model.product.template.write" | "model.product.product.write" => {
            let mut values: Vec<&Map<String, Value>> = params.iter().filter_map(Value::as_object).collect();
            // The last one is the context.
            values.pop();
            let inside: Vec<&Map<String, Value>> = values
                .iter()
                .filter_map(|values| values.get("products")?.as_array())
                .flatten()
                .filter_map(Value::as_array)
                .flatten()
                .filter_map(Value::as_object)
                .collect();
            values.extend(inside);
            let prices: BTreeSet<Decimal> = values
                .iter()
                .filter_map(|values| values.get("list_price")?["decimal"].as_str()?.parse().ok())
                .collect();
            let keys: Vec<i64> =
                params[0].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
            let stay = into(Field::Tax)
                && shelves.stay_in_erp(&keys, method == "model.product.template.write", &prices);
            let is_ours = |key: &str| match key {
                "products" => true,
                "name" => into(Field::Name),
                "description" => into(Field::Description),
                "code" | "suffix_code" => into(Field::Sku),
                "identifiers" => into(Field::Ean),
                "account_category" => into(Field::Tax),
                "categories" => into(Field::Categories),
                "list_price" => into(Field::Price) || stay,
                "active" | "web_shops" => any(&|store| wishes.gone(store) == Gone::Archive),
                _ => false,
            };
            values.into_iter().flatten().map(|(key, _)| key).find(|key| !is_ours(key)).cloned()
        }
        other => Some(other.to_owned()),
    }
}
