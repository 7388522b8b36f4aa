//! Who is asking: logins, sessions, Basic.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zygos_core::clock::elapsed;

use super::errors::{Failure, Outcome};

/// As configured on a fresh server.
const ATTEMPTS: usize = 6;
const ATTEMPT_MEMORY_SECONDS: u64 = 300;
const SESSION_SECONDS: u64 = 30 * 24 * 3600;

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) staff: bool,
}

#[derive(Debug)]
struct Session {
    user: i64,
    key: String,
    since: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Auth {
    users: Vec<User>,
    sessions: Vec<Session>,
    /// Login to the times of its wrong passwords.
    wrong: BTreeMap<String, Vec<Timestamp>>,
    issued: u64,
}

const UNAUTHORIZED: Failure = Failure::Http(StatusCode::UNAUTHORIZED, "");

impl Auth {
    pub(super) fn of(users: Vec<User>) -> Self {
        Self { users, ..Self::default() }
    }

    /// For everybody but the staff.
    pub(super) fn set_password(&mut self, password: &str) {
        for user in self.users.iter_mut().filter(|user| !user.staff) {
            password.clone_into(&mut user.password);
        }
    }

    pub(super) fn kill_sessions(&mut self) {
        self.sessions.clear();
    }

    /// User id and session key.
    pub(super) fn log_in(&mut self, login: &str, password: &str, now: Timestamp) -> Outcome<(i64, String)> {
        let user = self.verify(login, password, now)?.id;
        self.issued += 1;
        let mut hash = Sha256::new();
        hash.update(format!("{login} {} {now}", self.issued));
        let key: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.sessions.push(Session { user, key: key.clone(), since: now });
        Ok((user, key))
    }

    pub(super) fn log_out(&mut self, headers: &HeaderMap) {
        if let Some((_, _, key)) = session_header(headers) {
            self.sessions.retain(|session| session.key != key);
        }
    }

    fn verify(&mut self, login: &str, password: &str, now: Timestamp) -> Outcome<&User> {
        let wrong = self.wrong.entry(login.to_owned()).or_default();
        wrong.retain(|at| elapsed(*at, now).as_secs() < ATTEMPT_MEMORY_SECONDS);
        if wrong.len() >= ATTEMPTS {
            return Err(Failure::Http(
                StatusCode::TOO_MANY_REQUESTS,
                "This user has exceeded an allotted request count. Try again later.",
            ));
        }
        match self.users.iter().find(|user| user.login == login && user.password == password) {
            Some(user) => {
                self.wrong.remove(login);
                Ok(user)
            }
            None => {
                wrong.push(now);
                Err(Failure::Http(
                    StatusCode::UNAUTHORIZED,
                    "The server could not verify that you are authorized to access the URL requested.",
                ))
            }
        }
    }

    /// The user behind the request's `Authorization`.
    pub(super) fn user(&mut self, headers: &HeaderMap, now: Timestamp) -> Outcome<User> {
        if let Some((login, id, key)) = session_header(headers) {
            let alive = self.sessions.iter().any(|session| {
                session.user == id
                    && session.key == key
                    && elapsed(session.since, now).as_secs() < SESSION_SECONDS
            });
            let user = self.users.iter().find(|user| user.id == id && user.login == login);
            return user.filter(|_| alive).cloned().ok_or(UNAUTHORIZED);
        }
        let text = credentials(headers, "Basic ").ok_or(UNAUTHORIZED)?;
        let (login, password) = text.split_once(':').ok_or(UNAUTHORIZED)?;
        match self.verify(login, password, now) {
            Ok(user) => Ok(user.clone()),
            Err(Failure::Http(StatusCode::UNAUTHORIZED, _)) => Err(UNAUTHORIZED),
            Err(other) => Err(other),
        }
    }
}

fn credentials(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let encoded = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix(scheme)?;
    String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
}

/// `login:user id:key`.
fn session_header(headers: &HeaderMap) -> Option<(String, i64, String)> {
    let text = credentials(headers, "Session ")?;
    let mut parts = text.rsplitn(3, ':');
    let key = parts.next()?.to_owned();
    let id = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), id, key))
}
