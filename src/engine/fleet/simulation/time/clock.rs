//! The clock of one node: it starts anywhere, and runs up to a tenth too fast or too slow.

use std::time::Duration;

use futures_util::future::BoxFuture;
use rand::Rng;

use super::World;
use crate::clock::Instant;
use crate::fleet::Clock;

const WALL_MS: u64 = 1_700_000_000_000;

#[derive(Clone)]
pub(crate) struct NodeClock {
    world: World,
    start: Instant,
    offset: Duration,
    rate: f64,
}

impl NodeClock {
    pub(crate) fn new(world: World, start: Instant, offset: Duration, rate: f64) -> Self {
        Self { world, start, offset, rate }
    }

    fn passed(&self) -> Duration {
        self.offset + self.world.now().mul_f64(self.rate)
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn wall_ms(&self) -> u64 {
        WALL_MS + u64::try_from(self.passed().as_millis()).expect("a short time")
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.world.sleep(time.div_f64(self.rate)))
    }

    fn random(&self) -> u128 {
        self.world.draw(Rng::random)
    }
}
