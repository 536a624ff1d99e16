//! The only file that reads a clock, so that tests can stop the time.
//!
//! There are three. [`now`] stands still while the machine sleeps, as timers do. [`uptime`] goes on, as servers do. [`wall_ms`]
//! may be stepped at any moment, but is right after a virtual machine was stopped, which no other clock counts.
//!
//! Invariant: code that decides by time takes it as an argument or from here. [`now`] is tokio's clock, which
//! `#[tokio::test(start_paused = true)]` stops. In tests the others follow it, and [`testing`] puts them apart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use tokio::time::Instant;

/// Monotonic time, for timers.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Monotonic time that goes on while the machine sleeps: for lifetimes and pauses that a server counts too. Else a laptop
/// that was closed for an hour would send a token that expired meanwhile.
pub fn uptime() -> Instant {
    let now = now();
    now + asleep(now)
}

/// Milliseconds since 1970, to compare with an `expires_at`.
pub fn wall_ms() -> u64 {
    #[cfg(not(test))]
    return ms_of(system_time());
    #[cfg(test)]
    testing::wall_ms()
}

/// Milliseconds from 1970 to a date.
pub fn ms_of(date: SystemTime) -> u64 {
    let since = date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Resolves when this process has run for `time`. A moment in which it was stopped, or got no processor, counts as a tenth at
/// most. Else a call that was answered meanwhile would be dropped before anybody looks at its answer.
pub async fn awake<S: Future<Output = ()>>(time: Duration, sleep: impl Fn(Duration) -> S) {
    const PARTS: u32 = 10;
    for _ in 0..PARTS {
        sleep(time / PARTS).await;
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the clock")]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// How long the machine has slept from the first call to `now`. On other systems the clock of [`now`] counts sleep itself.
#[cfg(all(not(test), any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn asleep(now: Instant) -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    use std::sync::LazyLock;

    #[cfg(target_vendor = "apple")]
    const COUNTS_SLEEP: ClockId = ClockId::Monotonic;
    #[cfg(not(target_vendor = "apple"))]
    const COUNTS_SLEEP: ClockId = ClockId::Boottime;

    static START: LazyLock<(Instant, Duration)> = LazyLock::new(|| (self::now(), counted()));

    fn counted() -> Duration {
        clock_gettime(COUNTS_SLEEP).try_into().unwrap_or_default()
    }

    let (start, counted_at_start) = *START;
    let slept = counted().saturating_sub(counted_at_start).saturating_sub(now - start);
    // Two clocks are never read at the same moment, and `uptime` must not go back.
    Duration::from_secs(slept.as_secs())
}

#[cfg(all(not(test), not(any(target_os = "linux", target_os = "android", target_vendor = "apple"))))]
fn asleep(_: Instant) -> Duration {
    Duration::ZERO
}

#[cfg(test)]
fn asleep(_: Instant) -> Duration {
    testing::asleep()
}

/// Clocks of the test's own thread, which can sleep and step.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;
    use std::time::Duration;

    use super::{Instant, ms_of, now, system_time};

    thread_local! {
        static START: (Instant, u64) = (now(), ms_of(system_time()));
        static ASLEEP: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static STEPPED_MS: Cell<i64> = const { Cell::new(0) };
    }

    /// The machine sleeps: [`super::uptime`] and the wall clock go on, and [`super::now`] stands still.
    pub(crate) fn sleep(time: Duration) {
        ASLEEP.set(ASLEEP.get() + time);
    }

    /// The wall clock is set. To a virtual machine that was stopped, this happens as well.
    pub(crate) fn step(ms: i64) {
        STEPPED_MS.set(STEPPED_MS.get() + ms);
    }

    pub(super) fn asleep() -> Duration {
        ASLEEP.get()
    }

    pub(super) fn wall_ms() -> u64 {
        let (start, wall) = START.with(|start| *start);
        let passed = now().saturating_duration_since(start) + asleep();
        wall.saturating_add(u64::try_from(passed.as_millis()).unwrap())
            .saturating_add_signed(STEPPED_MS.get())
    }
}

#[cfg(test)]
mod tests;
