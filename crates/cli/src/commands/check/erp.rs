//! Whether what the stores' configuration names is in the ERP and means there what it says.

use zygos_core::{
    contract::{CallContext, CheckFinding, Severity},
    doctor::{self, StoreNames},
};
use zygos_engine::{Connection, StoreSettings};

pub(super) async fn names(
    stores: &[StoreSettings],
    erp: &Connection,
    context: &CallContext,
) -> Vec<CheckFinding> {
    let discovery = match erp.connector.discover(context).await {
        Ok(discovery) => discovery,
        Err(error) => {
            let message = format!("what {} has to choose from cannot be told: {error}", erp.id);
            return vec![CheckFinding { severity: Severity::Blocking, message }];
        }
    };
    let of_store = |store: &StoreSettings| doctor::names(&wanted(store), &discovery);
    stores.iter().flat_map(of_store).collect()
}

fn wanted(store: &StoreSettings) -> StoreNames<'_> {
    let (orders, products, prices) = (store.orders.as_ref(), store.products.as_ref(), store.prices.as_ref());
    StoreNames {
        store: store.connection.id.as_str(),
        orders_currency: orders.map(|orders| orders.currency),
        prices_currency: prices.and_then(|prices| prices.currency),
        taxes: orders.map_or(&[], |orders| &orders.taxes),
        price_list: prices.and_then(|prices| prices.list.as_deref()),
        tax_classes: products.map_or(&[], |products| &products.tax_classes),
        measure: products.filter(|products| products.create.to_erp).map(|products| products.measure.as_str()),
    }
}
