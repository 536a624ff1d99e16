//! Machines that sleep, virtual machines that are stopped, and wall clocks that are set.

use std::time::Duration;

use crate::clock::testing;
use crate::session::tests::support::*;

const HOUR: Duration = secs(3_600);
const DAY_MS: i64 = 24 * 3_600_000;

/// Lets the token of an hour run out by `time_passes`, and expects one refresh.
async fn refreshes_once_after(time_passes: impl FnOnce()) {
    let world = World::using(living(1, HOUR)).await;
    assert_eq!(world.token().await, Ok("a1".into()));
    time_passes();
    assert!(world.session.credential_now(&world.by, None).is_none(), "nor at once");
    world.grant.will([Reply::after(ms(10), With::Tokens(living(2, HOUR)))]);
    for _ in 0..10 {
        assert_eq!(world.token().await, Ok("a2".into()));
        tokio::time::sleep(secs(60)).await;
    }
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn token_that_expired_while_the_machine_slept_is_not_used() {
    refreshes_once_after(|| testing::sleep(HOUR)).await;
}

#[tokio::test(start_paused = true)]
async fn token_that_expired_while_a_virtual_machine_was_stopped_is_not_used() {
    refreshes_once_after(|| testing::step(3_600_000)).await;
}

#[tokio::test(start_paused = true)]
async fn wall_clock_that_is_set_forward_costs_one_refresh() {
    refreshes_once_after(|| testing::step(DAY_MS)).await;
}

#[tokio::test(start_paused = true)]
async fn wall_clock_that_is_set_back_costs_nothing_and_keeps_no_dead_token() {
    let world = World::using(living(1, HOUR)).await;
    testing::step(-DAY_MS);
    for _ in 0..10 {
        assert_eq!(world.token().await, Ok("a1".into()));
    }
    tokio::time::sleep(HOUR).await;
    world.grant.will([Reply::after(ms(10), With::Tokens(living(2, HOUR)))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn wall_clock_that_is_set_back_and_forth_costs_nothing() {
    let world = World::using(living(1, HOUR)).await;
    for ms in [-DAY_MS, DAY_MS] {
        testing::step(ms);
        assert_eq!(world.token().await, Ok("a1".into()));
    }
    assert_eq!(world.ledger.count("ask"), 0);
}

#[tokio::test(start_paused = true)]
async fn cool_down_ends_while_the_machine_sleeps() {
    let world = World::using_with(stale(1), |by| by.policy.max_retries = 0).await;
    world.grant.will([Reply::error(unspent(Some(HOUR))), Reply::tokens(2)]);
    cooling(world.token().await);
    cooling(world.token().await);
    testing::sleep(HOUR);
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn token_that_is_due_after_a_sleep_is_rotated_in_the_background() {
    let world = World::using(living(1, secs(1_000))).await;
    testing::sleep(secs(850));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    world.session.settled().await;
    assert_eq!(world.token().await, Ok("a2".into()));
}
