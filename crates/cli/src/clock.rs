//! The machine's clock: the one place where Zygos asks what time it is.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use zygos_core::{Clock, SharedClock, clock::elapsed};

struct MachineClock;

pub fn machine_clock() -> SharedClock {
    Arc::new(MachineClock)
}

#[async_trait]
impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everybody else takes")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everybody else takes")]
    async fn sleep_until(&self, deadline: Timestamp) {
        // The machine's clock may be set back meanwhile; short naps notice.
        loop {
            let left = elapsed(self.now(), deadline);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(std::time::Duration::from_secs(30))).await;
        }
    }
}
