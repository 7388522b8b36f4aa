use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use zygos_connectors::{
    layers::Budgets,
    registry::{self, OpenError, Secrets, Surroundings},
};
use zygos_core::{
    Clock,
    http::{HttpRequest, HttpResponse, Transport, TransportError},
    settings::{Document, SecretRef},
};

use crate::support::now;

struct Names;

impl Secrets for Names {
    fn resolve(&self, secret: &SecretRef) -> Result<SecretString, OpenError> {
        match secret {
            SecretRef::Env(name) if name != "MISSING" => Ok(format!("value of {name}").into()),
            _ => Err(OpenError("it is not set".to_owned())),
        }
    }
}

struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::NotSent { reason: "this test calls nobody".to_owned() })
    }
}

#[async_trait]
impl Clock for Nowhere {
    fn now(&self) -> jiff::Timestamp {
        now()
    }

    async fn sleep_until(&self, _deadline: jiff::Timestamp) {}
}

const GOOD: &str =
    "url = \"https://shop.example/\"\nkey = { env = \"KEY\" }\nsecret = { env = \"SECRET\" }\n";

#[test]
fn an_account_has_the_limits_that_satisfy_both_sets_of_notes_unless_told_otherwise() {
    let text = format!("{GOOD}calls_a_minute = 40\n");
    let document = Document::parse(&text);
    let section = document.root().unwrap();
    let account = (registry::vendor("merchantpro").unwrap().read)(&section).expect("it is complete");
    section.finish();
    let windows: Vec<_> =
        account.windows().iter().map(|window| (window.length.as_secs(), window.calls)).collect();
    assert_eq!(windows, [(1, 3), (60, 40), (3600, 3600), (86_400, 60_000)]);
    assert_eq!(account.secrets(), [&SecretRef::Env("KEY".to_owned()), &SecretRef::Env("SECRET".to_owned())]);
    drop(section);
    assert_eq!(document.into_problems(), []);
}

#[test]
fn every_problem_of_an_account_is_told_at_once() {
    let text = "url = \"https://shop.example/api/v2\"\nkey = \"in clear\"\ncalls_a_second = 0\n";
    let document = Document::parse(text);
    let section = document.root().unwrap();
    assert!((registry::vendor("merchantpro").unwrap().read)(&section).is_none());
    drop(section);
    let problems = document.into_problems();
    let mut paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["calls_a_second", "key", "secret", "url"]);
    assert!(problems.iter().all(|problem| !problem.message.contains("in clear")), "{problems:?}");
}

#[test]
fn an_opened_account_is_named_by_host_and_key_and_shows_neither_key_nor_secret() {
    let open = |key: &str| {
        let text = GOOD.replace("\"KEY\"", &format!("\"{key}\""));
        let document = Document::parse(&text);
        let account = (registry::vendor("merchantpro").unwrap().read)(&document.root().unwrap()).unwrap();
        let surroundings = Surroundings {
            transport: Arc::new(Nowhere),
            clock: Arc::new(Nowhere),
            secrets: &Names,
            budgets: &Budgets::default(),
        };
        registry::open(account.as_ref(), "shop", &surroundings)
    };
    let (one, other) = (open("KEY").unwrap(), open("OTHER").unwrap());
    assert!(
        one.credential.starts_with("shop.example#") && !one.credential.contains("value"),
        "{}",
        one.credential
    );
    assert_ne!(one.credential, other.credential);
    assert_eq!((one.calls_used)(), 0);
    assert_eq!(one.connector.capabilities().vendor, "merchantpro");
    assert!(open("MISSING").is_err());
}
