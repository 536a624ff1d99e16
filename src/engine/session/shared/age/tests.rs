//! The age of tokens that another process got (§14).

use super::*;
use crate::token::tests::tokens;
use std::num::NonZeroU64;

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: u64 = 3_600_000;
const NEVER: Duration = Duration::MAX;

/// Tokens that were made at 0 and live for an hour. Returns how long they live from `wall` on, in ms.
fn lives(wall: u64, at_most: Duration) -> u64 {
    let stored = tokens("a", None).expiring_at(Some(HOUR_MS));
    let aged = aged(&stored, HOUR, at_most, wall).unwrap_or(stored);
    aged.expires_at().unwrap().saturating_sub(wall)
}

#[test]
fn wall_clock_tells_the_age_of_tokens_that_were_there_before() {
    assert_eq!(lives(0, NEVER), HOUR_MS);
    assert_eq!(lives(HOUR_MS / 4, NEVER), HOUR_MS * 3 / 4);
    assert_eq!(lives(HOUR_MS * 25, NEVER), 0);
}

#[test]
fn tokens_are_no_older_than_the_last_read_that_did_not_show_them() {
    let five = Duration::from_secs(5);
    assert_eq!(lives(HOUR_MS * 25, five), HOUR_MS - 5_000, "the clock is 25 h ahead");
    assert_eq!(lives(1_000, five), HOUR_MS - 1_000);
    assert_eq!(lives(HOUR_MS / 2, 10 * HOUR), HOUR_MS / 2);
}

#[test]
fn tokens_live_no_longer_than_they_were_to_live() {
    let refresh_at = NonZeroU64::new(HOUR_MS * 25 + HOUR_MS / 2);
    let stored = tokens("a", None).expiring_at(Some(HOUR_MS * 26)).due_at(refresh_at);
    let aged = aged(&stored, HOUR, NEVER, 0).unwrap();
    assert_eq!(aged.expires_at(), Some(HOUR_MS), "this clock is 25 h behind");
    assert_eq!(aged.refresh_at(), NonZeroU64::new(HOUR_MS / 2));
}

#[test]
fn tokens_without_an_end_have_none() {
    assert!(aged(&tokens("a", None), HOUR, NEVER, 5).is_none());
}
