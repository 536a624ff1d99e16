//! When to rotate, how long to wait for it, and how long to leave the authorization server alone.
//!
//! Pure functions: time and chance are arguments.

use std::time::Duration;

use crate::clock::Instant;
use crate::error::Error;
use crate::session::held::Held;

/// The first and the longest pause after failed flights. A person would press a button once a second; the end of an outage
/// may go unnoticed for a minute.
const COOL_DOWN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The longest pause after a rotation that failed because of a shared store.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// The longest `Retry-After` that is obeyed. MSAL has the same limit.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The first and the longest pause between the tries of one flight. They are short, because callers wait meanwhile and
/// `refreshTimeout` limits all tries together.
const TRY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The first pause before a request is sent again with a new token that a server does not know yet, and how old the token may
/// be then. A copy of a database is behind for milliseconds, a cache of introspections or a `nbf` for a second.
const AGAIN_PAUSE: Duration = Duration::from_millis(50);
const AGAIN_WITHIN: Duration = Duration::from_secs(2);

/// A rotation starts at most this long before expiry by default. Identity SDKs agree on five minutes.
const MAX_AHEAD: Duration = Duration::from_secs(300);

/// Tokens of a refresh are not rotated sooner, however soon the server wants it, unless half of their life is over. Else a server
/// that wants it within the second would be asked each second.
const SOONEST: Duration = Duration::from_secs(60);

/// A server may end a token this long before this process does: by the first of the two, or by this part of the life where that is
/// shorter. Its clock may be ahead. It also counts the life from the answer, and this process counts it from the arrival.
const EARLY_END: (Duration, u32) = (Duration::from_secs(1), 2);

/// A refresh is given up after this many `refreshTimeout`s, and not before [`MIN_HARD_LIMIT`].
const HARD_LIMIT_FACTOR: u32 = 3;
const MIN_HARD_LIMIT: Duration = Duration::from_secs(30);

/// The timing options of one client.
#[derive(Clone, Debug)]
pub struct Policy {
    /// None: a fifth of the lifetime, at most five minutes. Zero turns off all rotations ahead of expiry.
    pub refresh_ahead: Option<Duration>,
    pub refresh_timeout: Duration,
    /// How often one flight tries again after failures that spent nothing.
    pub max_retries: u32,
    /// How long the server accepts a spent refresh token; zero for a strict server.
    pub rotation_grace: Duration,
    /// The longest time between two rotations of a session that nobody uses. None: such a session rests.
    pub keep_alive: Option<Duration>,
    /// How often tokens in use are compared with a store that other processes use too.
    pub confirm_every: Duration,
    /// How long the exit of the process waits for a rotation whose store is written by Rust.
    pub drain_on_exit: Duration,
    /// 0 to 1, drawn once in each process: processes that share a store do not rotate at the same moment. None: no spread.
    pub spread: Option<f64>,
    /// While nobody is logged in, requests go out without a token, and a rejection of such a request may rotate. Hooks are
    /// told of a late refresh at its deadline. A new token is not sent again after a pause.
    pub anonymous: bool,
    /// After a refresh that fails or is late, nobody is logged in.
    pub forgets: bool,
}

impl Policy {
    pub fn hard_limit(&self) -> Duration {
        (self.refresh_timeout * HARD_LIMIT_FACTOR).max(MIN_HARD_LIMIT)
    }
}

/// True if tokens that are still valid should be rotated in the background now.
pub fn due_ahead(held: &Held, policy: &Policy, now: Instant) -> bool {
    if policy.refresh_ahead == Some(Duration::ZERO) {
        return false;
    }
    let ends_soon = held.lifetime().is_some_and(|lifetime| {
        let ahead = policy.refresh_ahead.unwrap_or_else(|| (lifetime / 5).min(MAX_AHEAD));
        ends_within(held, Some(lifetime), ahead.mul_f64(spread(policy, held.generation)), now)
    });
    ends_soon || is_wanted(held, policy, now)
}

