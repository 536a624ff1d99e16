use std::sync::Arc;

use super::*;
use crate::store::Record;
use crate::store::conformance::{Promises, conforms};
use crate::token::tests::tokens;

#[tokio::test]
async fn memory_is_a_register() {
    let store = Arc::new(MemoryStore::default());
    conforms(|| Arc::clone(&store) as _, Promises::REGISTER).await;
}

#[tokio::test]
async fn tombstones_of_sessions_that_are_not_used_again_do_not_pile_up() {
    let store = MemoryStore::default();
    for user in 0..1_000 {
        let next = Stored { record: Record { tokens: None }, version: Version::random() };
        let done = store.compare_and_set(&user.to_string(), None, &next).await;
        assert!(matches!(done, Ok(Swap::Done)));
    }
    let left = store.0.lock().values().count();
    assert!(left < 200, "{left}");
}

#[tokio::test]
async fn tokens_are_forgotten_and_tombstones_stay() {
    let store = MemoryStore::default();
    let tokens = Some(Arc::new(tokens("a1", Some("r1"))));
    for (key, tokens) in [("ada", tokens), ("bob", None)] {
        assert_eq!(store.is_empty(), key == "ada");
        let next = Stored { record: Record { tokens }, version: Version::random() };
        assert!(matches!(store.compare_and_set(key, None, &next).await, Ok(Swap::Done)));
    }
    store.forget("ada");
    store.forget("bob");
    assert!(store.is_empty());
    assert_eq!(store.read("ada").await, Ok(None));
    assert!(store.read("bob").await.unwrap().is_some());
}

#[test]
fn it_ends_with_its_session() {
    assert!(!MemoryStore::default().outlives_session());
}
