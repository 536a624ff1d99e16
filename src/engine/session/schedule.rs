//! When to rotate, how long to wait for it, and how long to leave the authorization server alone.
//!
//! Pure: time and chance are arguments.

use std::time::Duration;

use crate::clock::Instant;
use crate::session::held::Held;

/// The first and the longest pause after flights that failed. One second is as often as a person would press a
/// button; a minute is the longest an outage that is over may go unnoticed.
const COOL_DOWN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A token endpoint may ask for more patience than that, but not for a lifetime (MSAL caps it at the same hour).
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Pauses between the tries of one flight, which callers wait through: short, since `refreshTimeout` bounds them all.
const TRY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The longest a rotation starts ahead of expiry by default: five minutes is what identity SDKs agree on.
const MAX_AHEAD: Duration = Duration::from_secs(300);

/// After this many `refreshTimeout`s, and at least [`MIN_HARD_LIMIT`], a question is given up.
const HARD_LIMIT_FACTOR: u32 = 3;
const MIN_HARD_LIMIT: Duration = Duration::from_secs(30);

/// The timing options of one client.
#[derive(Clone, Debug)]
pub struct Policy {
    /// None: a fifth of the lifetime, at most five minutes.
    pub refresh_ahead: Option<Duration>,
    pub refresh_timeout: Duration,
    /// Tries after the first, within one flight, after failures that spent nothing.
    pub max_retries: u32,
    /// How long the server takes a spent refresh token again; zero if it is strict.
    pub rotation_grace: Duration,
    /// 0.9 to 1.1, drawn once per process, so that siblings do not rotate in step.
    pub spread: f64,
    /// While nobody is logged in, requests go out without a token, and a rejection of theirs may still rotate. Hooks are
    /// told of a refresh that is late as soon as it is.
    pub anonymous: bool,
    /// A refresh that fails, or is late, leaves nobody logged in.
    pub forgets: bool,
}

impl Policy {
    pub fn hard_limit(&self) -> Duration {
        (self.refresh_timeout * HARD_LIMIT_FACTOR).max(MIN_HARD_LIMIT)
    }
}

/// Whether these tokens, still valid, should be rotated in the background now.
pub fn due_ahead(held: &Held, policy: &Policy, now: Instant) -> bool {
    let (Some(expires), Some(lifetime)) = (held.expires, held.lifetime) else { return false };
    let ahead = policy.refresh_ahead.unwrap_or_else(|| (lifetime / 5).min(MAX_AHEAD)).mul_f64(policy.spread);
    // Of tokens that a refresh brought, no earlier than halfway: or those that live shorter than that would be due as
    // soon as they are here, and each rotation followed by the next.
    let ahead = if held.from_refresh && ahead >= lifetime { lifetime / 2 } else { ahead };
    expires.saturating_duration_since(now) <= ahead && !ahead.is_zero()
}

/// The pause before try `attempt + 1` of a flight: full jitter, or what the server asked for if it asked for more.
pub fn try_pause(attempt: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    let jittered = doubled(TRY_PAUSE, attempt).mul_f64(chance);
    retry_after.map_or(jittered, |asked| asked.min(MAX_RETRY_AFTER).max(jittered))
}

/// The pause after the `failures`-th failed flight in a row. Never shorter than the first, so that a lucky draw does
/// not turn the pause off.
pub fn cool_down(failures: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    let jittered = COOL_DOWN.0 + doubled(COOL_DOWN, failures).saturating_sub(COOL_DOWN.0).mul_f64(chance);
    retry_after.map_or(jittered, |asked| asked.min(MAX_RETRY_AFTER).max(jittered))
}

fn doubled((first, longest): (Duration, Duration), times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::session::held::tests::held;
    use crate::token::Tokens;
    use crate::token::tests::tokens;

    fn policy(refresh_ahead: Option<Duration>) -> Policy {
        let refresh_timeout = Duration::from_secs(10);
        let rotation_grace = Duration::ZERO;
        let (anonymous, forgets) = (false, false);
        Policy {
            refresh_ahead,
            refresh_timeout,
            max_retries: 3,
            rotation_grace,
            spread: 1.0,
            anonymous,
            forgets,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rotates_a_fifth_of_the_lifetime_ahead_and_at_most_five_minutes() {
        let now = clock::now();
        let living = |secs: u64| {
            let tokens = Tokens { expires_at: Some(secs * 1000), ..tokens("a", None) };
            held(tokens, true, now, 0)
        };
        let at = |secs| now + Duration::from_secs(secs);
        assert!(!due_ahead(&living(100), &policy(None), at(79)));
        assert!(due_ahead(&living(100), &policy(None), at(80)));
        assert!(!due_ahead(&living(86_400), &policy(None), at(86_400 - 301)));
        assert!(due_ahead(&living(86_400), &policy(None), at(86_400 - 300)));
        assert!(!due_ahead(&living(100), &policy(Some(Duration::ZERO)), at(100)), "0 turns it off");
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_that_were_just_minted_are_never_due() {
        let now = clock::now();
        let living = |from_refresh| {
            let tokens = Tokens { expires_at: Some(100_000), ..tokens("a", None) };
            held(tokens, from_refresh, now, 0)
        };
        let at = |secs| now + Duration::from_secs(secs);
        for ahead in [100, 600] {
            let policy = policy(Some(Duration::from_secs(ahead)));
            assert!(!due_ahead(&living(true), &policy, at(49)));
            assert!(due_ahead(&living(true), &policy, at(50)));
            assert!(
                due_ahead(&living(false), &policy, now),
                "what was stored has its life behind it, perhaps"
            );
        }
        assert!(
            due_ahead(&living(true), &policy(Some(Duration::from_secs(99))), at(1)),
            "as late as was asked"
        );
    }

    #[test]
    fn pauses_double_within_their_bounds_and_respect_the_server() {
        let secs = Duration::from_secs;
        assert_eq!(cool_down(1, None, 0.0), secs(1));
        assert_eq!(cool_down(1, None, 1.0), secs(2));
        assert_eq!(cool_down(3, None, 1.0), secs(8));
        assert_eq!(cool_down(40, None, 1.0), secs(60));
        assert_eq!(cool_down(1, Some(secs(120)), 0.5), secs(120));
        assert_eq!(cool_down(1, Some(secs(86_400)), 0.5), secs(3600));
        assert_eq!(try_pause(1, None, 1.0), Duration::from_millis(200));
        assert_eq!(try_pause(30, None, 1.0), secs(2));
    }

    #[test]
    fn a_question_is_given_up_after_three_timeouts_and_never_before_half_a_minute() {
        assert_eq!(policy(None).hard_limit(), Duration::from_secs(30));
        let patient = Policy { refresh_timeout: Duration::from_secs(20), ..policy(None) };
        assert_eq!(patient.hard_limit(), Duration::from_secs(60));
    }
}
