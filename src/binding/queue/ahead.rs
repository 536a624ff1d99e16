//! Says when a call may be answered at once, without a trip to the engine's thread.
//!
//! A fresh token at hand could be answered at once. But it must not come before the hook that tells of it, and a login that
//! was called earlier must replace it first. While a hook or such a change is under way, no call is answered at once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::poll_immediate;

/// Counts the hooks of one environment that have not returned, and the changes that have not begun.
#[derive(Default)]
pub(crate) struct Ahead(AtomicUsize);

impl Ahead {
    pub(crate) fn enter(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    /// Returns the result of `look`, or `None` if a hook or a change would be overtaken.
    pub(crate) fn at_once<T>(&self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        let free = || self.0.load(Ordering::Acquire) == 0;
        // Checked before `look`, because a change may begin during it, and after, because a hook is queued with its token.
        if free() { look().filter(|_| free()) } else { None }
    }

    /// Notes a call that changes tokens. Until the change has begun, no later call is answered at once.
    pub(crate) fn change(self: &Arc<Self>) -> Change {
        self.enter();
        Change(Arc::clone(self))
    }
}

/// A call that changes tokens and has not begun.
pub(crate) struct Change(Arc<Ahead>);

impl Change {
    /// Runs `work`, which has changed the tokens when its first poll returns.
    pub(crate) async fn begin<F: Future>(self, work: F) -> F::Output {
        let mut work = pin!(work);
        let done = poll_immediate(&mut work).await;
        drop(self);
        match done {
            Some(done) => done,
            None => work.await,
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests;
