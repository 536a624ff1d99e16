//! The one place that reads a clock, so that tests can hold time still.
//!
//! Invariant: everything that decides by time takes it as an argument or from here. [`now`] is tokio's clock, which
//! `#[tokio::test(start_paused = true)]` stops and moves by hand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use tokio::time::Instant;

/// Monotonic time: what timers and expiries are measured by.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970: only to turn an `expires_at` into a monotonic time at the moment it arrives.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub fn wall_ms() -> u64 {
    ms_of(SystemTime::now())
}

/// The same of a date.
pub fn ms_of(date: SystemTime) -> u64 {
    let since = date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
