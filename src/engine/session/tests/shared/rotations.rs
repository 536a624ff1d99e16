//! One rotation for all processes, and adoption of its result.

use std::num::NonZeroU64;
use std::sync::Arc;

use crate::clock::{self, testing};
use crate::grant::GrantError;
use crate::session::tests::shared::register::FakeRegister;
use crate::session::tests::shared::*;
use crate::session::tests::support::*;

#[tokio::test(start_paused = true)]
async fn one_process_rotates_and_the_other_adopts() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.token().await, Ok("a2".into()));
    assert_eq!(register.calls(), (1, 2), "a read, a claim and a commit");
    assert_eq!(other.token().await, Ok("a2".into()));
    assert_eq!((asks(&one), asks(&other)), (1, 0));
    assert_eq!((one.by.counters.rotations.get(), other.by.counters.adopted.get()), (1, 1));
    assert_eq!((one.ledger.count("refreshed a2"), other.ledger.count("refreshed")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn both_need_tokens_at_once_and_one_of_them_asks() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(secs(3), 2)]);
    other.grant.will([Reply::late(secs(3), 2)]);
    let (first, second) = (one.asking(), other.asking());
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok("a2".into()), Ok("a2".into())));
    assert_eq!(asks(&one) + asks(&other), 1);
    let waits = |world: &World| world.by.counters.lease_waits.get();
    assert_eq!(waits(&one) + waits(&other), 1);
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_by_that_of_another_process() {
    let (_register, one, other) = two(pair(1)).await;
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.rejected(one.stamp()).await, Ok("a2".into()));
    assert_eq!(other.rejected(other.stamp()).await, Ok("a2".into()));
    assert_eq!(asks(&other), 0, "the register was read before anything was claimed");
}

