//! Late answers: callers get an error, and the refresh goes on.

use crate::clock;
use crate::error::{Error, LostReason, RefreshFailureKind};
use crate::session::tests::support::*;
use std::num::NonZeroU64;

const TIMED_OUT: Error = Error::RefreshTimeout { after: secs(10) };

#[tokio::test(start_paused = true)]
async fn late_answer_fails_the_callers_and_is_committed() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(15), 2)]);
    let begun = clock::now();
    let waiters = [world.asking(), world.asking()];
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), Err(TIMED_OUT));
    }
    assert_eq!(clock::now() - begun, secs(10));
    world.session.settled().await;
    assert_eq!(clock::now() - begun, secs(15));
    assert_eq!(world.store.kept(), "a2");
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
    assert_eq!(world.ledger.count("failed"), 0);
}

#[tokio::test(start_paused = true)]
async fn no_refresh_begins_while_a_late_answer_may_still_come() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(29), 2)]);
    assert_eq!(world.token().await, Err(TIMED_OUT));
    let begun = clock::now();
    for _ in 0..100 {
        assert_eq!(world.token().await, Err(TIMED_OUT));
        assert_eq!(world.rejected(world.stamp()).await, Err(TIMED_OUT));
        assert_eq!(world.session.rotate(&world.by, None).await.map(drop), Err(TIMED_OUT));
    }
    assert_eq!(clock::now(), begun, "told at once");
    world.session.settled().await;
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn valid_tokens_are_used_while_a_late_answer_may_still_come() {
    let world = World::using(living(1, secs(1_000))).await;
    tokio::time::sleep(secs(850)).await;
    world.grant.will([Reply::late(secs(20), 2)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    tokio::time::sleep(secs(15)).await;
    assert_eq!(world.token().await, Ok("a1".into()));
    world.session.settled().await;
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn refresh_without_an_answer_is_given_up_at_the_hard_limit() {
    let limits = [(secs(10), secs(30)), (secs(1), secs(30)), (secs(20), secs(60))];
    for (timeout, limit) in limits {
        let world = World::using_with(stale(1), |by| by.policy.refresh_timeout = timeout).await;
        world.grant.will([Reply::never(), Reply::tokens(2)]);
        let begun = clock::now();
        assert_eq!(world.token().await, Err(Error::RefreshTimeout { after: timeout }));
        assert_eq!(clock::now() - begun, timeout);
        assert_eq!(world.ledger.count("given up"), 0);
        world.session.settled().await;
        assert_eq!(clock::now() - begun, limit);
        assert_eq!(world.ledger.count("given up"), 1);
        assert_eq!(world.by.counters.ambiguous.get(), 1);
        let (kind, pause) = cooling(world.token().await);
        assert_eq!(kind, RefreshFailureKind::NoAnswer);
        tokio::time::sleep(pause).await;
        assert_eq!(world.token().await, Ok("a2".into()), "sent once more; the server had not spent it");
    }
}

#[tokio::test(start_paused = true)]
async fn token_refused_after_silence_is_a_loss_of_unknown_outcome() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::never(), Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, Err(TIMED_OUT));
    tokio::time::sleep(secs(25)).await;
    assert_eq!(world.token().await, lost(LostReason::RotationOutcomeUnknown));
}

#[tokio::test(start_paused = true)]
async fn deadline_counts_from_when_the_callback_is_entered() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(9), 2).entering_after(Some(secs(120)))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(11), 2).entering_after(Some(secs(120)))]);
    let begun = clock::now();
    assert_eq!(world.token().await, Err(TIMED_OUT));
    assert_eq!(clock::now() - begun, secs(130));
}

#[tokio::test(start_paused = true)]
async fn refresh_whose_callback_is_not_entered_does_not_time_out() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(3_600), 2).entering_after(None)]);
    let begun = clock::now();
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(clock::now() - begun, secs(3_600));
}

