//! A map of texts that grows in parts.
//!
//! A `HashMap` that grows moves all of its entries at once. With a hundred thousand sessions one call held up the event loop for
//! 20 ms. The tables before it also stayed resident, because glibc keeps the memory of large blocks.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

const PARTS: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct PartedMap<K, V> {
    parts: [HashMap<K, V>; PARTS],
    /// Finds the part of a key. Each part hashes with a state of its own, because keys with equal bits would collide there.
    state: RandomState,
}

impl<K: Borrow<str> + Hash + Eq, V> PartedMap<K, V> {
    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.parts[self.part(key)].get(key)
    }

    /// If there is no room, the values that `keep` refuses go first.
    pub(crate) fn insert(&mut self, key: K, value: V, keep: impl Fn(&V) -> bool) {
        let part = &mut self.parts[self.part(key.borrow())];
        if part.len() == part.capacity() {
            part.retain(|_, value| keep(value));
        }
        part.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.parts[self.part(key)].remove(key);
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.parts.iter().flat_map(HashMap::values)
    }

    fn part(&self, key: &str) -> usize {
        let [byte, ..] = self.state.hash_one(key).to_ne_bytes();
        usize::from(byte) % PARTS
    }
}

#[cfg(test)]
mod tests;
