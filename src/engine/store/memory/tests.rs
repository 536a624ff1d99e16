use std::sync::Arc;

use super::*;
use crate::store::Record;
use crate::store::conformance::{Promises, conforms};

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
    assert!(store.0.lock().len() < 10, "{}", store.0.lock().len());
}
