//! The end of a session, and refusals that are not its end.

use crate::clock;
use crate::error::LostReason;
use crate::session::tests::support::*;

#[tokio::test(start_paused = true)]
async fn refused_token_reads_the_store_three_times_more_and_ends_the_session_once() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    let begun = clock::now();
    let waiters = [world.asking(), world.asking()];
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), lost(LostReason::Rejected));
    }
    assert_eq!(clock::now() - begun, ms(10 + 25 + 50 + 100));
    let reads = ["read a1"; 3];
    let mut lines = vec!["read a1", "before", "ask r1 #1"];
    lines.extend(reads);
    lines.extend(["failed ERR_SESSION_LOST", "logout"]);
    assert_eq!(world.ledger.take(), lines);
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_no_loss_if_the_store_has_newer_tokens() {
    for (moves_after, reads) in [(0, 2), (40, 3), (120, 4)] {
        let world = World::using(stale(1)).await;
        world.grant.will([Reply::error(TERMINAL)]);
        let asking = world.asking();
        tokio::time::sleep(ms(11 + moves_after)).await;
        world.store.put(Some(pair(2)));
        assert_eq!(asking.await.unwrap(), Ok("a2".into()));
        assert_eq!(world.ledger.count("read"), reads);
        assert_eq!(world.ledger.count("logout") + world.ledger.count("failed"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_no_loss_if_the_newer_tokens_of_the_store_have_expired() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL), Reply::tokens(3)]);
    let asking = world.asking();
    tokio::time::sleep(ms(11)).await;
    world.store.put(Some(stale(2)));
    assert_eq!(asking.await.unwrap(), Ok("a3".into()));
    assert_eq!(world.ledger.count("ask r2"), 1);
}

#[tokio::test(start_paused = true)]
async fn lost_session_refreshes_nothing_until_the_next_login() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    let stamp = world.stamp();
    assert!(world.token().await.is_err());
    world.ledger.take();
    for _ in 0..100 {
        assert_eq!(world.token().await, lost(LostReason::Rejected));
        assert_eq!(world.rejected(stamp).await, lost(LostReason::Rejected));
        assert!(world.session.rotate(&world.by, None).await.is_err());
        tokio::time::sleep(secs(60)).await;
    }
    assert!(world.ledger.take().is_empty());
    world.login(Some(pair(5))).await.unwrap();
    assert_eq!(world.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn loss_gives_its_reason() {
    let without_refresh_token = crate::token::Tokens { refresh: None, ..stale(1) };
    let world = World::using(without_refresh_token).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, lost(LostReason::NoRefreshToken));

    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::error(TERMINAL)]);
    let (_, pause) = cooling(world.token().await);
    tokio::time::sleep(pause).await;
    assert_eq!(world.token().await, lost(LostReason::RotationOutcomeUnknown));
    assert_eq!(world.by.counters.reuse_suspected.get(), 1);

    world.login(None).await.unwrap();
    assert_eq!(world.token().await, lost(LostReason::LoggedOut));
}

#[tokio::test(start_paused = true)]
async fn token_that_may_be_spent_says_nothing_about_the_next_token() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::error(TERMINAL)]);
    let (_, pause) = cooling(world.token().await);
    tokio::time::sleep(pause).await;
    world.store.put(Some(stale(2)));
    assert_eq!(world.token().await, lost(LostReason::Rejected));
}

#[tokio::test(start_paused = true)]
async fn token_that_may_be_spent_stays_so_after_failures_of_other_kinds() {
    let world = World::using_with(stale(1), |by| by.policy.max_retries = 0).await;
    for error in [AMBIGUOUS, unspent(None)] {
        world.grant.will([Reply::error(error)]);
        let (_, pause) = cooling(world.token().await);
        tokio::time::sleep(pause).await;
    }
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, lost(LostReason::RotationOutcomeUnknown));
}

#[tokio::test(start_paused = true)]
async fn refused_token_that_turns_up_in_the_store_again_is_not_sent() {
    let world = World::using(stale(0)).await;
    world.store.put(Some(stale(1)));
    world.grant.will([Reply::error(TERMINAL), Reply::tokens(3)]);
    let asking = world.asking();
    tokio::time::sleep(ms(11)).await;
    world.store.put(Some(pair(2)));
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    world.store.put(Some(stale(1)));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    assert_eq!((world.ledger.count("ask r1"), world.ledger.count("ask r2")), (1, 1));
}
