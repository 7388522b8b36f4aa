//! One story: two stores, their lists, and the engine that is started and dropped again and again.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use zygos_connectors::transport::HttpTransport;
use zygos_core::{
    Clock, ConnectionId,
    budget::Window,
    catalogue::{Gone, Owner},
    contract::PriceKind,
    model::Field,
    stock::Figure,
};
use zygos_engine::{Engine, PriceFlow, ProductFlow};
use zygos_scenarios::{
    clerk::{Clerk, ForwardClock, env},
    flows::{gross_prices, owned},
    real::RealWorld,
    world::{HOOK_SECRET, Shop},
};
use zygos_sim::merchantpro::Webhook;
use zygos_storage::{Mutation, Repository};

use crate::{
    goods::{Article, Lists, Run},
    office::Office,
    shelf,
};

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(90);
/// Of a process that is to die, when it finds nothing to write.
const LONGEST_LIFE: Duration = Duration::from_secs(8);
/// Beyond every claim and every answer that may still come.
const BEYOND_ALL: Duration = Duration::from_secs(600);

pub struct Story {
    pub world: RealWorld,
    pub clerk: Clerk,
    pub clock: Arc<ForwardClock>,
    pub run: Run,
    pub lists: Lists,
}

impl Story {
    /// Two empty stores, each with a price list of its own in Tryton.
    pub async fn begin(letter: char, state: Option<Arc<dyn Repository>>) -> Self {
        let clock = Arc::new(ForwardClock::default());
        let out = Arc::new(HttpTransport::new().expect("a client"));
        let clerk = Clerk::log_in(out.clone()).await;
        let (url, password) = (env("TRYTON_URL"), env("TRYTON_PASSWORD"));
        let mut world = RealWorld::selling(0, clock.clone(), &url, &password, out, Figure::Free);
        if let Some(state) = state {
            world = world.with_state(state);
        }
        for shop in &world.shops {
            shop.sandbox.configure(|settings| {
                settings.webhooks = vec![Webhook {
                    url: format!("https://zygos.test/hooks/{}", shop.id),
                    secret: HOOK_SECRET.to_owned(),
                    topics: BTreeSet::new(),
                }];
            });
        }
        let run = Run::begun(letter, clock.now());
        let lists = clerk.make_lists(&run.name).await;
        let story = Self { world, clerk, clock, run, lists };
        story.world.approve(&story.engine()).await;
        story
    }

    pub fn shop(&self, store: usize) -> &Shop {
        &self.world.shops[store]
    }

    /// As after a start of the process.
    pub fn engine(&self) -> Engine {
        self.world.engine_with(|settings| {
            // Comparing all products all the time would leave the server no time for anything else; a store that was not
            // read through for longer is searched for each product that is made.
            settings.pace.verify_every = Duration::from_secs(900);
            // The ERP knows of no stock of what a store made: all of it goes at once, and nobody is to wait for that.
            settings.guard.zeroed_free = 1000;
            for (store, flows) in settings.stores.iter_mut().enumerate() {
                // As every real store it counts calls, and isn't searched through for each product that is made.
                flows.connection.windows =
                    vec![Window { length: Duration::from_secs(3600), calls: 1_000_000 }];
                flows.products = Some(ProductFlow {
                    gone: Gone::Archive,
                    tax_classes: vec![
                        (19.into(), "Shop goods".to_owned()),
                        (9.into(), "Reduced rate goods".to_owned()),
                    ],
                    ..owned([(Field::Name, Owner::Newest)])
                });
                let list = gross_prices(Some(&self.lists.names[store]));
                flows.prices = Some(match store {
                    0 => list,
                    _ => PriceFlow { authority: PriceKind::Net, places: 4, ..list },
                });
            }
        })
    }

    /// Lets an engine work until `tale` is told, then drops it at whatever it is doing.
    pub async fn working(&self, tale: impl Future<Output = ()>) {
        let engine = self.engine();
        tokio::select! {
            ended = engine.run(std::future::pending()) => panic!("the engine ended by itself: {ended:?}"),
            () = tale => {}
        }
        drop(engine);
        self.is_over().await;
    }

    /// The engine is dropped, and nothing of it can come any more.
    pub async fn is_over(&self) {
        self.is_dead().await;
        self.clock.put_forward(BEYOND_ALL);
    }

    /// A process that died: what it had sent is carried out all the same, and the next one takes over what it had
    /// claimed.
    async fn is_dead(&self) {
        self.world.all_has_landed().await;
        let release = |store: &Shop| Mutation::ReleaseClaims { connection: store.id.clone() };
        let mut releases: Vec<Mutation> = self.world.shops.iter().map(release).collect();
        releases.push(Mutation::ReleaseClaims { connection: ConnectionId::new("erp") });
        self.world.repository.commit(releases).await.expect("the state can be written");
    }

