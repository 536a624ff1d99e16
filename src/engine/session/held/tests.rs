use super::*;
use crate::store::{MemoryStore, Store};
use crate::token::MAX_LIFETIME;
use crate::token::tests::tokens;

/// The first generation of the first login, arrived `now`.
pub(crate) fn held(tokens: Tokens, from_refresh: bool, now: Instant, wall: u64) -> Held {
    stamped(tokens, Stamp { epoch: 0, generation: 0 }, from_refresh, now, wall)
}

pub(crate) fn stamped(tokens: Tokens, stamp: Stamp, from_refresh: bool, now: Instant, wall: u64) -> Held {
    Held::new(Versioned { tokens: tokens.into(), version: Version::random() }, stamp, from_refresh, now, wall)
}

#[tokio::test(start_paused = true)]
async fn expiry_is_measured_from_arrival_by_the_monotonic_clock() {
    let now = crate::clock::now();
    let soon = tokens("a", None).expiring_at(Some(10_500));
    let soon = held(soon, true, now, 10_000);
    assert!(!soon.expired(now + Duration::from_millis(499)));
    assert!(soon.expired(now + Duration::from_millis(500)));
    assert!(!held(tokens("a", None), true, now, 0).expired(now + MAX_LIFETIME));
}

#[tokio::test]
async fn session_and_memory_store_share_one_copy_of_the_tokens() {
    let from = Versioned { tokens: Arc::new(tokens("a", Some("r"))), version: Version::random() };
    let store = MemoryStore::default();
    store.compare_and_set("key", None, &from.stored()).await.unwrap();
    let read = Versioned::of(store.read("key").await.unwrap().unwrap()).unwrap();
    let held = Held::new(read, Stamp { epoch: 0, generation: 0 }, false, crate::clock::now(), 0);
    assert!(Arc::ptr_eq(&held.tokens, &from.tokens));
}
