//! Two ways to wait for something: a value that is set once, and a count that falls to zero.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// A value set at most once.
#[derive(Debug)]
pub struct Signal<T> {
    value: OnceLock<T>,
    waiting: Notify,
}

impl<T: Clone> Signal<T> {
    pub fn set(&self, value: T) {
        if self.value.set(value).is_ok() {
            self.waiting.notify_waiters();
        }
    }

    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    pub async fn wait(&self) -> T {
        loop {
            let woken = self.waiting.notified();
            if let Some(value) = self.value.get() {
                return value.clone();
            }
            woken.await;
        }
    }
}

impl<T> Default for Signal<T> {
    fn default() -> Self {
        Self { value: OnceLock::new(), waiting: Notify::new() }
    }
}

/// How many of something are under way.
#[derive(Debug, Default)]
pub struct Gauge(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    count: AtomicUsize,
    idle: Notify,
}

/// One of a [`Gauge`]'s, until dropped. Owned, so that a task counts from when it is made, not from when it first runs.
#[derive(Debug)]
pub struct Counted(Arc<Count>);

impl Gauge {
    pub fn enter(&self) -> Counted {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Counted(Arc::clone(&self.0))
    }

    pub async fn idle(&self) {
        loop {
            let woken = self.0.idle.notified();
            if self.0.count.load(Ordering::Acquire) == 0 {
                return;
            }
            woken.await;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
