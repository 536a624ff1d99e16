//! Changes of one client's register, of which its `watch` tells, and those who wait for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use engine::lock::Lock;

#[derive(Default)]
pub(super) struct Changes {
    /// False while changes may go unnoticed, so that the register has to be read again.
    watches: AtomicBool,
    waiting: Lock<HashMap<Box<str>, Weak<Notify>>>,
}

impl Changes {
    /// Wakes those who wait for this session; with None, or if changes may go unnoticed from now on, all who wait.
    pub(super) fn tell(&self, watches: bool, session: Option<&str>) {
        self.watches.store(watches, Ordering::Release);
        let waiting = self.waiting.lock();
        match session.filter(|_| watches) {
            Some(session) => waiting.get(session).into_iter().filter_map(Weak::upgrade).for_each(wake),
            None => waiting.values().filter_map(Weak::upgrade).for_each(wake),
        }
    }

    /// Resolves when this session may have changed since this call. None while that may go unnoticed.
    pub(super) fn next(&self, session: &str) -> Option<BoxFuture<'static, ()>> {
        let mut waiting = self.waiting.lock();
        // Under the lock, because `tell` wakes only those whom it finds.
        if !self.watches.load(Ordering::Acquire) {
            return None;
        }
        let notify = waiting.get(session).and_then(Weak::upgrade).unwrap_or_else(|| {
            if waiting.len() == waiting.capacity() {
                waiting.retain(|_, notify| notify.strong_count() > 0);
            }
            let notify = Arc::default();
            waiting.insert(session.into(), Arc::downgrade(&notify));
            notify
        });
        // Wakes that come before the first poll count, too.
        Some(Box::pin(notify.notified_owned()))
    }
}

fn wake(notify: Arc<Notify>) {
    notify.notify_waiters();
}

#[cfg(test)]
mod tests;
