//! What can be typed.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use zygos_core::settings::parse_duration;

use crate::commands::init::InitArguments;

/// Keeps online stores and ERPs in balance.
///
/// Exit codes: 0 good; 1 done, but something needs a person; 2 the configuration or the command is wrong; 3 a
/// connection or the state cannot be reached.
#[derive(Parser)]
#[command(name = "zygos", version, about, long_about)]
pub struct Arguments {
    /// The configuration file.
    #[arg(short, long, global = true, default_value = "zygos.toml")]
    pub config: PathBuf,
    /// The state's PostgreSQL database, postgres://USER:PASSWORD@HOST:PORT/DATABASE, whatever the configuration says;
    /// also in ZYGOS_DATABASE, where others can't read it in the list of processes.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub database: Option<String>,
    /// Answer with JSON.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Look at a store and an ERP, propose a configuration, write it, and show the first plan; writes nothing to
    /// either.
    Init(Box<InitArguments>),
    /// Test the configuration and every connection.
    Check,
    /// Read both sides and show what would be written; writes nothing.
    Plan(PlanArguments),
    /// Bring both sides into balance once.
    Sync {
        /// Only what this plan holds and what is still exactly as it says; see `plan --out`.
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
        /// More figures and new orders than this wait for approval.
        #[arg(long, value_name = "N")]
        most: Option<u32>,
    },
    /// Compare the stock of every unit with what it should be, and correct it by policy.
    Verify {
        /// Only this store.
        store: Option<String>,
        /// More figures than this wait for approval.
        #[arg(long, value_name = "N")]
        most: Option<u32>,
    },
    /// Why is it 7? Where is that order?
    Explain {
        /// A SKU, an EAN or an order id.
        what: String,
    },
    /// Every write of a product or an order: before, after, why; and what was refused or not answered.
    History(HistoryArguments),
    /// What needs a person.
    Issues {
        /// Closed ones too, each by itself.
        #[arg(long)]
        all: bool,
        /// Each by itself, also where many have one cause.
        #[arg(long)]
        each: bool,
    },
    /// Let a connection write, or answer an issue.
    Approve {
        /// A connection, or the number of an issue; all connections when left out.
        what: Option<String>,
        /// The answer to the issue; its first choice when left out.
        choice: Option<String>,
    },
    /// Stop all writes at once.
    Pause {
        /// Only on this connection.
        connection: Option<String>,
        /// Why, for whoever reads it later.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Run an order, a unit or a whole connection again, from both sides as they are now.
    Replay {
        /// An order id, a SKU or a connection.
        what: String,
    },
    /// Run all flows until stopped, and take in webhooks.
    Serve,
    /// Two sandbox stores and a sandbox ERP with hand edits and orders, kept in balance before your eyes.
    Demo(DemoArguments),
    /// Serve a vendor's API from memory.
    Sandbox {
        #[command(subcommand)]
        vendor: SandboxVendor,
    },
}

#[derive(Args)]
pub struct PlanArguments {
    /// Keep the plan in this file, for `zygos sync --plan`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite the file if it is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Show every entry, however many there are.
    #[arg(long)]
    pub all: bool,
}

#[derive(Args)]
pub struct HistoryArguments {
    /// A SKU, an EAN, an order id or the reference of a sale.
    pub what: String,
    /// Only from this day (its midnight in UTC) or time on.
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub since: Option<Timestamp>,
    /// Only the newest so many of each connection.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Args)]
pub struct DemoArguments {
    /// Stop after this long, such as 60s; until Ctrl-C when left out.
    #[arg(long = "for", value_parser = duration)]
    pub run_for: Option<Duration>,
    /// Units in the catalogue.
    #[arg(long, default_value_t = 500)]
    pub units: u32,
    /// Drives what happens.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Switch the stores' call limits off.
    #[arg(long)]
    pub no_limits: bool,
}

#[derive(Subcommand)]
pub enum SandboxVendor {
    /// MerchantPro's API v2, with its limits; control under /_sandbox/.
    Merchantpro {
        #[command(flatten)]
        sandbox: SandboxArguments,
        /// Sell what `scripts/tryton.sh` puts into a Tryton; one in so many products has another name, price and figure,
        /// none with 0.
        #[arg(long, value_name = "ONE_IN")]
        as_seeded: Option<u32>,
    },
    /// Tryton 8.2's JSON-RPC, as far as an outside client needs it.
    Tryton(SandboxArguments),
}

#[derive(Args)]
pub struct SandboxArguments {
    #[arg(long, default_value = "127.0.0.1:8401")]
    pub listen: SocketAddr,
    /// Units in the catalogue.
    #[arg(long, default_value_t = 200)]
    pub units: u32,
    /// Switch the call limits off.
    #[arg(long)]
    pub no_limits: bool,
    /// Send webhooks there (MerchantPro).
    #[arg(long)]
    pub webhook: Option<String>,
    /// Signs the webhooks.
    #[arg(long, default_value = "webhook-secret")]
    pub webhook_secret: String,
}

impl Arguments {
    /// How much is logged when nothing is said.
    pub fn default_log(&self) -> &'static str {
        match self.command {
            Command::Serve => "info",
            _ => "error",
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a length of time such as 60s, 5m or 2h".to_owned())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|moment| moment.timestamp());
    let moment = text.parse().ok().or_else(|| text.parse().ok().and_then(midnight));
    moment.ok_or_else(|| "a date such as 2026-11-24 or a time such as 2026-11-24T08:00:00+02:00".to_owned())
}
