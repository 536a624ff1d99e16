//! The default store: the process itself.

use std::future::ready;

use crate::lock::Lock;
use crate::parted_map::PartedMap;
use crate::store::{Store, StoreFuture, Stored, Swap, Version};

/// The records of every session of one client, or of all clients that share a name.
#[derive(Debug, Default)]
pub struct MemoryStore(Lock<PartedMap<Box<str>, Stored>>);

impl MemoryStore {
    /// True if it holds no tokens.
    pub(crate) fn is_empty(&self) -> bool {
        !self.0.lock().values().any(|stored| stored.record.tokens.is_some())
    }

    /// Forgets tokens that come again when they are needed. A tombstone stays.
    pub(crate) fn forget(&self, key: &str) {
        let mut records = self.0.lock();
        if records.get(key).is_some_and(|stored| stored.record.tokens.is_some()) {
            records.remove(key);
        }
    }

    fn swap(&self, key: &str, expected: Option<Version>, next: &Stored) -> Swap {
        let mut records = self.0.lock();
        let stored = records.get(key).map(|stored| stored.version);
        if stored == Some(next.version) {
            return Swap::Done;
        }
        if stored != expected {
            return Swap::Conflict;
        }
        // No write is late here, so that old tombstones serve nobody. They would pile up, one for each user who has ever
        // logged out.
        records.insert(key.into(), next.clone(), |stored| stored.record.tokens.is_some());
        Swap::Done
    }
}

impl Store for MemoryStore {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(ready(Ok(self.0.lock().get(key).cloned())))
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        next: &'a Stored,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(ready(Ok(self.swap(key, expected, next))))
    }

    fn outlives_session(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
