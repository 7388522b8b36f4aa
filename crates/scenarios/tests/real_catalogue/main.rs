//! Products and prices between two sandbox stores and a real Tryton. `./test` starts one; without it these tests fail.
//!
//! Both stories add to the same server, under names of their own, and so each also meets what the other one made.

#![expect(clippy::expect_used, reason = "a test may end where its ground is missing")]

mod goods;
mod office;
mod shelf;
mod story;
mod tale;

use std::{path::PathBuf, sync::Arc, time::Instant};

use tokio::sync::Mutex;
use zygos_core::WorkspaceId;
use zygos_storage::SqliteRepository;

use crate::{office::Office, story::Story};

/// A further sync must find nothing to do, which is so only while nobody else works on the server.
static ALONE: Mutex<()> = Mutex::const_new(());

const PRODUCTS: usize = 200;
const DEATHS: usize = 20;
/// Of these, so many come amid writes to Tryton.
const IN_TRYTON: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn products_and_prices_of_two_stores_and_a_real_tryton_become_and_stay_the_same() {
    let _alone = ALONE.lock().await;
    let mut story = Story::begin('A', None).await;
    let mut articles = story.run.of_the_erp(PRODUCTS);
    let engine = story.engine();
    tokio::select! {
        ended = engine.run(std::future::pending()) => panic!("the engine ended by itself: {ended:?}"),
        () = tale::tell(&mut story, &engine, &mut articles) => {}
    }
    drop(engine);
    story.is_over().await;
    assert_eq!(story.on_shelves(&articles), Vec::<String>::new());
    assert_eq!(story.clerk.differences(&articles).await, Vec::<String>::new());
    story.is_at_rest().await;
    articles.retain(|article| article.made_in.is_none());
    story.clerk.withdraw(&articles).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_made_twice_whenever_the_process_dies() {
    let _alone = ALONE.lock().await;
    let directory = Directory::new();
    let state = SqliteRepository::open(&directory.0.join("state.db"), WorkspaceId::new("story")).await;
    let story = Story::begin('B', Some(Arc::new(state.expect("a state file")))).await;
    let seed = std::env::var("ZYGOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut articles = story.run.of_the_erp(20);
    story.clerk.make(&articles).await;
    let own = story.run.of_a_store(1);
    story.hush();
    shelf::make(story.shop(1), &own, story.world.taxes, story.world.now());
    story.deliver(&story.engine()).await;
    articles.extend(own);
    // Nothing is made before both sides were read in full once, which takes longer than the lives that follow.
    story.working(story.until("something is made", async || story.nothing_written())).await;
    let (mut deaths, began) = (Vec::new(), Instant::now());
    for death in 0..DEATHS {
        // The store's own products are the first in the queue.
        story.live_and_die(&mut random, death < IN_TRYTON).await;
        deaths.push(story.made_in_stores());
    }
    let made = |write: &&String| write.contains("product.template.create");
    let in_tryton = story.world.writes().iter().filter(made).count();
    println!(
        "{:>5.1} s for {DEATHS} deaths; {in_tryton} products begun in Tryton, and in both stores after each: {deaths:?}",
        began.elapsed().as_secs_f32()
    );
    assert!(in_tryton > 0, "no death came while products of a store were being made in Tryton");
    let in_stores = deaths.split_off(IN_TRYTON);
    let amid = in_stores.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(amid > in_stores.len() / 2, "only {amid} deaths came while products were being made");
    story.is_over().await;
    story
        .working(async {
            story.until("everything is in both stores", async || story.on_shelves(&articles)).await;
            story.until_nothing_waits().await;
        })
        .await;
    assert_eq!(story.clerk.differences(&articles).await, Vec::<String>::new());
    story.is_at_rest().await;
    articles.retain(|article| article.made_in.is_none());
    story.clerk.withdraw(&articles).await;
}

struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("zygos-catalogue-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the state");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A directory that stays behind is only untidy.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
