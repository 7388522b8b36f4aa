//! The main job before your eyes: two stores and an ERP, orders, goods received, hand edits, all kept in balance.

mod summary;
mod world;

use std::{
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;
use zygos_connectors::registry::{OpenError, Secrets};
use zygos_core::{ConnectionId, SharedClock, WorkspaceId, clock::later, settings::SecretRef};
use zygos_engine::{Engine, Event, Watcher};
use zygos_storage::Mode;

use self::{summary::Summary, world::World};
use crate::{
    arguments::DemoArguments,
    assemble::engine_settings,
    clock::machine_clock,
    config,
    failure::Failure,
    show::{Form, line_of},
    state::{State, StatePlace},
};

/// The demo's configuration, which is an example of one as well.
const CONFIGURATION: &str = include_str!("demo.toml");
/// Something happens this often.
const EVERY: Duration = Duration::from_millis(2500);
/// After the last event everything is given this long to come to rest.
const REST_AT_MOST: Duration = Duration::from_secs(90);

struct DemoSecrets;

impl Secrets for DemoSecrets {
    fn resolve(&self, secret: &SecretRef) -> Result<SecretString, OpenError> {
        let text = match secret {
            SecretRef::Env(name) if name == "DEMO_ERP_PASSWORD" => "sync-Secret-1",
            SecretRef::Env(name) if name == "DEMO_STORE_KEY" => "key",
            SecretRef::Env(_) | SecretRef::File(_) => "secret",
        };
        Ok(SecretString::from(text.to_owned()))
    }
}

/// Runs the demo and prints what moves; its state is in a file of its own, or in a workspace of its own of `database`.
pub async fn run(
    arguments: &DemoArguments,
    database: Option<&StatePlace>,
    form: Form,
) -> Result<(), Failure> {
    let clock = machine_clock();
    let world = World::build(arguments, clock.clone())?;
    let config = config::read(CONFIGURATION).map_err(|problems| {
        let texts: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        Failure::Configuration(texts.join("; "))
    })?;
    let settings = engine_settings(config, world.transport.clone(), &clock, &DemoSecrets, "demo")?;
    let file = StateFile::new();
    let workspace = WorkspaceId::new(format!("demo {}", uuid::Uuid::now_v7()));
    let place = database.cloned().unwrap_or_else(|| StatePlace::File(file.0.clone()));
    let state = State::open(&place, workspace).await?;
    let counts = Arc::new(Mutex::new(Summary::default()));
    let engine = Engine::new(state.repository(), clock.clone(), settings, watcher(counts.clone(), form));
    for name in engine.connection_names() {
        engine.set_mode(&ConnectionId::new(name), Mode::Live, None).await?;
    }
    if form == Form::Words {
        println!(
            "{} units in three warehouses, two stores, one ERP. Stores allow 80 calls a minute. Ctrl-C ends it.",
            arguments.units
        );
    }
    let play = play(&world, &engine, arguments.run_for, &clock, &counts, form);
    let mut play = pin!(play);
    tokio::select! {
        outcome = engine.run(std::future::pending()) => outcome?,
        outcome = &mut play => outcome?,
    }
    let mut summary = counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    summary.complete(&world, &engine).await?;
    state.close().await;
    form.print(&summary, || summary.lines())?;
    if summary.is_good() {
        Ok(())
    } else {
        Err(Failure::NeedsAttention("not everything came into balance; see above".to_owned()))
    }
}

/// Lets things happen until the time is up or Ctrl-C, then waits until both sides agree.
async fn play(
    world: &World,
    engine: &Engine,
    run_for: Option<Duration>,
    clock: &SharedClock,
    counts: &Mutex<Summary>,
    form: Form,
) -> Result<(), Failure> {
    let began = clock.now();
    let end = run_for.map_or(Timestamp::MAX, |time| later(began, time));
    // The last quarter is for coming to rest, so that the whole stays near the time asked for.
    let last_event = run_for.map_or(Timestamp::MAX, |time| later(began, time * 3 / 4));
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    // The first look at both sides; until then a hand edit could not be told from a first meeting.
    while !world.is_balanced() && clock.now() < end {
        tokio::select! {
            _ = &mut interrupted => return Ok(()),
            () = clock.sleep_until(later(clock.now(), Duration::from_millis(200))) => {}
        }
    }
    while clock.now() < last_event {
        tokio::select! {
            _ = &mut interrupted => break,
            () = clock.sleep_until(later(clock.now(), EVERY)) => {}
        }
        let happened = world.something_happens(clock.now())?;
        counts.lock().unwrap_or_else(PoisonError::into_inner).note(&happened);
        if form == Form::Words {
            println!("         -- {}", happened.words());
        }
    }
    // A hand edit waits for the next verification; the end of the demo doesn't.
    let patience = later(clock.now(), REST_AT_MOST);
    let rest = async {
        while !(world.is_balanced() && world.all_orders_placed()) {
            for store in &engine.settings().stores {
                if let Err(error) = engine.verify(store).await {
                    tracing::warn!("The last verification was put off: {error}");
                }
            }
            clock.sleep_until(later(clock.now(), Duration::from_secs(2))).await;
        }
    };
    tokio::select! {
        () = rest => {}
        () = clock.sleep_until(patience) => {}
    }
    Ok(())
}

fn watcher(counts: Arc<Mutex<Summary>>, form: Form) -> Watcher {
    Box::new(move |event: &Event| {
        counts.lock().unwrap_or_else(PoisonError::into_inner).see(event);
        if form == Form::Words
            && let Some(line) = line_of(event)
        {
            println!("{line}");
        }
    })
}

/// The demo's state, removed at the end.
struct StateFile(PathBuf);

impl StateFile {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("demo-{}.zygos.db", uuid::Uuid::now_v7())))
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(ending);
            // Nothing depends on it: a file left behind in the temporary folder does no harm.
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
    }
}
