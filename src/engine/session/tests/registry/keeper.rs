//! Sessions that nobody uses, and that are to be kept alive.

use std::sync::Arc;

use crate::session::registry::keeper::keep_alive;
use crate::session::registry::{Registry, StoreId};
use crate::session::tests::support::*;
use crate::store::MemoryStore;

const DAY: u64 = 24 * 3_600;

/// A client with a session in the registry, and its keeper.
async fn kept() -> (World, Arc<Registry>) {
    let registry = Registry::of(StoreId::Private);
    let session = registry.session("key");
    let ledger = Ledger::default();
    let store = Arc::new(FakeStore::holding(ledger.clone(), Some(living(1, secs(3_600)))));
    let world = World::joined(session, store, ledger, |_| {});
    world.session.tokens(&world.by).await.unwrap();
    tokio::spawn(keep_alive(Arc::downgrade(&world.by), Arc::downgrade(&registry), secs(8 * DAY)));
    (world, registry)
}

#[tokio::test(start_paused = true)]
async fn idle_session_is_rotated_before_the_time_is_over() {
    let (world, _registry) = kept().await;
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    tokio::time::sleep(secs(5 * DAY)).await;
    assert_eq!(world.ledger.count("ask"), 0);
    tokio::time::sleep(secs(2 * DAY)).await;
    assert_eq!(world.ledger.count("ask r1"), 1);
    tokio::time::sleep(secs(7 * DAY)).await;
    assert_eq!(world.ledger.count("ask r2"), 1);
    assert_eq!(world.host.holds(), 0, "it keeps no program running");
}

#[tokio::test(start_paused = true)]
async fn rotation_that_failed_is_tried_again_within_the_time() {
    let (world, _registry) = kept().await;
    let failing = std::iter::repeat_with(|| Reply::error(unspent(None))).take(4);
    world.grant.will(failing.chain([Reply::tokens(2)]));
    tokio::time::sleep(secs(8 * DAY)).await;
    assert_eq!(world.session.now().0.unwrap().tokens.access.expose(), "a2");
}

#[tokio::test(start_paused = true)]
async fn lost_session_and_one_without_a_refresh_token_are_left_alone() {
    let (world, _registry) = kept().await;
    world.login(Some(crate::token::tests::tokens("a5", None))).await.unwrap();
    tokio::time::sleep(secs(9 * DAY)).await;
    world.login(None).await.unwrap();
    tokio::time::sleep(secs(9 * DAY)).await;
    assert_eq!(world.ledger.count("ask"), 0);
}

#[tokio::test(start_paused = true)]
async fn session_of_another_client_of_the_store_is_left_alone() {
    let (world, registry) = kept().await;
    let ledger = Ledger::default();
    let store = Arc::new(FakeStore::holding(ledger.clone(), None));
    let other = World::joined(registry.session("other"), store, ledger, |_| {});
    other.login(Some(pair(7))).await.unwrap();
    world.grant.will([Reply::tokens(2)]);
    tokio::time::sleep(secs(7 * DAY)).await;
    assert_eq!((world.ledger.count("ask r1"), other.ledger.count("ask")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn keeper_ends_with_its_client() {
    let (world, registry) = kept().await;
    world.by.closed.cancel();
    tokio::time::sleep(secs(9 * DAY)).await;
    assert_eq!(world.ledger.count("ask"), 0);
    drop(world);
    let by = Arc::new(participant(
        Arc::new(FakeGrant::new(Ledger::default())),
        Arc::new(MemoryStore::default()),
        Arc::new(FakeHost::new(Ledger::default())),
    ));
    let keeper = tokio::spawn(keep_alive(Arc::downgrade(&by), Arc::downgrade(&registry), secs(DAY)));
    drop(by);
    keeper.await.unwrap();
}
