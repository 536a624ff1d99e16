//! What is under way, by the number that JavaScript knows it by.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) struct Table<T>(Mutex<HashMap<u32, T>>);

impl<T> Table<T> {
    pub(super) fn insert(&self, number: u32, entry: T) {
        // What had this number before is dropped without the lock: it may come back here.
        let before = self.entries().insert(number, entry);
        drop(before);
    }

    pub(super) fn remove(&self, number: u32) -> Option<T> {
        self.entries().remove(&number)
    }

    pub(super) fn drain(&self) -> HashMap<u32, T> {
        std::mem::take(&mut *self.entries())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<u32, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Table<T> {
    pub(super) fn get(&self, number: u32) -> Option<T> {
        self.entries().get(&number).cloned()
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