    /// Waits until nothing of this is left.
    pub async fn until(&self, what: &str, mut left: impl AsyncFnMut() -> Vec<String>) {
        let began = Instant::now();
        loop {
            let left = left().await;
            if left.is_empty() {
                break println!("{:>5.1} s until {what}", began.elapsed().as_secs_f32());
            }
            if began.elapsed() > PATIENCE {
                let some: Vec<&String> = left.iter().take(20).collect();
                let state = self.state().await;
                panic!("waited {PATIENCE:?} until {what}; {} are left: {some:#?}\n{state}", left.len());
            }
            self.pause(Duration::from_millis(250)).await;
        }
    }

    /// Forgets what stores had to tell so far: of what the engine wrote itself, mostly.
    pub fn hush(&self) {
        for shop in &self.world.shops {
            shop.sandbox.take_webhooks();
        }
    }

    /// Waits until the outbox is empty.
    pub async fn until_nothing_waits(&self) {
        self.until("nothing waits any more", async || {
            let rows = self.world.repository.outbox(None, 1000).await.expect("the state");
            rows.into_iter()
                .map(|row| format!("{} {:?}: {}", row.connection, row.record, row.reason))
                .collect()
        })
        .await;
    }

    /// What a store's staff did is told by the store at once.
    pub async fn deliver(&self, engine: &Engine) {
        for shop in &self.world.shops {
            for hook in shop.sandbox.take_webhooks() {
                let header = |(name, value): &(&str, String)| {
                    let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                    (name, HeaderValue::from_str(value).expect("a value"))
                };
                let headers: HeaderMap = hook.headers.iter().map(header).collect();
                let taken = engine.take_webhook(&shop.id, &headers, &hook.body).await;
                taken.expect("the state can be written").expect("it is signed");
            }
        }
    }

    pub async fn pause(&self, time: Duration) {
        self.clock.sleep_until(self.clock.now() + time).await;
    }

    /// Lets a new engine live until it has written a few times, or once to Tryton, and a moment longer, and
    /// drops it where it stands; the next one comes at once or much later.
    pub async fn live_and_die(&self, random: &mut fastrand::Rng, in_tryton: bool) {
        let engine = self.engine();
        let writes = || {
            let of_tryton = |write: &&String| !in_tryton || write.contains("model.product.");
            self.world.writes().iter().filter(of_tryton).count()
        };
        let until = writes() + if in_tryton { 1 } else { random.usize(1..8) };
        let life = async {
            let began = Instant::now();
            while writes() < until && began.elapsed() < LONGEST_LIFE {
                self.pause(Duration::from_millis(2)).await;
            }
            self.pause(Duration::from_millis(random.u64(0..50))).await;
        };
        tokio::select! {
            ended = engine.run(std::future::pending()) => panic!("the engine ended by itself: {ended:?}"),
            () = life => {}
        }
        drop(engine);
        self.is_dead().await;
        if random.bool() {
            self.clock.put_forward(Duration::from_secs(random.u64(0..400)));
        }
    }

    /// Products in both stores.
    pub fn made_in_stores(&self) -> usize {
        self.world.shops.iter().map(|shop| shop.sandbox.products().len()).sum()
    }

    pub fn nothing_written(&self) -> Vec<String> {
        if self.world.writes().is_empty() { vec!["anything".to_owned()] } else { Vec::new() }
    }

    /// Everything that both stores show otherwise than these articles are meant to be.
    pub fn on_shelves(&self, articles: &[Article]) -> Vec<String> {
        let each = |store| shelf::differences(self.shop(store), store, articles, &self.lists);
        [0, 1].into_iter().flat_map(each).collect()
    }

    /// Nothing is left to do on any side, nothing waits for a person, and nothing is there twice.
    pub async fn is_at_rest(&self) {
        let engine = self.engine();
        let plan = engine.plan().await.expect("a plan");
        assert!(plan.products.is_empty(), "the plan is not empty: {:#?}", plan.products);
        let (writes, journal) = (self.world.writes().len(), self.journal().await);
        let troubles = engine.sync().await.expect("the state can be written");
        assert!(troubles.is_empty(), "{troubles:?}");
        let after = self.world.writes();
        assert_eq!(after[writes..], Vec::<String>::new(), "a further sync writes nothing");
        assert_eq!(self.journal().await, journal, "a further sync decides nothing");
        let issues = self.world.repository.issues(false).await.expect("the state");
        assert!(issues.is_empty(), "something waits for a person: {issues:#?}");
        let mut doubles = self.clerk.doubles(&self.run.name).await;
        doubles.extend(self.world.shops.iter().flat_map(shelf::doubles));
        assert_eq!(doubles, Vec::<String>::new());
    }

    async fn journal(&self) -> usize {
        let entries = self.world.repository.journal(None, None, 1_000_000).await;
        entries.expect("the journal").len()
    }

    /// For a story that went wrong.
    async fn state(&self) -> String {
        let repository = &self.world.repository;
        let issues = repository.issues(false).await.expect("the state");
        let texts: Vec<&String> = issues.iter().take(12).map(|issue| &issue.text).collect();
        let rows = repository.outbox(None, 100_000).await.expect("the state");
        let some: Vec<_> = rows.iter().take(6).collect();
        let attempts = repository.attempts(None, 6).await.expect("the state");
        format!("issues {texts:#?}\noutbox {} {some:#?}\nlast attempts {attempts:#?}", rows.len())
    }
}
