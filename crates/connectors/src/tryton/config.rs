use std::fmt;

use secrecy::SecretString;

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
