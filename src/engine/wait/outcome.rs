//! A value that many wait for. They get it in the order of their arrival numbers.

use std::sync::OnceLock;

use crate::lock::Lock;
use crate::wait::arrival::Arrival;
use crate::wait::waitlist::WaitList;

/// A value that is set at most once.
#[derive(Debug)]
pub struct Outcome<T> {
    value: OnceLock<T>,
    waiting: Lock<WaitList>,
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
        let mut waiting = std::mem::take(&mut *self.waiting.lock());
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
                let mut waiting = self.waiting.lock();
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

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), waiting: Lock::default() }
    }
}

impl<T> Drop for Waiter<'_, T> {
    fn drop(&mut self) {
        self.outcome.waiting.lock().leave(self.number);
    }
}

#[cfg(test)]
mod tests;
