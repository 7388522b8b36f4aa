//! One story: two stores, their lists, and the engine that is started and dropped again and again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use zygos_connectors::transport::HttpTransport;
use zygos_core::{
    Clock,
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
    world::Shop,
};
use zygos_storage::{Mutation, Repository};

use crate::{
    goods::{Article, Lists, Run},
    office::Office,
    shelf,
};

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
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
            // Once after every start, since the clock is put forward by more: comparing all products all the time would
            // leave the server no time for anything else.
            settings.pace.verify_every = Duration::from_secs(300);
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

    /// Lets the engine run until nothing of this is left, then drops it at whatever it is doing.
    pub async fn until(&self, what: &str, mut left: impl AsyncFnMut() -> Vec<String>) {
        let engine = self.engine();
        let began = Instant::now();
        let look = async {
            loop {
                let left = left().await;
                if left.is_empty() || began.elapsed() > PATIENCE {
                    return left;
                }
                self.pause(Duration::from_millis(250)).await;
            }
        };
        let left = tokio::select! {
            ended = engine.run(std::future::pending()) => panic!("the engine ended by itself: {ended:?}"),
            left = look => left,
        };
        drop(engine);
        self.world.all_has_landed().await;
        self.clock.put_forward(BEYOND_ALL);
        let some: Vec<&String> = left.iter().take(20).collect();
        assert!(
            left.is_empty(),
            "waited {PATIENCE:?} until {what}; {} are left: {some:#?}\n{}",
            left.len(),
            self.state().await
        );
        println!("{:>5.1} s until {what}", began.elapsed().as_secs_f32());
    }

    pub async fn pause(&self, time: Duration) {
        self.clock.sleep_until(self.clock.now() + time).await;
    }

    /// Lets the engine live for so long, and drops it where it stands. What it sent is carried out all the same; then
    /// it is started again, sometimes much later.
    pub async fn live_and_die(&self, random: &mut fastrand::Rng) {
        let life = Duration::from_millis(random.u64(50..900));
        let engine = self.engine();
        tokio::select! {
            ended = engine.run(std::future::pending()) => panic!("the engine ended by itself: {ended:?}"),
            () = self.pause(life) => {}
        }
        drop(engine);
        self.world.all_has_landed().await;
        if random.bool() {
            self.clock.put_forward(Duration::from_secs(random.u64(0..400)));
        }
        // A process that starts takes over what a dead one had claimed.
        let connections = self.engine().connection_names();
        let release = connections
            .iter()
            .map(|name| Mutation::ReleaseClaims { connection: zygos_core::ConnectionId::new(name) });
        self.world.repository.commit(release.collect()).await.expect("the state can be written");
    }

    /// Everything that both stores show otherwise than these articles are meant to be.
    pub fn on_shelves(&self, articles: &[Article]) -> Vec<String> {
        let each = |store| shelf::differences(self.shop(store), store, articles, &self.lists);
        [0, 1].into_iter().flat_map(each).collect()
    }

    /// Nothing is left to do on any side, nothing waits for a person, and nothing is there twice.
    pub async fn is_at_rest(&self) {
        let engine = self.engine();
        let troubles = engine.sync().await.expect("the state can be written");
        assert!(troubles.is_empty(), "{troubles:?}");
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
        let mut doubles = self.clerk.doubles().await;
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
