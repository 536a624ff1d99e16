//! Time and chance, as the fleet gets them, so that a simulation can be both.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock;
use crate::clock::Instant;

pub trait Clock: Send + Sync {
    /// The process' own clock, which counts the time that the machine slept. No rule compares two machines' clocks.
    fn now(&self) -> Instant;

    /// Epoch ms: how long new tokens live is read from it, and nothing else.
    fn wall_ms(&self) -> u64;

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;

    /// Every id, version and pause is drawn here.
    fn random(&self) -> u128;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Instant {
        clock::uptime()
    }

    fn wall_ms(&self) -> u64 {
        clock::wall_ms()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        rand::random()
    }
}
