//! Looks at every request that leaves: L5, no field is written that the other side owns, and L4, nothing at all is
//! written once everything has come to rest.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use http::Method;
use serde_json::{Map, Value};
use zygos_core::{catalogue::Gone, http::HttpRequest, model::Field};
use zygos_scenarios::{
    seeds::is_traced,
    world::{STORES, World},
};

use crate::wishes::Wishes;

#[derive(Clone, Default)]
pub struct Watch {
    broken: Arc<Mutex<Vec<String>>>,
    at_rest: Arc<AtomicBool>,
}

impl Watch {
    pub fn over(world: &World, wishes: &Wishes) -> Self {
        let watch = Self::default();
        let (broken, at_rest) = (watch.broken.clone(), watch.at_rest.clone());
        let wishes = wishes.clone();
        let traced = is_traced();
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
                Some(store) => foreign_in_store(&wishes, store, request, &body),
                None => foreign_in_erp(&wishes, &body),
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

/// A key of the body that stands for a field that the store owns, or for none that is known.
fn foreign_in_store(wishes: &Wishes, store: usize, request: &HttpRequest, body: &Value) -> Option<String> {
    let path: Vec<&str> = request.url.split('/').skip(5).collect();
    let body = body.as_object()?;
    let into = |field: Field| wishes.goes_to_store(store, field);
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["products" | "categories"]) if wishes.creates_in_store(store) => None,
        ("POST", ["categories"]) if into(Field::Categories) => None,
        ("PATCH", ["products", _] | ["inventory", "id", _]) => {
            let taxed = body.contains_key("tax_id");
            // Those of variants in calls of their own.
            let goes_along = path[0] == "inventory" && into(Field::Tax);
            let makes_variants = |body: &Map<String, Value>| {
                let entries = body.get("variants").and_then(Value::as_array);
                entries.into_iter().flatten().any(|entry| entry.get("id").is_none())
            };
            let is_ours = |key: &str| match key {
                "id" => true,
                "name" => into(Field::Name),
                "description" => into(Field::Description),
                "sku" => into(Field::Sku),
                "ean" => into(Field::Ean),
                "tax_id" => into(Field::Tax),
                "category_id" | "categories" => into(Field::Categories),
                "cost_net" | "cost_gross" => into(Field::Cost),
                // A price goes along with its tax, so that the tax doesn't move it.
                "price_net" | "price_gross" => into(Field::Price) || taxed || goes_along,
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
                .filter(|entry| entry.contains_key("id") || !wishes.creates_in_store(store))
                .flatten();
            let mut keys = body.iter().filter(|(key, _)| *key != "variants").chain(of_variants);
            keys.find(|(key, _)| !is_ours(key)).map(|(key, _)| key.clone())
        }
        _ => Some("that".to_owned()),
    }
}

fn foreign_in_erp(wishes: &Wishes, body: &Value) -> Option<String> {
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
            let taxed = values.iter().any(|values| values.contains_key("account_category"));
            let is_ours = |key: &str| match key {
                "products" => true,
                "name" => into(Field::Name),
                "description" => into(Field::Description),
                "code" | "suffix_code" => into(Field::Sku),
                "identifiers" => into(Field::Ean),
                "account_category" => into(Field::Tax),
                "categories" => into(Field::Categories),
                "list_price" => into(Field::Price) || taxed,
                "active" | "web_shops" => any(&|store| wishes.gone(store) == Gone::Archive),
                _ => false,
            };
            values.into_iter().flatten().map(|(key, _)| key).find(|key| !is_ours(key)).cloned()
        }
        other => Some(other.to_owned()),
    }
}