#[tokio::test(start_paused = true)]
async fn without_stored_tokens_one_process_asks_for_all() {
    let register = Arc::new(FakeRegister::default());
    let (one, other) = (process(&register), process(&register));
    one.grant.will([Reply::tokens(1)]);
    assert_eq!(one.token().await, Ok("a1".into()));
    assert_eq!(other.token().await, Ok("a1".into()));
    assert_eq!((one.ledger.count("ask nothing #1"), asks(&other)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn another_client_of_the_process_asks_if_the_first_ones_environment_has_ended() {
    let register = Arc::new(FakeRegister::default());
    let world = process(&register);
    world.login(Some(stale(1))).await.unwrap();
    let other =
        World::joined(Arc::clone(&world.session), Arc::clone(&world.store), Ledger::default(), |by| {
            by.fleet = Some(Arc::new(fleet(&register)));
        });
    world.host.end();
    world.grant.will([Reply::after(ms(5), With::Error(GrantError::Gone)).entering_after(None)]);
    other.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!((asks(&world), asks(&other)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn early_rotation_is_left_to_the_process_that_rotates_already() {
    let (register, one, other) = two(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    one.grant.will([Reply::late(secs(5), 2)]);
    assert_eq!(one.token().await, Ok("a1".into()));
    tokio::time::sleep(ms(100)).await;
    register.calls();
    for _ in 0..40 {
        assert_eq!(other.token().await, Ok("a1".into()));
        tokio::time::sleep(ms(100)).await;
    }
    assert!(register.calls().0 <= 6, "it looks once a second");
    tokio::time::sleep(secs(6)).await;
    let _confirmed = other.token().await;
    tokio::time::sleep(ms(10)).await;
    assert_eq!(other.token().await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
    assert_eq!(other.ledger.count("failed"), 0);
}

#[tokio::test(start_paused = true)]
async fn token_that_is_refused_during_an_early_rotation_waits_for_its_end() {
    let (_register, one, other) = two(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    one.grant.will([Reply::late(secs(5), 2)]);
    assert_eq!(one.token().await, Ok("a1".into()));
    tokio::time::sleep(ms(100)).await;
    assert_eq!(other.rejected(other.stamp()).await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn rotation_that_the_program_demands_waits_for_that_of_another_process() {
    let (_register, one, other) = two(living(1, secs(100))).await;
    one.grant.will([Reply::late(secs(5), 2)]);
    let (session, by) = (Arc::clone(&one.session), Arc::clone(&one.by));
    let demanded = tokio::spawn(async move { session.rotate(&by, None).await });
    quiet().await;
    tokio::time::sleep(ms(100)).await;
    let access = |held: Arc<crate::session::Held>| held.tokens.access.expose().to_owned();
    assert_eq!(other.session.rotate(&other.by, None).await.map(access), Ok("a2".into()));
    assert_eq!(demanded.await.unwrap().map(access), Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

/// Else two processes would rotate in turn for ever.
#[tokio::test(start_paused = true)]
async fn adopted_tokens_of_a_short_life_are_not_due_on_arrival() {
    let (register, one, _other) = two(stale(1)).await;
    let hasty = process_with(&register, |by| by.policy.refresh_ahead = Some(secs(300)));
    hasty.session.tokens(&hasty.by).await.unwrap();
    one.grant.will([Reply::after(ms(10), With::Tokens(living(2, secs(60))))]);
    assert_eq!(one.token().await, Ok("a2".into()));
    for _ in 0..20 {
        assert_eq!(hasty.token().await, Ok("a2".into()));
        tokio::time::sleep(secs(1)).await;
    }
    assert_eq!(asks(&hasty), 0);
}

#[tokio::test(start_paused = true)]
async fn token_for_long_work_is_rotated_though_another_process_has_rotated_a_while_ago() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::after(ms(10), With::Tokens(living(2, secs(1_000))))]);
    assert_eq!(one.token().await, Ok("a2".into()));
    tokio::time::sleep(secs(900)).await;
    other.grant.will([Reply::after(ms(10), With::Tokens(living(3, secs(2_000))))]);
    for _ in 0..3 {
        let held = other.session.token_for(&other.by, secs(300)).await.unwrap();
        assert_eq!(held.tokens.access.expose(), "a3");
    }
    assert_eq!(asks(&other), 1);
}

/// `other` adopts tokens of an hour while its wall clock is 25 hours ahead.
#[tokio::test(start_paused = true)]
async fn adopted_tokens_are_used_whatever_the_wall_clock_says() {
    let hour = secs(3_600);
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::after(ms(10), With::Tokens(living(2, hour)))]);
    assert_eq!(one.token().await, Ok("a2".into()));
    testing::step(25 * 3_600_000);
    for _ in 0..40 {
        assert_eq!(other.token().await, Ok("a2".into()));
        tokio::time::sleep(secs(60)).await;
    }
    assert_eq!(asks(&other), 0);
    other.grant.will([Reply::tokens(3)]);
    tokio::time::sleep(secs(19 * 60)).await;
    let _due = other.token().await;
    tokio::time::sleep(ms(20)).await;
    assert_eq!(other.token().await, Ok("a3".into()), "they have an end all the same");
}

#[tokio::test(start_paused = true)]
async fn session_of_a_store_of_the_process_alone_has_no_member() {
    let world = World::using(pair(1)).await;
    assert!(world.session.inner().shared.is_none());
}

#[tokio::test(start_paused = true)]
async fn one_process_does_what_the_server_wants_for_all() {
    let hour = 3_600_000;
    let tokens = living(1, secs(24 * 3_600)).due_at(NonZeroU64::new(clock::wall_ms() + hour));
    let (_register, one, other) = two(tokens).await;
    tokio::time::sleep(ms(hour)).await;
    for world in [&one, &other] {
        world.grant.will([Reply::late(secs(3), 2)]);
    }
    for _ in 0..100 {
        for world in [&one, &other] {
            world.token().await.unwrap();
        }
        tokio::time::sleep(ms(100)).await;
    }
    assert_eq!(asks(&one) + asks(&other), 1);
    assert_eq!((one.token().await, other.token().await), (Ok("a2".into()), Ok("a2".into())));
}