#[tokio::test(start_paused = true)]
async fn tries_of_one_flight_share_one_deadline() {
    let world = World::using(stale(1)).await;
    let failing = Reply::after(secs(6), With::Error(unspent(None)));
    world.grant.will([failing, Reply::late(secs(6), 2)]);
    let begun = clock::now();
    assert_eq!(world.token().await, Err(TIMED_OUT));
    assert_eq!(clock::now() - begun, secs(10));
    world.session.settled().await;
    assert_eq!(world.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn rotates_ahead_once_in_the_background_while_the_token_is_valid() {
    let world = World::using(living(1, secs(100))).await;
    assert_eq!(world.token().await, Ok("a1".into()));
    tokio::time::sleep(secs(81)).await;
    world.grant.will([Reply::late(secs(1), 2)]);
    for _ in 0..100 {
        assert_eq!(world.token().await, Ok("a1".into()));
    }
    tokio::time::sleep(secs(2)).await;
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn token_rejected_during_a_background_rotation_is_not_used_again() {
    let world = World::using(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    world.grant.will([Reply::late(secs(1), 2)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    let rejected = world.rejecting(world.stamp());
    quiet().await;
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(rejected.await.unwrap(), Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_expire_on_their_way_are_used_once_and_then_rotated() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::after(ms(10), With::Tokens(stale(2))), Reply::tokens(3)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.token().await, Ok("a3".into()));
}

#[tokio::test(start_paused = true)]
async fn token_that_ends_too_soon_for_its_use_is_rotated_first() {
    let world = World::using(living(1, secs(1_000))).await;
    world.grant.will([Reply::after(ms(10), With::Tokens(living(2, secs(1_000))))]);
    for (valid_for, access) in [(0, "a1"), (999, "a1"), (1_001, "a2"), (900, "a2")] {
        let held = world.session.token_for(&world.by, secs(valid_for)).await.unwrap();
        assert_eq!(held.tokens.access.expose(), access, "{valid_for}");
    }
    assert_eq!(world.ledger.count("ask"), 1);
}

/// Else each call would rotate.
#[tokio::test(start_paused = true)]
async fn token_of_a_server_whose_tokens_never_live_so_long_is_given_for_half_its_life() {
    let world = World::using(stale(1)).await;
    world.grant.will([2, 3].map(|n| Reply::after(ms(1), With::Tokens(living(n, secs(60))))));
    for (pass, access) in [(0, "a2"), (29, "a2"), (2, "a3")] {
        tokio::time::sleep(secs(pass)).await;
        let held = world.session.token_for(&world.by, secs(3_600)).await.unwrap();
        assert_eq!(held.tokens.access.expose(), access);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_serve_on_when_a_rotation_that_the_server_wants_fails() {
    let day = secs(24 * 3_600);
    let wanted = living(1, day).due_at(NonZeroU64::new(clock::wall_ms() + 3_600_000));
    let world = World::using_with(wanted, |by| by.policy.max_retries = 0).await;
    world.grant.will([Reply::error(unspent(None)), Reply::error(AMBIGUOUS), Reply::tokens(2)]);
    let uses = async |asked| {
        for _ in 0..20 {
            assert_eq!(world.token().await, Ok("a1".into()));
            tokio::time::sleep(ms(20)).await;
        }
        assert_eq!(world.ledger.count("ask"), asked, "not in a loop");
    };
    tokio::time::sleep(secs(3_599)).await;
    uses(0).await;
    tokio::time::sleep(secs(1)).await;
    uses(1).await;
    tokio::time::sleep(secs(2)).await;
    uses(2).await;
    tokio::time::sleep(secs(5)).await;
    assert_eq!(world.token().await, Ok("a1".into()));
    tokio::time::sleep(secs(1)).await;
    assert_eq!(world.token().await, Ok("a2".into()));
    tokio::time::sleep(day * 2).await;
    assert_eq!((world.token().await, world.ledger.count("ask")), (Ok("a2".into()), 3), "a2 wants nothing");
}
