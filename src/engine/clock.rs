//! The only file that reads a clock, so that tests can stop the time.
//!
//! Invariant: code that decides by time takes it as an argument or from here. [`now`] is tokio's clock, which
//! `#[tokio::test(start_paused = true)]` stops.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use tokio::time::Instant;

/// Monotonic time, for timers and expiries.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970. Only for turning an `expires_at` into a monotonic time when it arrives.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub fn wall_ms() -> u64 {
    ms_of(SystemTime::now())
}

/// Milliseconds from 1970 to a date.
pub fn ms_of(date: SystemTime) -> u64 {
    let since = date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
