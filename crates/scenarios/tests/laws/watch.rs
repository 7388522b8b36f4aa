//! Looks at every request that leaves: L5, nothing is written that the other side owns, and L6, no figure is raised
//! above what was rightly sellable while the figures behind it counted.

use std::sync::{Arc, Mutex};

use http::Method;
use jiff::Timestamp;
use serde_json::Value;
use zygos_core::http::HttpRequest;
use zygos_scenarios::world::World;

use crate::{families::decimal, truth::Truth};

/// What may be called at the ERP besides reading: sessions, customers, sales and what becomes of them.
const ERP_WRITES: [&str; 10] = [
    "common.db.login",
    "common.db.logout",
    "model.party.party.create",
    "model.party.address.create",
    "model.sale.sale.create",
    "model.sale.sale.write",
    "model.sale.sale.quote",
    "model.sale.sale.confirm",
    "model.sale.sale.cancel",
    "model.stock.shipment.out.cancel",
];

const STORE_ACTIONS: [&str; 4] = ["in_process", "shipped", "delivered", "tags"];

#[derive(Clone, Default)]
pub struct Watch {
    broken: Arc<Mutex<Vec<String>>>,
}

impl Watch {
    pub fn over(world: &World, truth: &Arc<Truth>) -> Self {
        let watch = Self::default();
        let shops = world.shops.clone();
        let truth = truth.clone();
        let broken = watch.broken.clone();
        let traced = std::env::var("ZYGOS_TRACE").is_ok();
        world.watch(move |request, at| {
            if traced && !request.body.is_empty() {
                let body = String::from_utf8_lossy(&request.body);
                let start: String = body.chars().take(200).collect();
                eprintln!("{at} {} {} {start}", request.method, request.url);
            }
            let host = request.url.split('/').nth(2).unwrap_or_default();
            let verdict = match shops.iter().find(|shop| host.starts_with(shop.id.as_str())) {
                None => erp_call(request),
                Some(_) if request.method == Method::GET => Ok(()),
                Some(shop) => match store_write(request) {
                    Ok(Some((unit, figure))) => {
                        let was = shop.sandbox.stock(unit).unwrap_or_default();
                        let sku = shop.units.iter().find(|(_, id)| **id == unit).map(|(sku, _)| sku.as_str());
                        sku.filter(|_| decimal(&figure) > was)
                            .map_or(Ok(()), |sku| not_above(&truth, shop.id.as_str(), sku, &figure, at))
                    }
                    other => other.map(|_| ()),
                },
            };
            if let Err(why) = verdict {
                broken.lock().expect("nobody panicked here").push(format!("{at}: {why}"));
            }
        });
        watch
    }

    pub fn check(&self) {
        let broken = self.broken.lock().expect("nobody panicked here");
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}

fn not_above(truth: &Truth, store: &str, sku: &str, figure: &Value, at: Timestamp) -> Result<(), String> {
    let highest = truth.highest(store, sku, at);
    if decimal(figure) <= highest {
        return Ok(());
    }
    Err(format!("L6: {sku} in {store} is raised to {figure}, but no more than {highest} was to be sold"))
}

/// The unit and figure of a stock write.
fn store_write(request: &HttpRequest) -> Result<Option<(u64, Value)>, String> {
    let refused = || format!("L5: {} {}", request.method, request.url);
    let path: Vec<&str> = request.url.split('/').skip(3).collect();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let keys: Vec<&str> = body.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    match path.as_slice() {
        ["api", "v2", "inventory", "id", unit] if keys == ["stock"] => {
            Ok(Some((unit.parse().map_err(|_| refused())?, body["stock"].clone())))
        }
        ["api", "v2", "orders", _] if keys.iter().all(|key| ["shipping_awb", "erp_id"].contains(key)) => {
            Ok(None)
        }
        ["api", "v2", "orders", _, action] if STORE_ACTIONS.contains(action) => Ok(None),
        _ => Err(refused()),
    }
}

fn erp_call(request: &HttpRequest) -> Result<(), String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let method = body["method"].as_str().unwrap_or_default();
    let last = method.rsplit('.').next().unwrap_or_default();
    let reads =
        ["search_read", "read", "search", "search_count", "fields_get", "version", "get", "today", "skip"];
    let gives_up = method.starts_with("wizard.sale.handle.shipment.exception.");
    if reads.contains(&last) || last.starts_with("get_") || gives_up || ERP_WRITES.contains(&method) {
        return Ok(());
    }
    Err(format!("L5: {method}"))
}