/// True if the server wants these tokens to be rotated by now. Processes that share them do it one after the other, from that
/// moment on.
fn is_wanted(held: &Held, policy: &Policy, now: Instant) -> bool {
    let Some(wanted) = held.refresh_at() else { return false };
    let soonest = held.lifetime().map_or(SOONEST, |lifetime| (lifetime / 2).min(SOONEST));
    let begins = if held.from_refresh { wanted.max(held.arrived + soonest) } else { wanted };
    let left = held.expires().map_or(MAX_AHEAD, |expires| expires.saturating_duration_since(begins) / 10);
    now >= begins + left.min(MAX_AHEAD).mul_f64(turn(policy, held.generation).unwrap_or_default())
}

/// True if the access token ends within `span`, and a rotation may bring one that lives longer: as long as `lifetime`, as far as
/// is known.
pub fn ends_within(held: &Held, lifetime: Option<Duration>, span: Duration, now: Instant) -> bool {
    let (Some(expires), Some(lifetime)) = (held.expires(), lifetime) else { return false };
    // Tokens from a refresh end after half of their life at the earliest. Else short-lived tokens would be due on arrival,
    // and each rotation would be followed by the next.
    let span = if held.from_refresh && span >= lifetime { lifetime / 2 } else { span };
    expires.saturating_duration_since(now) <= span && !span.is_zero()
}

/// True if a server that rejects these tokens may mean that they have expired.
pub fn may_have_expired(held: &Held, now: Instant) -> bool {
    let early = |lifetime: Duration| EARLY_END.0.min(lifetime / EARLY_END.1);
    let ends = held.expires().zip(held.lifetime()).map(|(expires, lifetime)| expires - early(lifetime));
    held.expired(now) || ends.is_some_and(|at| now >= at)
}

/// The factor of a margin, 0.9 to 1.1.
fn spread(policy: &Policy, generation: u64) -> f64 {
    turn(policy, generation).map_or(1.0, |turn| 0.9 + 0.2 * turn)
}

/// The place of this process among all, 0 to 1. It changes with each generation, so that it is not always the same process that
/// rotates first. None: no spread.
fn turn(policy: &Policy, generation: u64) -> Option<f64> {
    // The steps of the golden ratio meet every part of the range in turn.
    const STEP: f64 = 0.618_034;
    let turns = f64::from(u32::try_from(generation % 1_000).unwrap_or_default());
    policy.spread.map(|own| (own + STEP * turns).fract())
}

/// The pause before a rejected token that no server has accepted yet is sent again: as long as the token is old, so that the
/// pauses double. None: a server that will know the token would know it by now.
pub fn again_pause(held: &Held, now: Instant) -> Option<Duration> {
    let age = now - held.arrived;
    let pause = age.max(AGAIN_PAUSE);
    (age + pause <= AGAIN_WITHIN).then_some(pause)
}

/// The pause before try `attempt + 1` of a flight: full jitter, or the server's `Retry-After` if that is longer.
pub fn try_pause(attempt: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    let jittered = doubled(TRY_PAUSE, attempt).mul_f64(chance);
    retry_after.map_or(jittered, |asked| asked.min(MAX_RETRY_AFTER).max(jittered))
}

/// The pause after the `failures`-th failed flight in a row. It is never shorter than the first pause, whatever `chance` is.
pub fn cool_down(failures: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    let jittered = COOL_DOWN.0 + doubled(COOL_DOWN, failures).saturating_sub(COOL_DOWN.0).mul_f64(chance);
    retry_after.map_or(jittered, |asked| asked.min(MAX_RETRY_AFTER).max(jittered))
}

/// The longest pause after a rotation that a shared store has failed. Such a store is back in seconds, and a read harms it little.
pub fn cool_down_limit(error: &Error) -> Duration {
    match error {
        Error::Store { .. } | Error::LockTimeout { .. } => STORE_PAUSE,
        _ => Duration::MAX,
    }
}

fn doubled((first, longest): (Duration, Duration), times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(longest)
}

#[cfg(test)]
mod tests;
