//! The commented configuration, and writing it whole or not at all.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use zygos_core::{money::plain, orders::ImportWhen};

use super::{
    accounts::Accounts,
    catalogue_lines,
    proposal::{Chosen, Proposal},
};
use crate::failure::Failure;

/// A TOML text in quotes.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                // Writing into a text does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// One line's worth of what another side named.
pub fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// How to log in and nothing else: enough to open both sides.
pub fn connections(chosen: &Chosen, accounts: &Accounts) -> String {
    format!(
        "[workspace]\nname = {}\n\n[erp]\nname = {}\n{}\n[[store]]\nname = {}\n{}",
        quoted(chosen.workspace.as_ref().unwrap_or(&chosen.name)),
        quoted(&chosen.erp),
        accounts.erp.lines(),
        quoted(&chosen.name),
        accounts.store.lines()
    )
}

/// The whole file. `apart` is what was found that matters only once products are kept.
pub fn text(accounts: &Accounts, proposal: &Proposal, apart: &[String]) -> String {
    let Proposal { name, orders_from, prefix, currency, shop, orders_warehouse, .. } = proposal;
    let mut lines = vec![
        "# Written by `zygos init`. Secrets are not in here: their variables or files are named.".to_owned(),
        "# After a change: `zygos check`. What would be written: `zygos plan`. Nothing is until `zygos approve`.".to_owned(),
        String::new(),
        "[workspace]".to_owned(),
        format!("name = {}", quoted(&proposal.workspace)),
        "# state = \"zygos.db\"                # beside this file".to_owned(),
        "# listen = \"127.0.0.1:8390\"         # webhooks and GET /status of `zygos serve`".to_owned(),
        String::new(),
        "[erp]".to_owned(),
        format!("name = {}", quoted(&proposal.erp)),
    ];
    lines.extend(accounts.erp.lines().lines().map(str::to_owned));
    lines.extend([String::new(), "[[store]]".to_owned(), format!("name = {}", quoted(name))]);
    lines.extend(accounts.store.lines().lines().map(str::to_owned));
    lines.extend([
        String::new(),
        "[store.stock]".to_owned(),
        "# buffer = 0                        # pieces that are never shown".to_owned(),
        "# drift = \"correct\"                 # what a hand edit in the store meets; or \"ask\" or \"report\"".to_owned(),
        String::new(),
        "# Warehouses of the ERP that the store sells from, and the figure that counts: free (there and not".to_owned(),
        "# reserved), physical (there) or projected (with what is on its way).".to_owned(),
        "[store.stock.warehouses]".to_owned(),
    ]);
    for warehouse in &proposal.warehouses {
        lines.push(setting(&quoted(&warehouse.code), &quoted(warehouse.figure.name()), &warehouse.why));
    }
    lines.extend([
        String::new(),
        "[store.orders]".to_owned(),
        setting(
            "prefix",
            &quoted(&prefix.value),
            &format!("before an order's number in the ERP; {}", prefix.why),
        ),
        setting(
            "orders_from",
            &quoted(&orders_from.value),
            &format!("older orders are not imported by themselves; {}", orders_from.why),
        ),
        setting("timezone", &quoted(&proposal.timezone), "the store's; documents are dated by its day"),
        setting("currency", &quoted(&currency.value), &currency.why),
    ]);
    if let Some(shop) = shop {
        lines.push(setting(
            "shop",
            &quoted(&shop.value),
            &format!("the ERP's name for this store; {}", shop.why),
        ));
    }
    lines.push(setting("warehouse", &quoted(&orders_warehouse.value), &orders_warehouse.why));
    for service in &proposal.services {
        let line = setting(service.setting, &quoted(service.sku), &service.why);
        lines.push(if service.is_there { line } else { format!("# {line}") });
    }
    lines.push(String::new());
    lines.push(
        "# When an order is entered, by the code of its payment method: at_once, when_paid or never."
            .to_owned(),
    );
    lines.push("[store.orders.payment]".to_owned());
    for payment in &proposal.payment {
        lines.push(match payment.import {
            Some(import) => setting(&quoted(&payment.method), &quoted(import_word(import)), &payment.why),
            None => {
                format!(
                    "# {}",
                    setting(
                        &quoted(&payment.method),
                        &quoted(import_word(ImportWhen::WhenPaid)),
                        &payment.why
                    )
                )
            }
        });
    }
    lines.push(String::new());
    lines.push("# The store's rates in percent, and the ERP's taxes that they become.".to_owned());
    lines.push("[store.orders.taxes]".to_owned());
    for tax in &proposal.taxes {
        let list = |names: &[String]| {
            let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            format!("[{}]", quoted.join(", "))
        };
        let rate = quoted(&plain(tax.percent));
        match &tax.taxes {
            Some(taxes) => lines.push(setting(&rate, &list(taxes), &tax.why)),
            None => {
                lines.push(format!("# {}", comment(&tax.why)));
                if tax.choices.is_empty() {
                    lines.push(format!("# {rate} = [\"NAME OF THE TAX\"]"));
                }
                for choice in &tax.choices {
                    lines.push(format!("# {rate} = {}", list(std::slice::from_ref(choice))));
                }
            }
        }
    }
    if !proposal.statuses.is_empty() {
        lines.push(String::new());
        lines.push("# Statuses met, and what becomes of an order in each; this is not a setting.".to_owned());
        for status in &proposal.statuses {
            lines
                .push(comment(&format!("#   {} ({} orders): {}", status.status, status.orders, status.what)));
        }
    }
    lines.extend(catalogue_lines::products(&proposal.products, apart));
    lines.extend(catalogue_lines::prices(&proposal.prices));
    lines.extend([
        String::new(),
        "# What goes back to the store; these are the defaults.".to_owned(),
        "# [store.feedback]".to_owned(),
        "# status = true".to_owned(),
        "# tracking = true".to_owned(),
        String::new(),
    ]);
    lines.join("\n")
}

