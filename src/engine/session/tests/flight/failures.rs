//! Refreshes that bring no tokens: they are tried again, or followed by a cool-down, or end the session.

use std::time::Duration;

use crate::clock;
use crate::error::{Error, RefreshFailureKind, StoreAction};
use crate::grant::GrantError;
use crate::session::tests::support::*;

#[tokio::test(start_paused = true)]
async fn refresh_that_spent_nothing_is_tried_again_within_the_flight() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(unspent(None)), Reply::error(unspent(None)), Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    let lines = world.ledger.take();
    let asked: Vec<_> = lines.iter().filter(|line| line.starts_with("ask")).collect();
    assert_eq!(asked, ["ask r1 #1", "ask r1 #2", "ask r1 #3"]);
    assert_eq!(world.by.counters.rotations_failed.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn refresh_that_spends_nothing_is_tried_again_max_retries_times_at_most() {
    for retries in [0, 1, 3] {
        let world = World::using_with(stale(1), |by| by.policy.max_retries = retries).await;
        world.grant.will((0..=retries).map(|_| Reply::error(unspent(None))));
        let (kind, pause) = cooling(world.token().await);
        assert_eq!(kind, RefreshFailureKind::Failed);
        assert!((secs(1)..=secs(2)).contains(&pause), "{pause:?}");
        assert_eq!(world.ledger.count("ask"), retries as usize + 1);
        assert_eq!(world.ledger.count("failed ERR_REFRESH_FAILED"), 1);
        assert_eq!(world.ledger.count("logout"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn no_second_try_begins_after_the_refresh_timeout() {
    let world = World::using_with(stale(1), |by| by.policy.max_retries = 1_000).await;
    let slow = || Reply::after(secs(3), With::Error(unspent(None)));
    world.grant.will((0..10).map(|_| slow()));
    let begun = clock::now();
    assert!(world.token().await.is_err());
    assert!(clock::now() - begun <= secs(10));
    world.session.settled().await;
    assert!((3..=4).contains(&world.ledger.count("ask")), "{:?}", world.ledger.lines());
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_if_it_fits_into_the_flight() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(unspent(Some(secs(4)))), Reply::tokens(2)]);
    let begun = clock::now();
    assert_eq!(world.token().await, Ok("a2".into()));
    assert!((secs(4)..secs(5)).contains(&(clock::now() - begun)));
}

#[tokio::test(start_paused = true)]
async fn retry_after_beyond_the_flight_is_the_cool_down() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(unspent(Some(secs(90))))]);
    let begun = clock::now();
    let (_, pause) = cooling(world.token().await);
    assert_eq!(pause, secs(90));
    assert!(clock::now() - begun < secs(1), "known at once");
    tokio::time::sleep(secs(89)).await;
    let (_, pause) = cooling(world.token().await);
    assert!(pause <= secs(1));
    tokio::time::sleep(secs(1)).await;
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn requests_fail_at_once_and_refresh_nothing_during_a_cool_down() {
    let world = World::using_with(stale(1), |by| by.policy.max_retries = 0).await;
    world.grant.will([Reply::error(unspent(None))]);
    cooling(world.token().await);
    for _ in 0..100 {
        cooling(world.token().await);
        cooling(world.session.rotate(&world.by, None).await.map(|_| String::new()));
        cooling(world.rejected(world.stamp()).await);
    }
    assert_eq!(world.ledger.count("ask"), 1);
    assert_eq!(world.ledger.count("read"), 1);
}

#[tokio::test(start_paused = true)]
async fn cool_downs_grow_and_a_success_resets_them() {
    let world = World::using_with(stale(1), |by| by.policy.max_retries = 0).await;
    let mut longest = secs(2);
    for _ in 0..10 {
        world.grant.will([Reply::error(unspent(None))]);
        let (_, pause) = cooling(world.token().await);
        assert!((secs(1)..=longest).contains(&pause), "{pause:?}");
        longest = (longest * 2).min(secs(60));
        tokio::time::sleep(pause).await;
    }
    world.grant.will([Reply::after(ms(1), With::Tokens(stale(2))), Reply::error(unspent(None))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    let (_, pause) = cooling(world.token().await);
    assert!(pause <= secs(2));
}

#[tokio::test(start_paused = true)]
async fn valid_tokens_stay_in_use_while_refreshing_ahead_fails() {
    let world = World::using_with(living(1, secs(100)), |by| by.policy.max_retries = 0).await;
    tokio::time::sleep(secs(85)).await;
    world.grant.will([Reply::error(unspent(Some(secs(12))))]);
    assert_eq!(world.token().await, Ok("a1".into()));
    world.session.settled().await;
    tokio::time::sleep(secs(10)).await;
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(world.ledger.count("ask"), 1, "the server asked for patience");
    tokio::time::sleep(secs(1)).await;
    assert_eq!(world.ledger.count("logout"), 0);
    tokio::time::sleep(secs(5)).await;
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()), "expired: no longer used");
}

#[tokio::test(start_paused = true)]
async fn strict_server_is_not_asked_again_after_silence() {
    for error in
        [AMBIGUOUS, GrantError::Malformed { refresh: None, cause: None }, GrantError::Unknown { cause: None }]
    {
        let world = World::using(stale(1)).await;
        world.grant.will([Reply::error(error)]);
        cooling(world.token().await);
        assert_eq!(world.ledger.count("ask"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn lenient_server_is_asked_exactly_once_more_after_silence() {
    let graced = |by: &mut crate::session::participant::Participant| by.policy.rotation_grace = secs(30);
    let world = World::using_with(stale(1), graced).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    let world = World::using_with(stale(1), graced).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::error(AMBIGUOUS)]);
    cooling(world.token().await);
    assert_eq!(world.ledger.count("ask r1"), 2);
    assert_eq!(world.by.counters.ambiguous.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn token_is_not_sent_again_after_the_grace() {
    let change = |by: &mut crate::session::participant::Participant| by.policy.rotation_grace = secs(2);
    let world = World::using_with(stale(1), change).await;
    world.grant.will([Reply::after(secs(3), With::Error(AMBIGUOUS))]);
    cooling(world.token().await);
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn unreadable_store_spends_nothing() {
    let world = World::using(stale(1)).await;
    world.store.fail_reads([STORE_DOWN]);
    let failed = Err(Error::Store { action: StoreAction::Read, timed_out: false, cause: None, fault: None });
    assert_eq!(world.token().await, failed);
    assert_eq!(world.token().await, failed, "cooling down");
    assert_eq!(world.ledger.take(), ["read failed", "failed ERR_STORE_UNAVAILABLE"]);
    tokio::time::sleep(secs(2)).await;
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn store_unreadable_at_first_is_read_again_by_the_next_request() {
    let world = World::new(Some(pair(1)));
    world.store.fail_reads([STORE_DOWN]);
    assert!(matches!(world.token().await, Err(Error::Store { .. })));
    assert_eq!(world.token().await, Ok("a1".into()));
}

#[tokio::test(start_paused = true)]
async fn panic_in_the_grant_leaves_no_caller_waiting_and_the_session_usable() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::after(ms(10), With::Panic), Reply::tokens(2)]);
    let waiters = [world.asking(), world.asking()];
    let mut pause = Duration::ZERO;
    for waiter in waiters {
        (_, pause) = cooling(waiter.await.unwrap());
    }
    assert_eq!(world.host.holds(), 0);
    world.session.settled().await;
    tokio::time::sleep(pause).await;
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn panic_in_the_store_leaves_no_caller_waiting_and_the_session_usable() {
    let world = World::new(Some(stale(1)));
    world.store.panic_next(1);
    assert!(world.token().await.is_err());
    assert_eq!(world.host.holds(), 0);
    tokio::time::sleep(secs(2)).await;
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn panic_while_saving_loses_no_tokens() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let asking = world.asking();
    tokio::time::sleep(ms(5)).await;
    world.store.panic_next(1);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
}

#[tokio::test(start_paused = true)]
async fn tokens_that_no_server_accepts_are_refreshed_once_in_half_a_minute() {
    let world = World::using(pair(1)).await;
    world.accepted();
    world.grant.will((2..=3).map(Reply::tokens));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    let begun = clock::now();
    assert_eq!(world.rejected(world.stamp()).await, Ok("give back".into()));
    assert!(clock::now() - begun <= secs(2), "sent again while it is new");
    for _ in 0..1_000 {
        assert_eq!(world.rejected(world.stamp()).await, Ok("give back".into()));
        tokio::time::sleep(ms(29)).await;
    }
    assert_eq!(world.ledger.count("ask"), 1);
    tokio::time::sleep(secs(2)).await;
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()), "once more after that");
    assert_eq!(world.rejected(world.stamp()).await, Ok("give back".into()));
}

#[tokio::test(start_paused = true)]
async fn token_that_may_be_spent_is_sent_again_only_within_the_grace() {
    let grace = |by: &mut crate::session::participant::Participant| by.policy.rotation_grace = ms(60);
    let world = World::using_with(stale(1), grace).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::error(unspent(Some(ms(100))))]);
    cooling(world.token().await);
    assert_eq!(world.ledger.count("ask"), 2);
}
