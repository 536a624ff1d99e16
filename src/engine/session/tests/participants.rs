//! Several clients with one session: one of them may have to finish what another began.

use std::sync::Arc;

use crate::error::RefreshFailureKind;
use crate::grant::GrantError;
use crate::session::participant::Seed;
use crate::session::tests::support::*;
use crate::store::{MemoryStore, StoreError};

#[tokio::test(start_paused = true)]
async fn clients_of_one_session_share_a_flight() {
    let world = World::using(stale(1)).await;
    let other = world.another();
    world.grant.will([Reply::tokens(2)]);
    let (first, second) = (world.asking(), other.asking());
    assert_eq!(first.await.unwrap(), Ok("a2".into()));
    assert_eq!(second.await.unwrap(), Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn another_client_refreshes_if_the_first_ones_environment_has_ended() {
    let world = World::using(stale(1)).await;
    let other = world.another();
    world.host.end();
    world.grant.will([Reply::after(ms(5), With::Error(GrantError::Gone)).entering_after(None)]);
    other.grant.will([Reply::tokens(2)]);
    let asking = world.asking();
    tokio::time::sleep(ms(7)).await;
    assert_eq!((world.host.holds(), other.host.holds()), (0, 1), "the living one waits for the flight");
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    assert_eq!(world.ledger.count("ask r1"), 2);
}

#[tokio::test(start_paused = true)]
async fn no_client_refreshes_again_if_the_environment_ended_during_the_refresh() {
    let world = World::using(stale(1)).await;
    let other = world.another();
    world.grant.will([Reply::error(AMBIGUOUS)]);
    let asking = world.asking();
    world.host.end();
    cooling(asking.await.unwrap());
    assert_eq!(world.ledger.count("ask"), 1);
    assert_eq!(other.grant.rest(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_another_client_an_ended_environment_is_a_failure_that_may_pass() {
    let world = World::using(stale(1)).await;
    let leaving = world.another();
    leaving.host.end();
    leaving.grant.will([Reply::error(GrantError::Gone)]);
    world.host.end();
    let (kind, pause) = cooling(leaving.token().await);
    assert_eq!(kind, RefreshFailureKind::NoAnswer);
    let newcomer = world.another();
    newcomer.grant.will([Reply::tokens(2)]);
    tokio::time::sleep(pause).await;
    assert_eq!(newcomer.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn another_client_reads_the_store_if_the_first_ones_environment_has_ended() {
    let world = World::using(stale(1)).await;
    let other = world.another();
    world.host.end();
    world.store.fail_reads([StoreError::Gone]);
    other.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("read"), 2);
    assert_eq!(other.by.counters.rotations.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_client_writes_the_store_if_the_first_ones_environment_has_ended() {
    let world = World::using(stale(1)).await;
    let _other = world.another();
    world.store.fail_writes([StoreError::Gone]);
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.store.kept(), "a2");
    assert_eq!(world.ledger.count("persist failed"), 0);
}

#[tokio::test(start_paused = true)]
async fn client_that_is_dropped_leaves_the_session() {
    let world = World::using(stale(1)).await;
    drop(world.another());
    let other = world.another();
    assert!(std::sync::Arc::ptr_eq(&world.session.another(&world.by).unwrap(), &other.by));
    assert_eq!(world.session.inner().participants.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_client_is_told_of_the_loss_if_the_first_ones_environment_has_ended() {
    let world = World::using(stale(1)).await;
    let other = World::joined(
        std::sync::Arc::clone(&world.session),
        std::sync::Arc::clone(&world.store),
        Ledger::default(),
        |_| {},
    );
    world.grant.will([Reply::error(TERMINAL)]);
    let asking = world.asking();
    tokio::time::sleep(ms(15)).await;
    world.host.end();
    assert!(asking.await.unwrap().is_err());
    assert_eq!(other.ledger.lines(), ["failed ERR_SESSION_LOST", "logout"]);
    assert_eq!(world.ledger.count("logout"), 0);
}

/// A client without callbacks keeps tokens in the process, and the other client's store lags behind.
#[tokio::test(start_paused = true)]
async fn tokens_that_were_replaced_are_old_in_the_store_of_another_client_too() {
    let without_store = World::with(None, |by| {
        by.store = Arc::new(MemoryStore::default());
        by.seed = Seed::new("key".into(), Some(pair(1)));
    });
    assert_eq!(without_store.token().await, Ok("a1".into()));
    let with_store = without_store.another();
    with_store.store.put(Some(pair(1)));
    without_store.grant.will([Reply::tokens(2)]);
    assert_eq!(without_store.rejected(without_store.stamp()).await, Ok("a2".into()));
    without_store.accepted();
    with_store.grant.will([Reply::tokens(3)]);
    assert_eq!(with_store.rejected(with_store.stamp()).await, Ok("a3".into()));
    assert_eq!(with_store.ledger.count("ask r1"), 1);
    assert_eq!(with_store.store.kept(), "a3");
}
