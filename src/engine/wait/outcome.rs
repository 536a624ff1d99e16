//! What many wait for, and get in the order of their numbers.
//!
//! Not in the order in which they began to wait: a request whose token was rejected comes back from the wire behind
//! ten thousand that came after it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::wait::arrival::Arrival;

/// A value set at most once.
#[derive(Debug)]
pub struct Outcome<T>(Mutex<State<T>>);

#[derive(Debug)]
enum State<T> {
    Coming(BTreeMap<Arrival, oneshot::Sender<()>>),
    Here(T),
}

/// Stands in line until dropped.
struct Waiter<'a, T> {
    outcome: &'a Outcome<T>,
    number: Arrival,
}

impl<T: Clone> Outcome<T> {
    pub fn set(&self, value: T) {
        let mut state = self.state();
        let State::Coming(waiting) = &mut *state else { return };
        let waiting = std::mem::take(waiting);
        *state = State::Here(value);
        drop(state);
        for (_, waiter) in waiting {
            // Who has left does not care.
            let _left = waiter.send(());
        }
    }

    /// The value, if it is here.
    pub fn get(&self) -> Option<T> {
        match &*self.state() {
            State::Here(value) => Some(value.clone()),
            State::Coming(_) => None,
        }
    }

    pub async fn wait(&self, number: Arrival) -> T {
        let waiter = Waiter { outcome: self, number };
        loop {
            let woken = match &mut *self.state() {
                State::Here(value) => return value.clone(),
                State::Coming(waiting) => {
                    let (sender, woken) = oneshot::channel();
                    waiting.insert(waiter.number, sender);
                    woken
                }
            };
            let _here = woken.await;
        }
    }
}

impl<T> Outcome<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self(Mutex::new(State::Coming(BTreeMap::new())))
    }
}

impl<T> Drop for Waiter<'_, T> {
    fn drop(&mut self) {
        if let State::Coming(waiting) = &mut *self.outcome.state() {
            waiting.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Waker};

    #[tokio::test]
    async fn lower_numbers_go_first_however_late_they_began_to_wait() {
        let outcome = Arc::new(Outcome::default());
        let served = Arc::new(Mutex::new(Vec::new()));
        let numbers: Vec<_> = (0..6).map(|_| Arrival::draw()).collect();
        let waiting: Vec<_> = [3, 5, 0, 4, 1, 2]
            .map(|at| {
                let (outcome, served, number) = (Arc::clone(&outcome), Arc::clone(&served), numbers[at]);
                tokio::spawn(async move {
                    outcome.wait(number).await;
                    served.lock().unwrap().push(at);
                })
            })
            .into();
        tokio::task::yield_now().await;
        outcome.set(());
        for each in waiting {
            each.await.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
        outcome.wait(Arrival::draw()).await;
    }

    #[test]
    fn who_has_left_leaves_nothing_behind() {
        let outcome = Outcome::<()>::default();
        let context = &mut Context::from_waker(Waker::noop());
        {
            let mut waiting = pin!(outcome.wait(Arrival::draw()));
            assert!(waiting.as_mut().poll(context).is_pending());
        }
        let State::Coming(waiting) = &*outcome.state() else { panic!("nothing was set") };
        assert!(waiting.is_empty());
    }
}
