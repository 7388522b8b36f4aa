//! A configuration that is about to be replaced. What orders are known by must not change unseen: under another name or
//! prefix, orders that are in the ERP already would be entered once more.

use std::{fs, path::Path};

use zygos_engine::{PriceFlow, ProductFlow};

use super::{flags::InitArguments, proposal::Chosen};
use crate::{config, failure::Failure};

/// What the earlier file said and the state depends on.
pub struct Earlier {
    workspace: String,
    erp: String,
    name: String,
    prefix: Option<String>,
    orders_from: Option<String>,
    products: Option<ProductFlow>,
    prices: Option<PriceFlow>,
}

/// The file that `--force` replaces; `None` where there is none that can be read as a configuration.
pub fn earlier(path: &Path) -> Result<Option<Earlier>, Failure> {
    let Some(config) = fs::read_to_string(path).ok().and_then(|text| config::read(&text).ok()) else {
        return Ok(None);
    };
    let [store] = config.stores.as_slice() else {
        return Err(Failure::Configuration(format!(
            "{} holds {} stores, and `zygos init` writes one; it is left as it is. Name another file with `--out`, and \
             copy its [[store]] over",
            path.display(),
            config.stores.len()
        )));
    };
    Ok(Some(Earlier {
        workspace: config.workspace.to_string(),
        erp: config.erp.name.to_string(),
        name: store.account.name.to_string(),
        prefix: store.orders.as_ref().map(|orders| orders.prefix.clone()),
        orders_from: store.orders.as_ref().map(|orders| orders.orders_from.to_string()),
        products: store.products.clone(),
        prices: store.prices.clone(),
    }))
}

impl Earlier {
    /// Goes on with what was chosen then, where no flag says otherwise.
    pub fn continue_in(&self, flags: &InitArguments, chosen: &mut Chosen) {
        chosen.workspace = Some(self.workspace.clone());
        chosen.erp.clone_from(&self.erp);
        if flags.name.is_none() {
            chosen.name.clone_from(&self.name);
        }
        chosen.prefix = chosen.prefix.take().or_else(|| self.prefix.clone());
        chosen.orders_from = chosen.orders_from.take().or_else(|| self.orders_from.clone());
        if let Some(products) = &self.products {
            chosen.products = chosen.products.or(Some(products.direction));
            chosen.create = chosen.create.or(Some(products.create));
        }
        if let Some(prices) = &self.prices {
            // What was said of prices then goes together.
            if chosen.prices.is_none() {
                chosen.price_list = chosen.price_list.take().or_else(|| prices.list.clone());
                chosen.authority = chosen.authority.or(Some(prices.authority));
            }
            chosen.prices = chosen.prices.or(Some(prices.direction));
        }
    }

    /// What a person must know of where the new file differs.
    pub fn warnings(&self, chosen: &Chosen, prefix: &str) -> Vec<String> {
        let mut warnings = Vec::new();
        let again = "orders since orders_from that are in the ERP already would be entered once more; set orders_from to \
                     a later time, or take the earlier one";
        if self.name != chosen.name {
            warnings.push(format!("name: the store was called {}; under another name {again}", self.name));
        }
        if let Some(earlier) = self.prefix.as_deref().filter(|earlier| *earlier != prefix) {
            warnings.push(format!("prefix: it was {earlier}; orders that the state does not know: {again}"));
        }
        warnings
    }
}
