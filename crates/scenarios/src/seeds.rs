//! Playing many seeds, each a world of its own, and what they have in common: the faults, and webhooks by chance.

use std::{
    collections::BTreeSet,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue};
use zygos_engine::Engine;
use zygos_sim::{Fault, merchantpro::Webhook};

use crate::world::{HOOK_SECRET, Shop, World};

/// Faults and how many of a thousand calls suffer each.
const FAULTS: [(Fault, u32); 8] = [
    (Fault::NotSent, 20),
    (Fault::NoAnswerBefore, 15),
    (Fault::NoAnswerAfter, 30),
    (Fault::InternalError, 15),
    (Fault::InternalErrorAfter, 10),
    (Fault::NotJson, 10),
    (Fault::Truncated, 10),
    (Fault::LateApply { delay: Duration::from_secs(40) }, 10),
];

/// Lets the stores and the ERP misbehave until [`World::quiet`].
pub fn let_faults_begin(world: &World) {
    for (fault, rate) in FAULTS {
        world.erp_faults.set_rate(fault, rate);
        for shop in &world.shops {
            shop.faults.set_rate(fault, rate);
        }
    }
}

/// What is said in a replay of a single seed.
pub fn is_traced() -> bool {
    std::env::var("ZYGOS_TRACE").is_ok()
}

/// `ZYGOS_SEED` alone, or as many as `ZYGOS_SEEDS` or `usual` say, and at most `most`.
pub fn chosen(usual: u64, most: u64) -> Range<u64> {
    match number("ZYGOS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ZYGOS_SEEDS").unwrap_or(usual).min(most),
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Plays the seeds on two threads; names those that fail.
pub fn on_both_cores(seeds: Range<u64>, play: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(seeds.start);
    let broken = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            if catch_unwind(AssertUnwindSafe(|| play(seed))).is_err() {
                broken.lock().expect("nobody panics while holding it").push(seed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let broken = broken.into_inner().expect("nobody panics while holding it");
    assert!(broken.is_empty(), "these seeds break a law (replay one with ZYGOS_SEED=N): {broken:?}");
}

/// Gives work a directory of its own, which is removed afterwards. `name`: of the family of seeds.
pub fn in_a_directory(name: &str, seed: u64, work: impl FnOnce(&Path)) {
    struct Removed<'a>(&'a Path);
    impl Drop for Removed<'_> {
        fn drop(&mut self) {
            // A directory that stays behind is only untidy.
            let _ = std::fs::remove_dir_all(self.0);
        }
    }
    let directory = std::env::temp_dir().join(format!("zygos-{name}-{}-{seed}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the state");
    let _removed = Removed(&directory);
    work(&directory);
}

/// From now on the shop tells of everything that happens in it.
pub fn ask_for_webhooks(shop: &Shop) {
    let hook = Webhook {
        url: "https://zygos.test".to_owned(),
        secret: HOOK_SECRET.to_owned(),
        topics: BTreeSet::new(),
    };
    shop.sandbox.configure(|settings| settings.webhooks = vec![hook]);
}

/// Delivers what the shops have to tell: some are lost, some come twice, none in order.
pub fn deliver_webhooks(world: &World, engine: &Engine, chance: &mut fastrand::Rng) {
    for shop in &world.shops {
        let mut deliveries = shop.sandbox.take_webhooks();
        chance.shuffle(&mut deliveries);
        for delivery in deliveries {
            let headers: HeaderMap = delivery
                .headers
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_bytes(name.as_bytes()).expect("a header");
                    (name, HeaderValue::from_str(value).expect("a value"))
                })
                .collect();
            for _ in 0..chance.u8(..3) {
                let taken = world.block_on(engine.take_webhook(&shop.id, &headers, &delivery.body));
                taken.expect("the state takes it").expect("it is signed");
            }
        }
    }
}
