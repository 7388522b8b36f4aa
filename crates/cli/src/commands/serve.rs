use std::path::Path;

use tokio::net::TcpListener;

use crate::{
    assemble::assemble,
    clock::machine_clock,
    commands::load,
    failure::Failure,
    leases::Leases,
    show::{Form, line_of},
};

/// Runs all flows and takes in webhooks until Ctrl-C or SIGTERM.
pub async fn serve(path: &Path) -> Result<(), Failure> {
    let config = load(path, Form::Words)?;
    let listen = config.listen;
    let folder = path.parent().unwrap_or(Path::new("."));
    let clock = machine_clock();
    let watcher = Box::new(|event: &zygos_engine::Event| {
        if let Some(line) = line_of(event) {
            tracing::info!("{line}");
        }
    });
    let assembled = assemble(config, folder, clock.clone(), watcher).await?;
    let engine = assembled.engine.clone();
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::Unavailable(format!(
            "{listen} cannot be listened on: {error}; set `workspace.listen` to another port"
        ))
    })?;
    let leases = Leases::of(&engine, &clock);
    leases.wait().await?;
    tracing::info!("Listening on {listen}; webhooks go to /hooks/NAME");
    let web = zygos_server::serve(listener, engine.clone(), stopped());
    let outcome = tokio::select! {
        outcome = engine.run(stopped()) => outcome.map_err(Failure::from),
        outcome = web => outcome.map_err(Failure::from),
        outcome = leases.keep() => outcome,
    };
    leases.release().await?;
    assembled.state.close().await;
    outcome
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
