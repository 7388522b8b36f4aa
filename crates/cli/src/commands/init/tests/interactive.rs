//! A person at a terminal, and sandboxes behind a clock that jumps instead of waiting.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use zygos_connectors::{
    layers::Budgets,
    registry::{OpenError, Secrets, Surroundings},
};
use zygos_core::{Clock, SharedClock, settings::SecretRef};
use zygos_sim::{
    Faults, InProcess,
    generate::{Tongue, catalogue, fill_erp, fill_shop},
    merchantpro::{MerchantProSandbox, ShopSettings},
    tryton::{TrytonSandbox, TrytonSettings},
};

use crate::{
    clock::machine_clock,
    commands::{
        Home,
        init::{InitArguments, Question, questions::Ask, set_up},
    },
    config,
    failure::Failure,
    show::Form,
};

struct Jumping(Mutex<Timestamp>);

#[async_trait]
impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        {
            let mut now = self.0.lock().unwrap();
            *now = deadline.max(*now);
        }
        tokio::task::yield_now().await;
    }
}

struct Known;

impl Secrets for Known {
    fn resolve(&self, secret: &SecretRef) -> Result<SecretString, OpenError> {
        match secret {
            SecretRef::Env(name) if name == "K" => Ok(SecretString::from("key".to_owned())),
            SecretRef::Env(name) if name == "S" => Ok(SecretString::from("secret".to_owned())),
            SecretRef::File(path) if path.ends_with("password") => {
                Ok(SecretString::from("sync-Secret-1".to_owned()))
            }
            _ => Err(OpenError("it is not set".to_owned())),
        }
    }
}

/// Answers by what the question begins with, each once; what isn't answered so gets an empty line.
struct Scripted {
    answers: VecDeque<(&'static str, &'static str)>,
    asked: Vec<Question>,
    told: Vec<String>,
}

impl Scripted {
    fn new(answers: &[(&'static str, &'static str)]) -> Self {
        Self { answers: answers.iter().copied().collect(), asked: Vec::new(), told: Vec::new() }
    }
}

impl Ask for Scripted {
    fn ask(&mut self, question: &Question) -> io::Result<Option<String>> {
        self.asked.push(question.clone());
        let place = self.answers.iter().position(|(words, _)| question.text.starts_with(words));
        match place.and_then(|place| self.answers.remove(place)) {
            Some((_, answer)) => Ok(Some(answer.to_owned())),
            None if question.default.is_some() => Ok(Some(String::new())),
            None => Ok(None),
        }
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        self.told.push(line.to_owned());
        Ok(())
    }
}

pub(super) fn surroundings(budgets: &Budgets) -> (Arc<MerchantProSandbox>, Surroundings<'_>) {
    let clock: SharedClock = Arc::new(Jumping(Mutex::new(machine_clock().now())));
    let before = clock.now() - Duration::from_secs(3600);
    let articles = catalogue(12, 1);
    let erp = Arc::new(TrytonSandbox::new(TrytonSettings::default()));
    fill_erp(&erp, &articles, before).unwrap();
    let settings = ShopSettings {
        host: "www.cluj.test".to_owned(),
        shipping_tax_percent: Decimal::from(19),
        ..ShopSettings::default()
    };
    let shop = Arc::new(MerchantProSandbox::new(settings));
    fill_shop(&shop, &articles, Tongue::Romanian, &["WH"], before);
    let faults = || Arc::new(Faults::new(1));
    let transport = InProcess::new(clock.clone()).with_host("erp.test", erp, faults()).with_host(
        "www.cluj.test",
        shop.clone(),
        faults(),
    );
    (shop, Surroundings { transport: Arc::new(transport), clock, secrets: &Known, budgets })
}

const ACCOUNTS: [(&str, &str); 7] = [
    ("The store's address", "https://www.cluj.test"),
    ("Environment variable that holds the store's API key", "K"),
    ("Environment variable that holds the store's API secret", "S"),
    ("The ERP's address", "http://erp.test"),
    ("The ERP's database", "erp"),
    ("The ERP's user", "sync"),
    ("Environment variable that holds that user's password", "file:/run/password"),
];

async fn run(person: &mut Scripted, flags: InitArguments) -> (Result<(), Failure>, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zygos.toml");
    let budgets = Budgets::default();
    let flags = InitArguments { timezone: "Europe/Bucharest".to_owned(), ..flags };
    let home = Home::at(&path);
    let outcome = set_up(&flags, &home, Form::Json, Some(person), &surroundings(&budgets).1).await;
    (outcome, std::fs::read_to_string(&path).ok())
}

