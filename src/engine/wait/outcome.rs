//! A value that many wait for. They get it in the order of their arrival numbers.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::wait::arrival::Arrival;
use crate::wait::waitlist::WaitList;

/// A value that is set at most once.
#[derive(Debug)]
pub struct Outcome<T> {
    value: OnceLock<T>,
    waiting: Mutex<WaitList>,
}

/// Waits in the list until it is dropped.
struct Waiter<'a, T> {
    outcome: &'a Outcome<T>,
    number: Arrival,
}

impl<T: Clone> Outcome<T> {
    /// The first value counts.
    pub fn set(&self, value: T) {
        drop(self.value.set(value));
        let mut waiting = std::mem::take(&mut *self.waiting());
        while waiting.wake_next() {}
    }

    /// The value, if it is set.
    pub fn get(&self) -> Option<T> {
        self.value.get().cloned()
    }

    pub async fn wait(&self, number: Arrival) -> T {
        let _waiter = Waiter { outcome: self, number };
        loop {
            let woken = {
                let mut waiting = self.waiting();
                // Under the lock: a value that is set from here on wakes this waiter.
                if let Some(value) = self.get() {
                    return value;
                }
                waiting.join(number)
            };
            let _set = woken.await;
        }
    }
}

impl<T> Outcome<T> {
    fn waiting(&self) -> MutexGuard<'_, WaitList> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), waiting: Mutex::default() }
    }
}

impl<T> Drop for Waiter<'_, T> {
    fn drop(&mut self) {
        self.outcome.waiting().leave(self.number);
    }
}

#[cfg(test)]
mod tests;
