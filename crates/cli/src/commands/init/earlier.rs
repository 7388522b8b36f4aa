//! A configuration that is about to be replaced. What orders are known by must not change unseen: under another name or
//! prefix, orders that are in the ERP already would be entered once more.

use std::{fs, path::Path};

use super::{flags::InitArguments, proposal::Chosen};
use crate::{config, failure::Failure};

/// What the earlier file said and the state depends on.
pub struct Earlier {
    workspace: String,
    erp: String,
    name: String,
    prefix: Option<String>,
    orders_from: Option<String>,
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
