//! What a command prints: words for people, or one JSON object.

use std::{
    io::{IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use zygos_engine::{Event, Watcher};

use crate::failure::Failure;

/// How the answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Words,
    Json,
}

/// An answer in JSON was printed. What is wrong with it besides is then in that answer, and told in words only.
static ANSWERED: AtomicBool = AtomicBool::new(false);

pub fn has_answered() -> bool {
    ANSWERED.load(Ordering::Relaxed)
}

impl Form {
    pub fn print(self, value: &impl Serialize, words: impl FnOnce() -> Vec<String>) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match self {
            Self::Json => {
                let json = serde_json::to_string(value).map_err(|error| {
                    Failure::Unavailable(format!("the answer cannot be written: {error}"))
                })?;
                ANSWERED.store(true, Ordering::Relaxed);
                writeln!(out, "{json}")?;
            }
            Self::Words => {
                for line in words() {
                    writeln!(out, "{line}")?;
                }
            }
        }
        Ok(())
    }
}

/// Progress bars on a terminal, nothing elsewhere.
pub fn progress_watcher() -> Watcher {
    if !std::io::stderr().is_terminal() {
        return Box::new(|_| {});
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    Box::new(move |event| {
        if let Event::Progress { connection, what, done, of } = event {
            bar.set_message(format!("{connection}: {what}"));
            if let Some(of) = of {
                bar.set_length(*of);
            }
            bar.set_position(*done);
            if of.is_some_and(|of| *done >= of) {
                bar.finish_and_clear();
            }
        }
    })
}

/// One line for people of what happened; `None` for what is only progress.
pub fn line_of(event: &Event) -> Option<String> {
    use zygos_core::money::plain;
    Some(match event {
        Event::OrderSeen { store, order } => format!("order    {order} of {store} seen"),
        Event::OrderHeld { why, .. } => format!("held     {why}"),
        Event::OrderDrafted { store, order, document } => {
            format!("order    {order} of {store} drafted in the ERP as {document}")
        }
        Event::OrderPlaced { store, order, document } => {
            format!("order    {order} of {store} confirmed in the ERP as {document}")
        }
        Event::OrderCancelled { store, order } => format!("order    {order} of {store} cancelled"),
        Event::StockWritten { store, sku, before, after, why } => {
            let before = before.map_or_else(|| "?".to_owned(), plain);
            format!("stock    {store} {sku}: {before} → {} ({why})", plain(*after))
        }
        Event::ProductMade { connection, name, .. } => format!("made     {name} in {connection}"),
        Event::FieldWritten { connection, sku, field, before, after, why, .. } => {
            format!("written  {connection} {sku}, {}: {before} → {after} ({why})", field.words())
        }
        Event::DriftFound { store, sku, field, should, is, cause } => {
            let what = if field == "stock" { String::new() } else { format!(" as {field}") };
            format!(
                "drift    {store} {sku} shows {is} instead of {should}{what}: {}",
                cause.replace('_', " ")
            )
        }
        Event::DriftCorrected { store, sku } => format!("repaired {store} {sku}, read back"),
        Event::StoreTold { store, order, what } => format!("told     {store} about order {order}: {what}"),
        Event::Verified { store, units, different } => {
            format!("verified {store}: {units} units compared, {different} different")
        }
        Event::IssueOpened { text, .. } => format!("issue    {text}"),
        Event::ConnectionTrouble { connection, why } => format!("trouble  {connection}: {why}"),
        Event::ConnectionBack { connection } => format!("back     {connection} answers again"),
        Event::Progress { .. } => return None,
    })
}
