//! Two ways to wait for something: that it happens, and that a count falls to zero.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Something that happens at most once.
#[derive(Debug, Default)]
pub struct Signal {
    fired: AtomicBool,
    waiting: Notify,
}

impl Signal {
    pub fn fire(&self) {
        self.fired.store(true, Ordering::Release);
        self.waiting.notify_waiters();
    }

    pub fn fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }

    pub async fn wait(&self) {
        // Before the look: what fires in between is not missed.
        let woken = self.waiting.notified();
        if !self.fired() {
            woken.await;
        }
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
