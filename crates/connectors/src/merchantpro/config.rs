//! The settings of one account.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use zygos_core::{
    SharedClock,
    budget::Window,
    contract::{Connector, Side},
    http::{HttpResponse, Transport},
    settings::{SecretRef, Section},
};

use super::{MerchantPro, errors};
use crate::{
    layers::RateLimitReader,
    registry::{self, Configured, OpenError, Secrets, Vendor},
};

pub const VENDOR: Vendor = Vendor { name: "merchantpro", side: Side::Store, read };

struct Account {
    url: String,
    key: SecretRef,
    secret: SecretRef,
    webhook_secret: Option<SecretRef>,
    windows: Vec<Window>,
}

/// 3 a second and 80 a minute satisfy both sets of limits that are told of (MerchantPro dossier §4).
const WINDOWS: [(&str, u64, u32); 4] = [
    ("calls_a_second", 1, 3),
    ("calls_a_minute", 60, 80),
    ("calls_an_hour", 3600, 3600),
    ("calls_a_day", 86_400, 60_000),
];

fn read(section: &Section<'_>) -> Option<Box<dyn Configured>> {
    let url = section.required_text("url", "https://shop.example").and_then(|url| {
        let url = url.trim().trim_end_matches('/').to_owned();
        let plain = url.strip_prefix("http://");
        if plain.is_some_and(|host| !is_this_machine(host)) {
            section.problem(
                "url",
                "must begin with https://, for the key and the secret travel with every call",
            );
            return None;
        }
        let rest = url.strip_prefix("https://").or(plain);
        if rest.is_some_and(|host| !host.is_empty() && !host.contains('/')) {
            return Some(url);
        }
        section.problem(
            "url",
            "must be the store's own address without a path, such as \"https://shop.example\"",
        );
        None
    });
    let key = section.secret("key");
    let secret = section.secret("secret");
    let webhook_secret = section.optional_secret("webhook_secret");
    let windows = WINDOWS
        .iter()
        .map(|(name, seconds, calls)| Window {
            length: Duration::from_secs(*seconds),
            calls: section.number(name, 1, 1_000_000).unwrap_or(*calls),
        })
        .collect();
    Some(Box::new(Account { url: url?, key: key?, secret: secret?, webhook_secret, windows }))
}

/// A sandbox on this machine needs no TLS.
fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

impl Configured for Account {
    fn secrets(&self) -> Vec<&SecretRef> {
        [&self.key, &self.secret].into_iter().chain(&self.webhook_secret).collect()
    }

    fn credential(&self, secrets: &dyn Secrets) -> Result<String, OpenError> {
        let key = secrets.resolve(&self.key)?;
        let host = self.url.split("//").nth(1).unwrap_or(&self.url);
        Ok(registry::credential(host, key.expose_secret()))
    }

    fn windows(&self) -> Vec<Window> {
        self.windows.clone()
    }

    fn asks_for_silence(&self) -> RateLimitReader {
        silence
    }

    fn connect(
        &self,
        secrets: &dyn Secrets,
        transport: Arc<dyn Transport>,
        clock: SharedClock,
    ) -> Result<Arc<dyn Connector>, OpenError> {
        let webhook_secret =
            self.webhook_secret.as_ref().map(|secret| secrets.resolve(secret)).transpose()?;
        let key = secrets.resolve(&self.key)?;
        let secret = secrets.resolve(&self.secret)?;
        let store = MerchantPro::new(&self.url, &key, &secret, webhook_secret, transport, clock);
        Ok(Arc::new(store.with_secrets_kept_in(format!("{} and {}", self.key, self.secret))))
    }
}

fn silence(response: &HttpResponse, now: Timestamp) -> Option<Timestamp> {
    (response.status == StatusCode::TOO_MANY_REQUESTS)
        .then(|| zygos_core::clock::later(now, errors::wait(&response.headers, &response.body, now)))
}

#[cfg(test)]
mod tests {
    use zygos_core::settings::Document;

    use super::*;

    fn problems(url: &str) -> usize {
        let text = format!("url = \"{url}\"\nkey = {{ env = \"K\" }}\nsecret = {{ env = \"S\" }}\n");
        let document = Document::parse(&text);
        read(&document.root().expect("it parses"));
        document.into_problems().len()
    }

    #[test]
    fn credentials_travel_in_clear_only_within_this_machine() {
        assert_eq!(problems("https://shop.example"), 0);
        assert_eq!(problems("http://127.0.0.1:8401"), 0);
        assert_eq!(problems("http://shop.example"), 1);
        assert_eq!(problems("http://127.0.0.1.example"), 1);
    }
}
