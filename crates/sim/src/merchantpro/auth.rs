//! Sign-in: HTTP Basic, the Bearer spelling of payment apps, lock-out, permissions.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use jiff::Timestamp;
use zygos_core::clock::later;

use super::{
    errors::ApiError,
    settings::{ApiKey, Area},
    state::Shop,
};

/// Wrong logins with one key name.
#[derive(Default)]
pub(super) struct Logins {
    wrong: u32,
    locked_until: Option<Timestamp>,
}

impl Shop {
    /// The key that signs the request. Wrong → 401 (documented); repeatedly wrong → 403 for a while (documented).
    pub(super) fn authenticate(
        &mut self,
        headers: &HeaderMap,
        bearer_allowed: bool,
        now: Timestamp,
    ) -> Result<ApiKey, ApiError> {
        let (name, secret) = credentials(headers, bearer_allowed).ok_or_else(ApiError::unauthorized)?;
        let found = self.settings.keys.iter().find(|key| key.key == name && key.secret == secret).cloned();
        let logins = self.logins.entry(name).or_default();
        if logins.locked_until.is_some_and(|until| now < until) {
            return Err(ApiError::locked_out());
        }
        if let Some(key) = found {
            *logins = Logins::default();
            return Ok(key);
        }
        logins.wrong += 1;
        if logins.wrong > self.settings.wrong_logins {
            *logins = Logins { wrong: 0, locked_until: Some(later(now, self.settings.lock_out)) };
            return Err(ApiError::locked_out());
        }
        Err(ApiError::unauthorized())
    }
}

/// Missing permission → 403 (inferred).
pub(super) fn permit(key: &ApiKey, area: Area, writes: bool) -> Result<(), ApiError> {
    let allowed = if writes { &key.write } else { &key.read };
    if allowed.contains(&area) { Ok(()) } else { Err(ApiError::forbidden()) }
}

fn credentials(headers: &HeaderMap, bearer_allowed: bool) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    // The official payment demo sends the same pair with the other scheme word (documented).
    let known =
        scheme.eq_ignore_ascii_case("basic") || (bearer_allowed && scheme.eq_ignore_ascii_case("bearer"));
    if !known {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, secret) = decoded.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}
