//! Which vendors there are, and the way from a section of the configuration to a connector with its layers.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use jiff::SignedDuration;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zygos_core::{
    SharedClock,
    budget::Window,
    contract::{Connector, Side},
    http::Transport,
    settings::{SecretRef, Section},
};

use crate::layers::{self, BudgetedTransport, Budgets, RateLimitReader, SkewMeter};

/// A vendor whose API is spoken here.
pub struct Vendor {
    /// As written in a configuration.
    pub name: &'static str,
    pub side: Side,
    /// Reads the vendor's settings out of a section; problems are reported there and `None` answered. The caller
    /// has settings of its own in the same section, so it is the caller who finishes it.
    pub read: fn(&Section<'_>) -> Option<Box<dyn Configured>>,
}

const VENDORS: &[Vendor] = &[
    #[cfg(feature = "merchantpro")]
    crate::merchantpro::VENDOR,
    #[cfg(feature = "tryton")]
    crate::tryton::VENDOR,
];

pub fn vendors() -> &'static [Vendor] {
    VENDORS
}

pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}

/// An account as configured: everything but its secrets, which are only named.
pub trait Configured: Send + Sync {
    /// Every secret that opening will ask for.
    fn secrets(&self) -> Vec<&SecretRef>;

    /// What the vendor counts calls by. Holds the host and a digest, never a key: see [`credential`].
    fn credential(&self, secrets: &dyn Secrets) -> Result<String, OpenError>;

    /// How many calls the vendor allows; empty for no limit.
    fn windows(&self) -> Vec<Window>;

    /// Whether the vendor keeps an order from being entered twice only where the store has a name of its own there.
    fn orders_need_shop(&self) -> bool {
        false
    }

    /// How the vendor asks for silence.
    fn asks_for_silence(&self) -> RateLimitReader;

    /// The connector, without layers.
    fn connect(
        &self,
        secrets: &dyn Secrets,
        transport: Arc<dyn Transport>,
        clock: SharedClock,
    ) -> Result<Arc<dyn Connector>, OpenError>;
}

/// Reads a secret from where the configuration says it is kept.
pub trait Secrets {
    fn resolve(&self, secret: &SecretRef) -> Result<SecretString, OpenError>;
}

/// Why an account can't be opened, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// What opening needs, the same for all accounts of a process.
pub struct Surroundings<'a> {
    pub transport: Arc<dyn Transport>,
    pub clock: SharedClock,
    pub secrets: &'a dyn Secrets,
    pub budgets: &'a Budgets,
}

/// An account ready for work.
pub struct Opened {
    /// With all its layers.
    pub connector: Arc<dyn Connector>,
    /// The name of the lease.
    pub credential: String,
    /// Calls made by this account so far.
    pub calls_used: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// How many calls the vendor allows; empty for no limit.
    pub windows: Vec<Window>,
    /// How far the other side's clock is ahead of ours, once it has answered.
    pub clock_skew: Arc<dyn Fn() -> Option<SignedDuration> + Send + Sync>,
}

/// Opens an account. Makes no call. `name` is the connection's.
pub fn open(
    configured: &dyn Configured,
    name: &str,
    surroundings: &Surroundings<'_>,
) -> Result<Opened, OpenError> {
    let Surroundings { transport, clock, secrets, budgets } = surroundings;
    let credential = configured.credential(*secrets)?;
    let windows = configured.windows();
    let budget = budgets.of(&credential, &windows);
    let metered = SkewMeter::new(transport.clone(), clock.clone());
    let skew = metered.skew();
    let budgeted =
        BudgetedTransport::new(Arc::new(metered), clock.clone(), budget, configured.asks_for_silence());
    let counter = budgeted.counter();
    let connector = configured.connect(*secrets, Arc::new(budgeted), clock.clone())?;
    Ok(Opened {
        connector: layers::around(connector, name, clock),
        credential,
        calls_used: Arc::new(move || counter.load(Ordering::Relaxed)),
        windows,
        clock_skew: Arc::new(move || *skew.lock().unwrap_or_else(PoisonError::into_inner)),
    })
}

/// The name of a credential: the host, and twelve digits that tell keys apart without telling the key.
pub fn credential(host: &str, key: &str) -> String {
    let digest = Sha256::digest(format!("{host}\0{key}").as_bytes());
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{host}#{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_tells_keys_apart_and_holds_none() {
        let one = credential("shop.example", "key-one");
        assert_ne!(one, credential("shop.example", "key-two"));
        assert_ne!(one, credential("other.example", "key-one"));
        assert!(one.starts_with("shop.example#") && !one.contains("key"), "{one}");
        assert_eq!(one.len(), "shop.example#".len() + 12);
    }

    #[test]
    fn names_of_vendors_are_unique() {
        for vendor in vendors() {
            assert_eq!(
                vendors().iter().filter(|other| other.name == vendor.name).count(),
                1,
                "{}",
                vendor.name
            );
        }
    }
}
