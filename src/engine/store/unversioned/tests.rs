use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::store::conformance::{Promises, conforms};
use crate::token::tests::tokens;

/// A user's database.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Tokens>>);

impl TokenCallbacks for Shelf {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        Box::pin(async move { Ok(self.0.lock().unwrap().get(key).cloned()) })
    }

    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>> {
        Box::pin(async move {
            let mut kept = self.0.lock().unwrap();
            match tokens {
                Some(tokens) => drop(kept.insert(key.to_owned(), tokens.clone())),
                None => drop(kept.remove(key)),
            }
            Ok(None)
        })
    }
}

fn unversioned() -> Unversioned {
    Unversioned(Arc::new(Shelf::default()))
}

#[tokio::test]
async fn read_and_write_are_a_register_that_compares_nothing() {
    let store = Arc::new(unversioned());
    conforms(|| Arc::clone(&store) as _, Promises { compares: false, keeps_tombstones: false }).await;
}

#[test]
fn version_tells_other_tokens_apart_and_knows_the_same_ones_again() {
    let store = unversioned();
    let version = |tokens: Option<Tokens>| store.version(&Record { tokens: tokens.map(Arc::new) });
    let first = version(Some(tokens("a1", Some("r1"))));
    let same = tokens("a1", Some("r1")).expiring_at(Some(1));
    assert_eq!(first, version(Some(same)), "a store may round what it keeps");
    let others = [
        None,
        Some(tokens("a1", None)),
        Some(tokens("a1", Some("r2"))),
        Some(tokens("a1r", Some("1"))),
        Some(tokens("a", Some("1r1"))),
    ];
    for other in others {
        assert_ne!(first, version(other));
    }
}

#[test]
fn it_outlives_a_session() {
    assert!(unversioned().outlives_session());
}
