use std::{fmt, sync::Arc};

use secrecy::SecretString;
use zygos_core::{
    SharedClock,
    budget::Window,
    contract::{Connector, Side},
    http::Transport,
    settings::{SecretRef, Section},
};

use super::Tryton;
use crate::{
    layers::RateLimitReader,
    registry::{self, Configured, OpenError, Secrets, Vendor},
};

pub const VENDOR: Vendor = Vendor { name: "tryton", side: Side::Erp, read };

struct Account {
    url: String,
    database: String,
    user: String,
    password: SecretRef,
    company: Option<String>,
    language: Option<String>,
    payment_term: Option<String>,
    skip_warnings: bool,
}

fn read(section: &Section<'_>) -> Option<Box<dyn Configured>> {
    let url = section.required_text("url", "https://tryton.example.com").and_then(|url| {
        let url = url.trim().trim_end_matches('/').to_owned();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if rest.is_some_and(|host| !host.is_empty() && !host.contains('/')) {
            return Some(url);
        }
        section.problem(
            "url",
            "must be the server's address without the database, such as \"https://tryton.example.com\"",
        );
        None
    });
    let database = section.required_text("database", "erp");
    let user = section.required_text("user", "sync");
    let password = section.secret("password");
    let company = section.text("company");
    let language = section.text("language");
    let payment_term = section.text("payment_term");
    let skip_warnings = section.flag("skip_warnings").unwrap_or(false);
    Some(Box::new(Account {
        url: url?,
        database: database?,
        user: user?,
        password: password?,
        company,
        language,
        payment_term,
        skip_warnings,
    }))
}

impl Configured for Account {
    fn secrets(&self) -> Vec<&SecretRef> {
        vec![&self.password]
    }

    fn credential(&self, _secrets: &dyn Secrets) -> Result<String, OpenError> {
        let host = self.url.split("//").nth(1).unwrap_or(&self.url);
        Ok(registry::credential(host, &format!("{}/{}", self.database, self.user)))
    }

    /// Tryton counts no calls.
    fn windows(&self) -> Vec<Window> {
        Vec::new()
    }

    /// Shop and reference are unique together (module web_shop); without a shop a second sale would be taken.
    fn orders_need_shop(&self) -> bool {
        true
    }

    fn asks_for_silence(&self) -> RateLimitReader {
        |_, _| None
    }

    fn connect(
        &self,
        secrets: &dyn Secrets,
        transport: Arc<dyn Transport>,
        clock: SharedClock,
    ) -> Result<Arc<dyn Connector>, OpenError> {
        let password = secrets.resolve(&self.password)?;
        let mut config = TrytonConfig::new(&self.url, &self.database, &self.user, password);
        config.company.clone_from(&self.company);
        config.payment_term.clone_from(&self.payment_term);
        config.skip_warnings = self.skip_warnings;
        if let Some(language) = &self.language {
            config.language.clone_from(language);
        }
        Ok(Arc::new(Tryton::new(config, transport, clock)))
    }
}

/// One account at a Tryton server.
#[derive(Clone)]
pub struct TrytonConfig {
    /// Without the database: `https://tryton.example.com`.
    pub url: String,
    pub database: String,
    pub user: String,
    pub password: SecretString,
    /// By name or id; `None` for the user's own.
    pub company: Option<String>,
    /// In which names and refusals are told. English lets a refusal name its field.
    pub language: String,
    /// By name or id, written on every sale; `None` leaves it empty.
    pub payment_term: Option<String>,
    /// Confirms the warnings that Tryton asks a person about. Off: such a write is refused with the question.
    pub skip_warnings: bool,
}

impl TrytonConfig {
    /// With everything that may be left out left out.
    pub fn new(url: &str, database: &str, user: &str, password: SecretString) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            database: database.to_owned(),
            user: user.to_owned(),
            password,
            company: None,
            language: "en".to_owned(),
            payment_term: None,
            skip_warnings: false,
        }
    }
}

// The user name may be a person's.
impl fmt::Debug for TrytonConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrytonConfig")
            .field("url", &self.url)
            .field("database", &self.database)
            .field("company", &self.company)
            .finish_non_exhaustive()
    }
}
