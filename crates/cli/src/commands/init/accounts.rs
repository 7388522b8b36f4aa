//! How to log in on both sides: from flags, or asked. Which settings a vendor needs is asked of the vendor itself.

use std::{fmt::Write, path::PathBuf};

use zygos_connectors::registry::{Secrets, Vendor, vendors};
use zygos_core::{
    contract::Side,
    settings::{Document, SecretRef},
};

use super::{
    file::quoted,
    flags::InitArguments,
    questions::{Ask, Question, answer},
};
use crate::failure::Failure;

/// One setting of an account. A secret is only named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Secret(SecretRef),
}

impl Value {
    pub fn toml(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Secret(SecretRef::Env(name)) => format!("{{ env = {} }}", quoted(name)),
            Self::Secret(SecretRef::File(path)) => {
                format!("{{ file = {} }}", quoted(&path.to_string_lossy()))
            }
        }
    }
}

/// One side as it will be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub vendor: &'static str,
    pub values: Vec<(&'static str, Value)>,
}

impl Account {
    /// The settings of this account, one a line.
    pub fn lines(&self) -> String {
        let mut lines = format!("vendor = {}\n", quoted(self.vendor));
        for (key, value) in &self.values {
            // Writing into a text does not fail.
            let _ = writeln!(lines, "{key} = {}", value.toml());
        }
        lines
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.iter().find_map(|(name, value)| match value {
            Value::Text(text) if *name == key => Some(text.as_str()),
            _ => None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    pub store: Account,
    pub erp: Account,
}

/// A setting that can be given by a flag.
struct Field {
    side: Side,
    key: &'static str,
    flag: &'static str,
    words: &'static str,
    secret: bool,
}

const FIELDS: [Field; 7] = [
    field(Side::Store, "url", "--store-url", "the store's address", false),
    field(Side::Store, "key", "--store-key-env", "the store's API key", true),
    field(Side::Store, "secret", "--store-secret-env", "the store's API secret", true),
    field(Side::Erp, "url", "--erp-url", "the ERP's address", false),
    field(Side::Erp, "database", "--erp-database", "the ERP's database", false),
    field(Side::Erp, "user", "--erp-user", "the ERP's user that Zygos works as", false),
    field(Side::Erp, "password", "--erp-password-env", "that user's password", true),
];

const fn field(
    side: Side,
    key: &'static str,
    flag: &'static str,
    words: &'static str,
    secret: bool,
) -> Field {
    Field { side, key, flag, words, secret }
}

/// Something that keeps an account from being opened.
struct Obstacle {
    /// `None` for a setting that no flag gives.
    field: Option<&'static Field>,
    words: String,
}

/// How to log in on both sides. Without `person`, everything that is missing or wrong comes in one report.
pub fn gather(
    flags: &InitArguments,
    mut person: Option<&mut dyn Ask>,
    secrets: &dyn Secrets,
) -> Result<Accounts, Failure> {
    let mut report = Vec::new();
    let mut gathered = Vec::new();
    for side in [Side::Store, Side::Erp] {
        let vendor = match (chosen_vendor(side, flags), &mut person) {
            (Ok(vendor), _) => vendor,
            (Err(_), Some(person)) => ask_vendor(side, *person)?,
            (Err(words), None) => {
                report.push(words);
                continue;
            }
        };
        let mut account = Account { vendor: vendor.name, values: Vec::new() };
        for field in FIELDS.iter().filter(|field| field.side == side) {
            match given(field, flags) {
                Some(Ok(value)) => account.values.push((field.key, value)),
                Some(Err(words)) => report.push(words),
                None => {}
            }
        }
        if report.is_empty()
            && let Some(person) = &mut person
        {
            complete(&mut account, side, vendor, *person, secrets)?;
        }
        let wrong = obstacles(&account, side, vendor, secrets);
        // What was refused above is missing only because of that.
        let refused: Vec<String> = report.clone();
        report.extend(
            wrong
                .into_iter()
                .filter(|wrong| {
                    let told = |field: &Field| refused.iter().any(|line| line.starts_with(field.flag));
                    !wrong.field.is_some_and(told)
                })
                .map(|wrong| wrong.words),
        );
        gathered.push(account);
    }
    if !report.is_empty() {
        let count = report.len();
        return Err(Failure::Configuration(format!(
            "{}\n{count} to give; nobody is asked here, so everything comes from flags (`zygos init --help`)",
            report.join("\n")
        )));
    }
    match <[Account; 2]>::try_from(gathered) {
        Ok([store, erp]) => Ok(Accounts { store, erp }),
        Err(_) => Err(Failure::Configuration("both a store and an ERP are needed".to_owned())),
    }
}

fn of_side(side: Side) -> Vec<&'static Vendor> {
    vendors().iter().filter(|vendor| vendor.side == side).collect()
}

fn vendor_flag(side: Side) -> &'static str {
    match side {
        Side::Store => "--store-vendor",
        Side::Erp => "--erp-vendor",
    }
}

fn vendor_called(side: Side, name: &str) -> Result<&'static Vendor, String> {
    let known = of_side(side);
    let names: Vec<&str> = known.iter().map(|vendor| vendor.name).collect();
    let found = known.iter().find(|vendor| vendor.name == name);
    found.copied().ok_or_else(|| {
        format!("{}: `{name}` is not possible; it can be {}", vendor_flag(side), names.join(", "))
    })
}

fn chosen_vendor(side: Side, flags: &InitArguments) -> Result<&'static Vendor, String> {
    let wanted = match side {
        Side::Store => &flags.store_vendor,
        Side::Erp => &flags.erp_vendor,
    };
    match (wanted, of_side(side).as_slice()) {
        (Some(name), _) => vendor_called(side, name),
        (None, [only]) => Ok(only),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|vendor| vendor.name).collect();
            Err(format!("{} is missing; it can be {}", vendor_flag(side), names.join(", ")))
        }
    }
}

