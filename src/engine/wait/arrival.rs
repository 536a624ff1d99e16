//! The order in which requests came.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that a request draws when it is made. Lower numbers are served first. All clients of the process draw from
/// one counter, because several clients may wait for one session.
///
/// Invariant: a request uses its arrival number for only one wait at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival(u64);

static LAST: AtomicU64 = AtomicU64::new(0);

impl Arrival {
    pub fn draw() -> Self {
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}
