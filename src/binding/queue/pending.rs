//! Work that is under way, by the number that JavaScript knows it by.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::lock::Lock;

pub(crate) struct Pending<T>(Lock<HashMap<u32, T>>);

impl<T> Pending<T> {
    pub(crate) fn insert(&self, number: u32, entry: T) {
        // An older entry is dropped after the lock is released, because its drop may lock this map again.
        let older = self.0.lock().insert(number, entry);
        drop(older);
    }

    pub(crate) fn remove(&self, number: u32) -> Option<T> {
        self.0.lock().remove(&number)
    }

    pub(crate) fn drain(&self) -> HashMap<u32, T> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl<T: Clone> Pending<T> {
    pub(crate) fn get(&self, number: u32) -> Option<T> {
        self.0.lock().get(&number).cloned()
    }
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self(Lock::default())
    }
}

/// Gives out numbers from 1. Zero means "no number" wherever a number crosses.
pub(crate) struct Counter(AtomicU32);

impl Counter {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(crate) fn next(&self) -> u32 {
        match self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1) {
            0 => self.next(),
            number => number,
        }
    }
}

#[cfg(test)]
mod tests;
