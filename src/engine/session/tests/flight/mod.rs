//! One rotation: the order of its steps, and callers that wait for it or leave.

mod bound;
mod claims;
mod failures;
mod loss;
mod successors;
mod timing;
mod traces;

use crate::error::{Error, LostReason};
use crate::session::Stamp;
use crate::session::participant::{Participant, Seed};
use crate::session::tests::support::*;

#[tokio::test(start_paused = true)]
async fn saves_before_it_publishes_and_publishes_before_hooks() {
    let world = World::using(pair(1)).await;
    world.store.slow(ms(1), [ms(50)]);
    world.grant.will([Reply::tokens(2)]);
    let waiter = world.rejecting(world.stamp());
    tokio::time::sleep(ms(60)).await;
    assert_eq!(world.ledger.take(), ["read a1", "before", "ask r1 #1"]);
    assert!(!waiter.is_finished(), "nobody uses tokens that are not saved");
    assert_eq!(waiter.await.unwrap(), Ok("a2".into()));
    assert_eq!(world.ledger.take(), ["save a2", "refreshed a2"]);
    assert_eq!(world.by.counters.rotations.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn first_request_reads_the_store_once_and_refreshes_nothing() {
    let world = World::new(Some(pair(1)));
    let waiters = [world.asking(), world.asking(), world.asking()];
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), Ok("a1".into()));
    }
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(world.ledger.take(), ["read a1"]);
}

#[tokio::test(start_paused = true)]
async fn seed_fills_an_empty_store_and_no_other() {
    let seeded = |by: &mut Participant| by.seed = Seed::new("key".into(), Some(pair(7)));
    let empty = World::with(None, seeded);
    assert_eq!(empty.token().await, Ok("a7".into()));
    assert_eq!(empty.ledger.take(), ["read -", "save a7"]);
    let full = World::with(Some(pair(1)), seeded);
    assert_eq!(full.token().await, Ok("a1".into()));
    assert_eq!(full.ledger.take(), ["read a1"]);
}

