//! From a configuration to an engine: secrets read, connectors opened, the state found.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use secrecy::SecretString;
use zygos_connectors::{
    layers::Budgets,
    registry::{OpenError, Secrets, Surroundings, open},
    transport::HttpTransport,
};
use zygos_core::{SharedClock, WorkspaceId, http::Transport, settings::SecretRef};
use zygos_engine::{Connection, Engine, EngineSettings, StoreSettings, Watcher};

use crate::{
    config::{AccountConfig, Config},
    failure::Failure,
    owner::OwnerLock,
    state::{self, State, StatePlace},
};

/// An engine with its state, and what is needed to let go of both.
pub struct Assembled {
    pub engine: Arc<Engine>,
    pub state: State,
    pub place: StatePlace,
    pub workspace: WorkspaceId,
    /// What the connections call within.
    pub budgets: Budgets,
    /// Lives as long as the process works on the state.
    pub lock: Arc<OwnerLock>,
}

/// Secrets from the environment and from files.
pub struct MachineSecrets;

impl Secrets for MachineSecrets {
    fn resolve(&self, secret: &SecretRef) -> Result<SecretString, OpenError> {
        let text = match secret {
            SecretRef::Env(name) => std::env::var(name).map_err(|_| {
                OpenError(format!("the environment variable {name} is not set; it must hold the secret"))
            })?,
            SecretRef::File(path) => std::fs::read_to_string(path).map_err(|error| {
                OpenError(format!("the secret file {} cannot be read: {error}", path.display()))
            })?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(OpenError(format!("the secret in {} is empty", place(secret))));
        }
        Ok(SecretString::from(text.to_owned()))
    }
}

fn place(secret: &SecretRef) -> String {
    match secret {
        SecretRef::Env(name) => format!("the environment variable {name}"),
        SecretRef::File(path) => format!("the file {}", path.display()),
    }
}

/// Opens everything that `config` names; makes no call. Paths in it count from the configuration's own folder.
pub async fn assemble(
    config: Config,
    folder: &Path,
    clock: SharedClock,
    watcher: Watcher,
) -> Result<Assembled, Failure> {
    let budgets = Budgets::default();
    let surroundings =
        Surroundings { transport: http_transport()?, clock, secrets: &MachineSecrets, budgets: &budgets };
    assemble_within(config, folder, &surroundings, watcher).await
}

pub fn http_transport() -> Result<Arc<dyn Transport>, Failure> {
    Ok(Arc::new(HttpTransport::new().map_err(|error| Failure::Unavailable(error.to_string()))?))
}

/// As [`assemble`], with calls that count together with what else was called within `surroundings`.
pub async fn assemble_within(
    config: Config,
    folder: &Path,
    surroundings: &Surroundings<'_>,
    watcher: Watcher,
) -> Result<Assembled, Failure> {
    let place = config.state.clone().within(folder);
    let state = State::open(&place, config.workspace.clone()).await?;
    let lock = Arc::new(state::owner(&place)?);
    let workspace = config.workspace.clone();
    let settings = settings_within(config, surroundings, lock.name())?;
    let engine = Engine::new(state.repository(), surroundings.clock.clone(), settings, watcher);
    let budgets = surroundings.budgets.clone();
    Ok(Assembled { engine: Arc::new(engine), state, place, workspace, budgets, lock })
}

/// The engine's settings with connectors that call through `transport`, for a process that leases call `owner`.
pub fn engine_settings(
    config: Config,
    transport: Arc<dyn Transport>,
    clock: &SharedClock,
    secrets: &dyn Secrets,
    owner: &str,
) -> Result<EngineSettings, Failure> {
    let budgets = Budgets::default();
    let surroundings = Surroundings { transport, clock: clock.clone(), secrets, budgets: &budgets };
    settings_within(config, &surroundings, owner)
}

/// As [`engine_settings`], within surroundings that others share.
pub fn settings_within(
    config: Config,
    surroundings: &Surroundings<'_>,
    owner: &str,
) -> Result<EngineSettings, Failure> {
    every_secret(&config, surroundings.secrets)?;
    let mut stores = Vec::new();
    for store in config.stores {
        stores.push(StoreSettings {
            connection: connection(&store.account, surroundings)?,
            products: store.products,
            prices: store.prices,
            stock: store.stock,
            orders: store.orders,
            feedback: store.feedback,
        });
    }
    Ok(EngineSettings {
        stores,
        erp: connection(&config.erp, surroundings)?,
        pace: config.pace,
        guard: config.guard,
        owner: owner.to_owned(),
        seed: u64::from(std::process::id()),
        text_lengths: BTreeMap::new(),
    })
}

/// All secrets that can't be read are told together.
fn every_secret(config: &Config, secrets: &dyn Secrets) -> Result<(), Failure> {
    let accounts = config.stores.iter().map(|store| &store.account).chain([&config.erp]);
    let missing: Vec<String> = accounts
        .flat_map(|account| account.settings.secrets().into_iter().map(move |secret| (&account.name, secret)))
        .filter_map(|(name, secret)| {
            secrets.resolve(secret).err().map(|error| format!("connection {name}: {error}"))
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Failure::Configuration(missing.join("\n"))) }
}

fn connection(account: &AccountConfig, surroundings: &Surroundings<'_>) -> Result<Connection, Failure> {
    let opened = open(account.settings.as_ref(), account.name.as_str(), surroundings)
        .map_err(|error| Failure::Configuration(format!("connection {}: {error}", account.name)))?;
    Ok(Connection {
        id: account.name.clone(),
        connector: opened.connector,
        credential: opened.credential,
        calls_used: opened.calls_used,
        windows: opened.windows,
        clock_skew: opened.clock_skew,
    })
}
