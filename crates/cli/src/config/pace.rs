//! `[pace]` and `[guard]`.

use std::time::Duration;

use zygos_core::{guard::GuardLimits, settings::Section};
use zygos_engine::Pace;

pub(super) fn pace(section: &Section<'_>) -> Pace {
    let mut pace = Pace::default();
    let set = |key: &str, value: &mut Duration, least: Duration| {
        if let Some(duration) = section.duration(key) {
            if duration < least {
                section.problem(key, format!("must be at least {} seconds", least.as_secs()));
            } else {
                *value = duration;
            }
        }
    };
    let second = Duration::from_secs(1);
    set("poll_every", &mut pace.poll_every, second);
    set("open_orders_every", &mut pace.open_orders_every, second);
    set("closed_orders_every", &mut pace.closed_orders_every, second);
    set("return_window", &mut pace.return_window, second);
    set("overlap", &mut pace.overlap, second);
    set("erp_every", &mut pace.erp_every, second);
    set("erp_products_every", &mut pace.erp_products_every, second);
    set("verify_every", &mut pace.verify_every, second);
    set("stock_age", &mut pace.stock_age, second);
    set("call_timeout", &mut pace.call_timeout, second);
    set("recheck_held", &mut pace.recheck_held, second);
    set("retention", &mut pace.retention, Duration::from_secs(86_400));
    if let Some(concurrency) = section.number("store_concurrency", 1, 64) {
        pace.store_concurrency = usize::try_from(concurrency).unwrap_or(1);
    }
    section.finish();
    pace
}

pub(super) fn guard(section: &Section<'_>) -> GuardLimits {
    let default = GuardLimits::default();
    let limits = GuardLimits {
        zeroed_free: section.number("zeroed_free", 0, 1_000_000).unwrap_or(default.zeroed_free),
        zeroed_percent: section.number("zeroed_percent", 1, 100).unwrap_or(default.zeroed_percent),
        feed_percent: section.number("feed_percent", 1, 100).unwrap_or(default.feed_percent),
        archived_free: section.number("archived_free", 0, 1_000_000).unwrap_or(default.archived_free),
        archived_percent: section.number("archived_percent", 1, 100).unwrap_or(default.archived_percent),
        changed_free: section.number("changed_free", 0, 1_000_000).unwrap_or(default.changed_free),
        changed_percent: section.number("changed_percent", 1, 100).unwrap_or(default.changed_percent),
        writes_per_run: None,
    };
    section.finish();
    limits
}