fn ask_vendor(side: Side, person: &mut dyn Ask) -> Result<&'static Vendor, Failure> {
    let choices = of_side(side).iter().map(|vendor| vendor.name.to_owned()).collect();
    let text = if side == Side::Store { "Whose store is it" } else { "Whose ERP is it" };
    let question = Question { choices, ..Question::new(text) };
    answer(person, &question, |given| vendor_called(side, given))
}

fn given(field: &Field, flags: &InitArguments) -> Option<Result<Value, String>> {
    let (value, file) = match (field.side, field.key) {
        (Side::Store, "url") => (&flags.store_url, &None),
        (Side::Store, "key") => (&flags.store_key_env, &flags.store_key_file),
        (Side::Store, "secret") => (&flags.store_secret_env, &flags.store_secret_file),
        (Side::Erp, "url") => (&flags.erp_url, &None),
        (Side::Erp, "database") => (&flags.erp_database, &None),
        (Side::Erp, "user") => (&flags.erp_user, &None),
        (Side::Erp, "password") => (&flags.erp_password_env, &flags.erp_password_file),
        _ => (&None, &None),
    };
    if let Some(path) = file {
        return Some(Ok(Value::Secret(SecretRef::File(PathBuf::from(path)))));
    }
    let value = value.as_ref()?;
    Some(if field.secret {
        variable(value).map_err(|why| format!("{}: {why}", field.flag))
    } else {
        Ok(Value::Text(value.clone()))
    })
}

/// The name of a variable. What looks otherwise may be the secret itself, so it is never repeated.
fn variable(text: &str) -> Result<Value, String> {
    let is_name = text.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_name {
        return Ok(Value::Secret(SecretRef::Env(text.to_owned())));
    }
    Err("must be the NAME of an environment variable, in capitals, such as SHOP_KEY; the secret itself is never given \
         here"
        .to_owned())
}

/// `file:PATH`, or the name of a variable.
fn kept_at(text: &str) -> Result<Value, String> {
    match text.strip_prefix("file:") {
        Some(path) if !path.trim().is_empty() => {
            Ok(Value::Secret(SecretRef::File(PathBuf::from(path.trim()))))
        }
        _ => variable(text),
    }
}

fn obstacles(account: &Account, side: Side, vendor: &Vendor, secrets: &dyn Secrets) -> Vec<Obstacle> {
    let text = account.lines();
    let document = Document::parse(&text);
    let configured = document.root().and_then(|root| {
        root.text("vendor");
        let configured = (vendor.read)(&root);
        root.finish();
        configured
    });
    let mut obstacles: Vec<Obstacle> = document
        .into_problems()
        .into_iter()
        .map(|problem| {
            let field = FIELDS.iter().find(|field| field.side == side && field.key == problem.path);
            let words = match field {
                Some(field) if !account.values.iter().any(|(key, _)| *key == field.key) => {
                    let how = if field.secret { "the NAME of the variable that holds " } else { "" };
                    format!("{} is missing: {how}{}", field.flag, field.words)
                }
                Some(field) => format!("{}: {}", field.flag, problem.message),
                None => format!(
                    "{} needs `{}` ({}), which no flag gives; write the configuration by hand, README.md shows one",
                    vendor.name, problem.path, problem.message
                ),
            };
            Obstacle { field, words }
        })
        .collect();
    let unread = configured.iter().flat_map(|configured| configured.secrets()).filter_map(|secret| {
        let error = secrets.resolve(secret).err()?;
        let field = FIELDS.iter().find(|field| {
            field.side == side
                && account.values.iter().any(|(key, value)| {
                    *key == field.key && matches!(value, Value::Secret(of) if of == secret)
                })
        });
        let flag = field.map_or("a secret", |field| field.flag);
        Some(Obstacle { field, words: format!("{flag}: {error}") })
    });
    obstacles.extend(unread);
    obstacles
}

/// Asks for what is missing or wrong until nothing is.
fn complete(
    account: &mut Account,
    side: Side,
    vendor: &Vendor,
    person: &mut dyn Ask,
    secrets: &dyn Secrets,
) -> Result<(), Failure> {
    loop {
        let mut wrong = obstacles(account, side, vendor, secrets);
        // In the order of the fields, whatever order the vendor reads them in.
        wrong.sort_by_key(|wrong| {
            wrong.field.map(|field| FIELDS.iter().position(|other| other.flag == field.flag))
        });
        let Some(first) = wrong.into_iter().next() else { return Ok(()) };
        let Some(field) = first.field else { return Err(Failure::Configuration(first.words)) };
        if account.values.iter().any(|(key, _)| *key == field.key) {
            person.tell(first.words.trim_start_matches(field.flag).trim_start_matches(": "))?;
        }
        let value = if field.secret {
            let text = format!(
                "Environment variable that holds {}, or file:PATH (never the secret itself)",
                field.words
            );
            answer(person, &Question::new(text), kept_at)?
        } else {
            let mut text = field.words.to_owned();
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            answer(person, &Question::new(text), |given| {
                if given.is_empty() {
                    Err("it is needed".to_owned())
                } else {
                    Ok(Value::Text(given.to_owned()))
                }
            })?
        };
        account.values.retain(|(key, _)| *key != field.key);
        account.values.push((field.key, value));
        account
            .values
            .sort_by_key(|(key, _)| FIELDS.iter().position(|field| field.side == side && field.key == *key));
    }
}