#[tokio::test]
async fn a_person_is_asked_what_no_flag_says_and_a_wrong_answer_again() {
    let mut person = Scripted::new(&[
        ("The store's address", "http://www.cluj.test"),
        ("Environment variable that holds the store's API key", "the-Key-1tself"),
        ("Environment variable that holds the store's API key", "NOT_SET"),
    ]);
    person.answers.extend(ACCOUNTS);
    person.answers.extend([
        ("Prefix", "CJ-"),
        ("Import orders placed since", "yesterday"),
        ("Import orders placed since", "2026-01-01"),
        ("the ERP has 3 warehouses", "WH, WH9"),
        ("the ERP has no warehouse `WH9`", "WH,WH2=physical"),
        ("the ERP has 2 web shops", "shop-b"),
    ]);
    let (outcome, written) = run(&mut person, InitArguments::default()).await;
    outcome.unwrap_or_else(|failure| panic!("{failure}\n{:#?}", person.asked));
    let text = written.expect("it is written");
    let config = config::read(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let store = &config.stores[0];
    assert_eq!(store.account.name.as_str(), "cluj");
    let orders = store.orders.as_ref().expect("orders");
    assert_eq!((orders.prefix.as_str(), orders.shop.as_deref()), ("CJ-", Some("shop-b")));
    assert_eq!(store.stock.as_ref().expect("stock").warehouses.len(), 2);
    assert!(text.contains("{ file = \"/run/password\" }"), "{text}");
    assert!(!text.contains("1tself") && !text.contains("sync-Secret-1"), "{text}");
    let told = person.told.join("\n");
    for words in ["must begin with https://", "the secret itself is never", "it is not set", "must be a date"]
    {
        assert!(told.contains(words), "{words:?} was not told:\n{told}");
    }
    assert!(!told.contains("1tself"), "{told}");
    assert_eq!(person.answers, [], "all of it was asked");
}

#[tokio::test]
async fn nothing_is_written_when_the_person_says_no_or_leaves() {
    let flags = InitArguments { warehouses: vec!["WH".to_owned()], ..InitArguments::default() };
    let mut person = Scripted::new(&ACCOUNTS);
    person.answers.extend([("the ERP has 2 web shops", "shop-a"), ("Write ", "no")]);
    let (outcome, written) = run(&mut person, flags.clone()).await;
    assert!(matches!(outcome, Err(Failure::Configuration(_))));
    assert_eq!((written, person.answers.len()), (None, 0));
    let mut person = Scripted::new(&ACCOUNTS[..3]);
    let (outcome, written) = run(&mut person, flags).await;
    let Err(Failure::Configuration(words)) = outcome else { panic!("nobody answered") };
    assert!(words.contains("nobody answers any more"), "{words}");
    assert_eq!(written, None);
}

#[tokio::test]
async fn a_person_who_has_products_and_prices_kept_is_asked_how() {
    let mut person = Scripted::new(&ACCOUNTS);
    person.answers.extend([
        ("Which way edits of products move", "sideways"),
        ("Which way edits of products move", "to_store"),
        ("Where a product is made", "to_store"),
        ("Which way prices follow", "to_store"),
        ("The store's price that counts", "gross"),
        ("the ERP has 2 web shops", "shop-a"),
    ]);
    let flags = InitArguments {
        warehouses: vec!["WH".to_owned()],
        currency: Some("EUR".to_owned()),
        ..InitArguments::default()
    };
    let (outcome, written) = run(&mut person, flags).await;
    outcome.unwrap_or_else(|failure| panic!("{failure}\n{:#?}", person.asked));
    let config = config::read(&written.expect("it is written")).expect("it is a configuration");
    let to_store = zygos_engine::Directions { to_store: true, to_erp: false };
    let products = config.stores[0].products.as_ref().expect("products");
    assert_eq!((products.direction, products.create), (to_store, to_store));
    let prices = config.stores[0].prices.as_ref().expect("prices");
    assert_eq!(prices.authority, zygos_core::contract::PriceKind::Gross);
    assert!(person.told.iter().any(|line| line.contains("`sideways` is not possible")), "{:?}", person.told);
    assert_eq!(person.answers, [], "all of it was asked");
}
