use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use zygos_core::{
    SharedClock,
    clock::{elapsed, later},
    disposition::RetrySchedule,
};
use zygos_storage::StorageError;

use crate::{
    assemble::{Assembled, assemble},
    clock::machine_clock,
    commands::Home,
    failure::Failure,
    leases::Leases,
    show::line_of,
};

/// A state that can't be written is tried again at least this often.
const STATE_WAIT: Duration = Duration::from_secs(30);

/// Runs all flows and takes in webhooks until Ctrl-C or SIGTERM. A full disk does not end it: it says so, makes no
/// call, and goes on once the state can be written.
pub async fn serve(home: &Home) -> Result<(), Failure> {
    let clock = machine_clock();
    let waits = RetrySchedule::default();
    let mut failures = 0;
    let mut told: Option<String> = None;
    let mut ran = false;
    loop {
        let mut began = None;
        let error = match once(home, &clock, &mut began, told.is_some()).await {
            // Once it has run, whatever keeps it from the state may pass; before, only a full disk does by itself.
            Err(Failure::State(error)) if can_pass(&error, ran || began.is_some()) => error,
            other => return other,
        };
        if let Some(began) = began {
            ran = true;
            // It was told that the state can be written; that is over.
            told = None;
            if elapsed(began, clock.now()) > STATE_WAIT {
                failures = 0;
            }
        }
        let text = error.to_string();
        if told.as_ref() != Some(&text) {
            tracing::error!("{text}. Until then no call is made; it is tried again by itself");
            told = Some(text);
        }
        let wait = waits.delay(failures, None, 0).min(STATE_WAIT);
        failures += 1;
        tokio::select! {
            () = stopped() => return Ok(()),
            () = clock.sleep_until(later(clock.now(), wait)) => {}
        }
    }
}

fn can_pass(error: &StorageError, ran: bool) -> bool {
    match error {
        StorageError::Unwritable { .. } => true,
        StorageError::Unavailable { .. } | StorageError::Fenced { .. } => ran,
        StorageError::Damaged { .. } => false,
    }
}

/// From opening the state to its end; `began` tells when work began.
async fn once(
    home: &Home,
    clock: &SharedClock,
    began: &mut Option<Timestamp>,
    was_unwritable: bool,
) -> Result<(), Failure> {
    let config = home.load()?;
    let listen = config.listen;
    let watcher = Box::new(|event: &zygos_engine::Event| {
        if let Some(line) = line_of(event) {
            tracing::info!("{line}");
        }
    });
    let assembled = assemble(config, home.folder(), clock.clone(), watcher).await?;
    let outcome = run(&assembled, listen, clock, began, was_unwritable).await;
    assembled.state.close().await;
    outcome
}

async fn run(
    assembled: &Assembled,
    listen: std::net::SocketAddr,
    clock: &SharedClock,
    began: &mut Option<Timestamp>,
    was_unwritable: bool,
) -> Result<(), Failure> {
    let engine = &assembled.engine;
    let leases = Leases::of(assembled, clock);
    tokio::select! {
        outcome = leases.wait() => outcome?,
        () = stopped() => return Ok(()),
    }
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::Unavailable(format!(
            "{listen} cannot be listened on: {error}; set `workspace.listen` to another port"
        ))
    })?;
    let address = listener.local_addr()?;
    if was_unwritable {
        tracing::info!("The state can be written again");
    }
    tracing::info!("Listening on {address}; webhooks go to /hooks/NAME");
    *began = Some(clock.now());
    let web = zygos_server::serve(listener, engine.clone(), stopped());
    // What stops in the midst of its work keeps its leases: the next process sees by the lock that this one is gone,
    // and frees what it had claimed.
    tokio::select! {
        outcome = engine.run(stopped()) => outcome.map_err(Failure::from),
        outcome = web => outcome.map_err(Failure::from),
        outcome = leases.keep() => outcome,
    }
}

/// Done when the process is asked to end.
async fn stopped() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
