//! The `zygos` command.

mod arguments;
mod assemble;
mod clock;
mod commands;
mod config;
mod demo;
mod failure;
mod leases;
mod owner;
mod sandbox;
mod show;
mod state;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("ZYGOS_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(arguments.default_log())),
        )
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("zygos: the machine has no room to start: {error}");
            return ExitCode::from(3);
        }
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if json && !show::has_answered() {
                println!("{}", failure.json());
            }
            eprintln!("zygos: {failure}");
            failure.exit_code()
        }
    }
}
