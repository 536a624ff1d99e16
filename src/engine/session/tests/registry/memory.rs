//! A session between two clients: what it remembers, and for how long.

use std::sync::Arc;
use std::time::Duration;

use crate::error::LostReason;
use crate::session::Session;
use crate::session::participant::{Participant, Seed};
use crate::session::registry::resting::MAX_RESTING;
use crate::session::registry::{Registry, StoreId};
use crate::session::state::Status;
use crate::session::tests::support::*;
use crate::store::MemoryStore;

const MINUTE: Duration = Duration::from_secs(60);

/// One client's use of a session.
fn used(registry: &Registry, key: &str) -> Arc<Session> {
    let session = registry.session(key);
    registry.leave(&session);
    session
}

/// A client of this session, whose store holds `stored`.
fn client(session: &Arc<Session>, stored: u32) -> World {
    let ledger = Ledger::default();
    let store = Arc::new(FakeStore::holding(ledger.clone(), Some(stale(stored))));
    World::joined(Arc::clone(session), store, ledger, |by| by.policy.max_retries = 0)
}

/// Lets a client of `key` use the session that its refresh ends with `reply`. The client leaves.
async fn refreshed(registry: &Registry, key: &str, reply: Reply) {
    let session = registry.session(key);
    let world = client(&session, 1);
    world.grant.will([reply]);
    let _ended = world.token().await;
    world.session.settled().await;
    drop(world);
    quiet().await;
    registry.leave(&session);
}

/// Lets a client of `key` log in. The client leaves.
async fn logged_in(registry: &Registry, key: &str) {
    let session = registry.session(key);
    client(&session, 1).login(Some(pair(5))).await.unwrap();
    registry.leave(&session);
}

fn named(name: &str) -> Arc<Registry> {
    Registry::of(StoreId::Named(name.into()))
}

#[tokio::test(start_paused = true)]
async fn session_is_in_use_until_its_last_client_leaves() {
    let registry = Registry::of(StoreId::Private);
    let first = registry.session("key");
    refreshed(&registry, "key", Reply::tokens(2)).await;
    assert_eq!((registry.in_use(), registry.sessions().len()), (1, 1));
    registry.leave(&first);
    assert_eq!((registry.in_use(), registry.sessions().len()), (0, 1));
    let _used = registry.session("key");
    assert_eq!((registry.in_use(), registry.sessions().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn session_remembers_what_it_spent_and_why_it_pauses_and_that_it_is_lost() {
    let replies: [(fn() -> Reply, _, _); 3] = [
        (|| Reply::tokens(2), 9 * MINUTE, 11 * MINUTE),
        (|| Reply::error(unspent(Some(60 * MINUTE))), 69 * MINUTE, 71 * MINUTE),
        (|| Reply::error(TERMINAL), 23 * 60 * MINUTE, 25 * 60 * MINUTE),
    ];
    for (reply, within, after) in replies {
        for (pause, remembered) in [(within, true), (after, false)] {
            let registry = Registry::of(StoreId::Private);
            refreshed(&registry, "key", reply()).await;
            tokio::time::sleep(pause).await;
            let successor = client(&registry.session("key"), 1);
            let inner = successor.session.inner();
            assert_eq!(inner.past.is_some(), remembered, "after {pause:?}");
            let unread = *inner.state.status() == Status::Unread;
            assert_eq!(unread, !remembered, "after {pause:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn loss_is_told_once_however_many_clients_come_and_go() {
    let registry = Registry::of(StoreId::Private);
    refreshed(&registry, "key", Reply::error(TERMINAL)).await;
    for _ in 0..10 {
        let session = registry.session("key");
        let world = client(&session, 1);
        assert!(world.token().await.is_err());
        assert_eq!(world.ledger.count("ask") + world.ledger.count("logout"), 0);
        drop(world);
        registry.leave(&session);
    }
}

#[tokio::test(start_paused = true)]
async fn spent_token_is_not_sent_by_the_next_client_though_the_store_lags() {
    let registry = Registry::of(StoreId::Private);
    refreshed(&registry, "key", Reply::tokens(2)).await;
    // Its store still shows the first tokens.
    let world = client(&registry.session("key"), 1);
    assert_eq!(world.token().await, Ok("a2".into()));
    world.accepted();
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    assert_eq!((world.ledger.count("ask r1"), world.ledger.count("ask r2")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn number_of_sessions_that_rest_is_bounded_and_the_oldest_is_forgotten_first() {
    let registry = Registry::of(StoreId::Private);
    for key in 0..MAX_RESTING + 100 {
        logged_in(&registry, &key.to_string()).await;
    }
    assert_eq!(registry.sessions().len(), MAX_RESTING);
    assert_eq!(registry.session("99").epoch(), 0, "forgotten");
    assert_eq!(registry.session("100").epoch(), 1);
    tokio::time::sleep(11 * MINUTE).await;
    logged_in(&registry, "100").await;
    assert_eq!(registry.sessions().len(), MAX_RESTING - 2, "two at a time");
}

#[tokio::test(start_paused = true)]
async fn registry_of_a_name_outlives_its_last_client_while_a_session_remembers() {
    let registry = named("remembers");
    refreshed(&registry, "key", Reply::tokens(2)).await;
    drop(registry);
    tokio::time::sleep(9 * MINUTE).await;
    let held = used(&named("remembers"), "key").now().0;
    assert_eq!(held.unwrap().tokens.access.expose(), "a2");
    tokio::time::sleep(11 * MINUTE).await;
    assert!(used(&named("remembers"), "key").now().0.is_none());
}

#[tokio::test(start_paused = true)]
async fn seed_of_a_client_that_comes_after_a_loss_serves_if_it_is_new() {
    for (seed, served) in [(pair(1), false), (pair(5), true)] {
        let store = Arc::new(MemoryStore::default());
        let seeded = |by: &mut Participant, tokens| {
            by.store = Arc::clone(&store) as _;
            by.seed = Seed::new("key".into(), Some(tokens));
        };
        let world = World::with(None, |by| seeded(by, pair(1)));
        assert_eq!(world.token().await, Ok("a1".into()));
        world.grant.will([Reply::error(TERMINAL)]);
        assert_eq!(world.rejected(world.stamp()).await, lost(LostReason::Rejected));
        tokio::time::sleep(MINUTE).await;
        let other =
            World::joined(Arc::clone(&world.session), Arc::clone(&world.store), Ledger::default(), |by| {
                seeded(by, seed);
            });
        let expected = if served { Ok("a5".into()) } else { lost(LostReason::Rejected) };
        assert_eq!(other.token().await, expected);
        assert_eq!(world.ledger.count("ask"), 1);
    }
}