#[tokio::test(start_paused = true)]
async fn empty_store_without_a_seed_refreshes_with_no_token() {
    let world = World::new(None);
    world.grant.will([Reply::tokens(1)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(
        world.ledger.take(),
        ["read -", "read -", "before", "ask nothing #1", "save a1", "refreshed a1"]
    );
}

#[tokio::test(start_paused = true)]
async fn all_waiters_share_one_refresh() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let waiters: Vec<_> = (0..1_000).map(|_| world.asking()).collect();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), Ok("a2".into()));
    }
    assert_eq!(world.ledger.count("ask"), 1);
    assert_eq!(world.by.waiting.peak(), 1_000);
    assert_eq!(world.by.waiting.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_the_order_in_which_they_came() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let served = Ledger::default();
    for n in 0..100 {
        let (asking, served) = (world.asking(), served.clone());
        tokio::spawn(async move {
            asking.await.unwrap().unwrap();
            served.add(n.to_string());
        });
        quiet().await;
    }
    tokio::time::sleep(ms(20)).await;
    assert_eq!(served.lines(), (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn cancel_driver_does_not_affect_others() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let driver = world.asking();
    quiet().await;
    let waiter = world.asking();
    quiet().await;
    driver.abort();
    assert_eq!(waiter.await.unwrap(), Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn cancel_waiter_does_not_affect_others() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let (driver, waiter) = (world.asking(), world.asking());
    quiet().await;
    waiter.abort();
    quiet().await;
    assert_eq!(world.by.waiting.count(), 1, "its place is free");
    assert_eq!(driver.await.unwrap(), Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn cancel_all_still_commits() {
    let world = World::using(stale(1)).await;
    world.store.slow(ms(5), [ms(5)]);
    world.grant.will([Reply::tokens(2)]);
    let waiters: Vec<_> = (0..10).map(|_| world.asking()).collect();
    quiet().await;
    assert_eq!(world.host.holds(), 1, "the program waits for its flight");
    waiters.iter().for_each(tokio::task::JoinHandle::abort);
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.host.holds(), 0);
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn request_with_an_older_token_is_replayed_without_a_refresh() {
    let world = World::using(pair(1)).await;
    let sent_with = world.stamp();
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejected(sent_with).await, Ok("a2".into()));
    assert_eq!(world.rejected(sent_with).await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn request_with_an_older_token_is_not_replayed_with_tokens_that_have_expired() {
    let world = World::using(pair(1)).await;
    let sent_with = world.stamp();
    world.grant.will([Reply::after(ms(10), With::Tokens(living(2, secs(60)))), Reply::tokens(3)]);
    assert_eq!(world.rejected(sent_with).await, Ok("a2".into()));
    tokio::time::sleep(secs(61)).await;
    assert_eq!(world.rejected(sent_with).await, Ok("a3".into()));
}

#[tokio::test(start_paused = true)]
async fn adopts_tokens_that_somebody_else_rotated() {
    let world = World::using(pair(1)).await;
    world.store.put(Some(pair(2)));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    assert_eq!(world.ledger.take(), ["read a2"], "no refresh, no hook");
    assert_eq!(world.by.counters.adopted.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn refreshes_from_the_stores_newer_token_if_that_has_expired_too() {
    let world = World::using(pair(1)).await;
    world.store.put(Some(stale(2)));
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    assert_eq!(world.ledger.take(), ["read a2", "before", "ask r2 #1", "save a3", "refreshed a3"]);
}

#[tokio::test(start_paused = true)]
async fn never_goes_back_to_a_store_that_was_rolled_back() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2), Reply::tokens(3), Reply::tokens(4)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    world.accepted();
    world.store.put(Some(pair(1)));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    world.accepted();
    // Spent by this session, though it came from the store and was used for nothing but the refresh.
    world.store.put(Some(stale(9)));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a4".into()));
    world.accepted();
    world.store.put(Some(stale(9)));
    world.grant.will([Reply::tokens(5)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a5".into()));
    let asked = world.ledger.lines().into_iter().filter(|line| line.starts_with("ask")).collect::<Vec<_>>();
    assert_eq!(asked, ["ask r1 #1", "ask r2 #1", "ask r9 #1", "ask r4 #1"]);
}

#[tokio::test(start_paused = true)]
async fn cleared_store_is_a_logout() {
    let world = World::using(pair(1)).await;
    world.store.put(None);
    assert_eq!(world.rejected(world.stamp()).await, lost(LostReason::LoggedOut));
    assert_eq!(world.token().await, lost(LostReason::LoggedOut));
    assert_eq!(world.ledger.count("ask"), 0);
    assert_eq!(world.ledger.count("logout"), 1);
}

#[tokio::test(start_paused = true)]
async fn keeps_a_refresh_token_the_answer_omits() {
    let world = World::using(pair(1)).await;
    let without = crate::token::tests::with_refresh(pair(2), None);
    world.grant.will([Reply::after(ms(1), With::Tokens(without)), Reply::tokens(3)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    world.accepted();
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    assert_eq!(world.ledger.count("ask r1"), 2);
}

#[tokio::test(start_paused = true)]
async fn same_tokens_again_are_a_new_generation() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(1)]);
    let before = world.stamp();
    assert_eq!(world.rejected(before).await, Ok("a1".into()));
    assert_eq!(world.stamp(), Stamp { generation: before.generation + 1, ..before });
}

#[tokio::test(start_paused = true)]
async fn rotate_happens_once_for_all_callers_and_not_for_an_old_token() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let old = pair(1).access;
    let (first, second) =
        tokio::join!(world.session.rotate(&world.by, None), world.session.rotate(&world.by, Some(&old)));
    for held in [first, second] {
        assert_eq!(held.unwrap().tokens.access.expose(), "a2");
    }
    let held = world.session.rotate(&world.by, Some(&old)).await.unwrap();
    assert_eq!(held.tokens.access.expose(), "a2");
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn full_queue_fails_new_requests_and_not_those_that_wait() {
    let world =
        World::using_with(stale(1), |by| by.waiting = crate::wait::waiting_limit::WaitingLimit::new(2)).await;
    world.grant.will([Reply::tokens(2)]);
    let waiting = [world.asking(), world.asking()];
    quiet().await;
    assert_eq!(world.token().await, Err(Error::QueueFull { max: 2 }));
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap(), Ok("a2".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn close_fails_the_callers_and_still_commits() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let waiter = world.asking();
    quiet().await;
    world.by.closed.cancel();
    assert_eq!(waiter.await.unwrap(), Err(Error::ClientClosed));
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
}

#[tokio::test(start_paused = true)]
async fn settled_waits_for_a_flight_that_has_only_just_departed() {
    let world = World::using(living(1, secs(100))).await;
    world.grant.will([Reply::tokens(2)]);
    tokio::time::sleep(secs(90)).await;
    assert_eq!(world.token().await, Ok("a1".into()), "valid, and rotated in the background");
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
}
