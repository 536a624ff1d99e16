//! Two ways to wait for something: that it happens, and that a count falls to zero.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

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

/// How many of something are under way. Allocates with the first of them, because most sessions rest.
#[derive(Debug, Default)]
pub struct Gauge(OnceLock<Arc<Count>>);

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
        let count = self.0.get_or_init(Arc::default);
        count.count.fetch_add(1, Ordering::AcqRel);
        Counted(Arc::clone(count))
    }

    pub async fn idle(&self) {
        let Some(count) = self.0.get() else { return };
        loop {
            let woken = count.idle.notified();
            if count.count.load(Ordering::Acquire) == 0 {
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
