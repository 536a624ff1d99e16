//! The counts behind `client.stats()`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the client was made.
#[derive(Debug, Default)]
pub struct Counters {
    pub requests: Counter,
    pub replays: Counter,
    pub retries: Counter,
    pub rotations: Counter,
    pub rotations_failed: Counter,
    pub adopted: Counter,
    pub reuse_suspected: Counter,
    pub ambiguous: Counter,
    pub persist_retries: Counter,
}

#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
