//! A pair of functions that read and write tokens, as a register (`getTokens` and `setTokens`).
//!
//! Such a pair keeps no version, so that the tokens themselves are the version, by their hash. A write cannot
//! compare: it replaces whatever is stored.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::store::{Late, Record, Store, StoreFuture, Stored, Swap, Version};
use crate::token::Tokens;

/// Reads and writes one set of tokens for each session key. Deadlines are its own: every call settles.
pub trait TokenCallbacks: Send + Sync {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>>;

    /// Replaces what is kept; None clears it. A write that outlives its deadline returns the rest of itself.
    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>>;
}

/// A register over [`TokenCallbacks`], for one process only: two processes overwrite each other's tokens.
pub struct Unversioned(pub Arc<dyn TokenCallbacks>);

impl Store for Unversioned {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            let tokens = self.0.read(key).await?;
            Ok(tokens.map(|tokens| {
                let record = Record { tokens: Some(tokens) };
                Stored { version: self.version(&record), record }
            }))
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        _expected: Option<Version>,
        next: &'a Stored,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let late = self.0.write(key, next.record.tokens.as_ref()).await?;
            Ok(late.map_or(Swap::Done, Swap::Late))
        })
    }

    fn version(&self, record: &Record) -> Version {
        let mut hash = Sha256::new();
        if let Some(tokens) = &record.tokens {
            hash.update(tokens.access.expose());
            // No token contains it.
            hash.update([0]);
            hash.update(tokens.refresh.as_ref().map_or("", |token| token.expose()));
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut version = [0; 16];
        version.copy_from_slice(&digest[..16]);
        version.into()
    }
}

#[cfg(test)]
mod tests {
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
        let version = |tokens| store.version(&Record { tokens });
        let first = version(Some(tokens("a1", Some("r1"))));
        let same = Tokens { expires_at: Some(1), ..tokens("a1", Some("r1")) };
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
}
