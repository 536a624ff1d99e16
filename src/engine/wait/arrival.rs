//! Who came first.

use std::sync::atomic::{AtomicU64, Ordering};

/// One's turn: lower numbers go first. The numbers are the process's, for several clients may wait for one session.
///
/// Invariant: with one number one waits for one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival(u64);

static LAST: AtomicU64 = AtomicU64::new(0);

impl Arrival {
    pub fn draw() -> Self {
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}
