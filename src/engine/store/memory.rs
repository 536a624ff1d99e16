//! The default store: the process itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::store::{Store, StoreFuture};
use crate::token::Tokens;

/// Tokens of every session of one client, or of all clients that share a name.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<String, Tokens>>);

impl Store for MemoryStore {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, ()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tokens {
            Some(tokens) => drop(kept.insert(key.to_owned(), tokens.clone())),
            None => drop(kept.remove(key)),
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn outlives_session(&self) -> bool {
        false
    }
}
