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
    /// Rotations that waited for another process' lease, and for how long in all.
    pub lease_waits: Counter,
    pub lease_wait_ms: Counter,
    /// Commits that found the lease taken over and the generation unchanged; those that found the generation moved on.
    pub reclaimed: Counter,
    pub fenced: Counter,
    /// Rotations of dead processes that were found.
    pub orphan_intents: Counter,
    /// Tokens that came second to another process' and were tried after all.
    pub candidates: Counter,
}

#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self) {
        self.add_many(1);
    }

    pub fn add_many(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
