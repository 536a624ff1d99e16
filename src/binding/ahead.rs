//! What an answer given at once would overtake.
//!
//! A fresh token needs no trip to the engine's thread. It must not come before a hook that tells of it, nor be the token
//! that a login called before it replaces. While either is under way, nothing is answered at once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::poll_immediate;

/// How many hooks of one environment are not delivered, and how many changes have not begun.
#[derive(Default)]
pub(super) struct Ahead(AtomicUsize);

impl Ahead {
    pub(super) fn enter(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    /// Returns what `look` finds, unless an answer with it would overtake something.
    pub(super) fn at_once<T>(&self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        let free = || self.0.load(Ordering::Acquire) == 0;
        // Before the look because of changes, which may begin during it; after it because of hooks, which come with the
        // token.
        if free() { look().filter(|_| free()) } else { None }
    }

    /// A call that changes tokens was made: until it has begun, no later call is answered at once.
    pub(super) fn change(self: &Arc<Self>) -> Change {
        self.enter();
        Change(Arc::clone(self))
    }
}

/// A call that changes tokens, until it has begun.
pub(super) struct Change(Arc<Ahead>);

impl Change {
    /// Runs `work`, which has changed the tokens when its first poll returns.
    pub(super) async fn begin<F: Future>(self, work: F) -> F::Output {
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
mod tests {
    use super::*;

    #[test]
    fn nothing_is_answered_at_once_that_would_overtake_a_hook_or_a_change() {
        let ahead = Arc::<Ahead>::default();
        let at_once = || ahead.at_once(|| Some(())).is_some();
        assert!(at_once());

        ahead.enter();
        assert!(!at_once());
        ahead.leave();
        assert!(at_once());
        let queued_meanwhile = ahead.at_once(|| {
            ahead.enter();
            Some(())
        });
        assert!(queued_meanwhile.is_none());
        ahead.leave();

        let change = ahead.change();
        let begun_meanwhile = ahead.at_once(|| {
            drop(change);
            Some(())
        });
        assert!(begun_meanwhile.is_none());
        assert!(at_once());
    }

    #[tokio::test]
    async fn change_has_begun_with_its_first_poll_and_not_before() {
        let ahead = Arc::<Ahead>::default();
        let at_once = || ahead.at_once(|| Some(())).is_some();
        let work = async {
            assert!(!at_once());
            tokio::task::yield_now().await;
            assert!(at_once());
        };
        ahead.change().begin(work).await;
    }
}
