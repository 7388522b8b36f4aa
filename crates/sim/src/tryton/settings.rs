//! How the sandbox's server is set up.

use std::time::Duration;

/// What differs from server to server.
#[derive(Clone, Debug)]
pub struct TrytonSettings {
    /// Database name: the first part of every address.
    pub database: String,
    /// The synchronising program's user: groups Sales, Stock, Product and Account Product Administration.
    pub user: String,
    pub password: String,
    /// Shop staff: may also buy, post invoices, force.
    pub staff_user: String,
    pub staff_password: String,
    /// The company's name and its only currency (ISO code).
    pub company: String,
    pub currency: String,
    /// Names of the web shops, in the order of their ids.
    pub shops: Vec<String>,
    /// On SQLite a call that makes or writes more products than this fails with 503; `None`: on PostgreSQL.
    pub products_per_call: Option<usize>,
    /// With `[queue] worker`: how long after `confirm` a sale is processed. `None`: within the same call.
    pub worker_delay: Option<Duration>,
}

impl Default for TrytonSettings {
    fn default() -> Self {
        Self {
            database: "erp".to_owned(),
            user: "sync".to_owned(),
            password: "sync-Secret-1".to_owned(),
            staff_user: "clerk".to_owned(),
            staff_password: "clerk-Secret-1".to_owned(),
            company: "Northwind Trading".to_owned(),
            currency: "EUR".to_owned(),
            shops: vec!["shop-a".to_owned(), "shop-b".to_owned()],
            products_per_call: Some(80),
            worker_delay: None,
        }
    }
}