pub fn setting(key: &str, value: &str, why: &str) -> String {
    let line = format!("{key} = {value}");
    format!("{line:<36}# {}", comment(why))
}

fn import_word(import: ImportWhen) -> &'static str {
    ImportWhen::CHOICES.iter().find(|(_, known)| *known == import).map_or("at_once", |(word, _)| word)
}

/// Refuses a file that is there, unless it may be replaced.
pub fn may_write(path: &Path, force: bool) -> Result<(), Failure> {
    if !force && fs::symlink_metadata(path).is_ok() {
        return Err(is_there(path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) || path.file_name().is_none() {
        return Err(Failure::Configuration(format!(
            "{} cannot be written: there is no such folder; make it, or name another file with `--out`",
            path.display()
        )));
    }
    Ok(())
}

fn is_there(path: &Path) -> Failure {
    Failure::Configuration(format!(
        "{} is there already and is left as it is; `--out` names another file, `--force` replaces this one",
        path.display()
    ))
}

/// Writes the file: it is there whole, or nothing changed.
pub fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::Configuration(format!(
            "{} cannot be written: {error}; nothing was changed, `--out` names another place",
            path.display()
        ))
    };
    let new = beside(path);
    let outcome = put(&new, text).and_then(|()| {
        if force {
            if fs::symlink_metadata(path).is_ok() {
                fs::copy(path, kept(path))?;
            }
            return fs::rename(&new, path);
        }
        // A link refuses what came to be there meanwhile; a rename would replace it.
        match fs::hard_link(&new, path) {
            // The folder takes files, so it is links that this file system doesn't know.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
                    && fs::symlink_metadata(path).is_err() =>
            {
                fs::rename(&new, path)
            }
            linked => linked,
        }
    });
    // Gone already where it was renamed.
    let _ = fs::remove_file(&new);
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(is_there(path)),
        other => other.map_err(cannot),
    }
}

/// Where the file that is replaced stays.
pub fn kept(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".before");
    path.with_file_name(name)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
