//! The newest tokens, until the store holds them: which record is wanted there, and the one write of it that is under way.
//!
//! [`saving`] writes it, and repeats the write until it succeeds. Invariant: one write at a time, always of the newest tokens. While
//! they are not saved, the session does not read the store.

mod saving;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::session::held::Versioned;
use crate::store::{Stored, Version};

#[derive(Debug, Default)]
pub(super) struct Writer(Mutex<Wanted>);

/// The record that the store should hold. Each change of it gets the next number as its ticket.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is true or false whatever the others are")]
struct Wanted {
    /// Without tokens and unused until the first change.
    next: Stored,
    ticket: u64,
    unsaved: bool,
    /// A write is under way.
    writing: bool,
    /// A late write of older tokens has ended since the last write began.
    late_end: bool,
    repeating: bool,
    /// The version that the store had when it was read or written last.
    stored: Option<Version>,
    /// Tells of a change of `ticket` or the end of `writing`. Made by the first that waits, because most sessions never
    /// wait.
    changed: Option<Arc<Notify>>,
}

/// The only write under way, until it is dropped.
struct Turn<'a>(&'a Writer);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.change(|wanted| wanted.writing = false);
    }
}

/// One write: what is written, and over which version.
struct Order {
    ticket: u64,
    next: Stored,
    expected: Option<Version>,
}

/// How a save ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Save {
    Saved,
    /// Newer tokens are saved instead.
    Overtaken,
}

impl Writer {
    /// Changes the record that the store should hold. Returns the ticket of the change.
    pub(super) fn want(&self, next: Stored) -> u64 {
        self.change(|wanted| {
            wanted.next = next;
            wanted.ticket += 1;
            wanted.unsaved = true;
            wanted.ticket
        })
    }

    /// The newest tokens are of no use any more. Written later, they could take the place of another process's login. A
    /// logout is still written.
    pub(super) fn give_up(&self) {
        let mut wanted = self.wanted();
        wanted.unsaved &= wanted.next.record.tokens.is_none();
    }

    /// The newest tokens are saved, and forgotten here.
    pub(super) fn let_go(&self) {
        let mut wanted = self.wanted();
        if !wanted.unsaved {
            wanted.next = Stored::default();
        }
    }

    /// The newest tokens that the store should hold.
    pub(super) fn newest(&self) -> Option<Versioned> {
        Versioned::of(self.wanted().next.clone())
    }

    /// The store was read, and holds this.
    pub(super) fn saw(&self, stored: Option<&Stored>) {
        self.wanted().stored = stored.map(|stored| stored.version);
    }

    /// True if the store does not hold the newest tokens yet.
    pub(super) fn unsaved(&self) -> bool {
        self.wanted().unsaved
    }

    /// True if the newest tokens are saved. If so, the repeating ends.
    fn rests(&self) -> bool {
        let mut wanted = self.wanted();
        wanted.repeating = wanted.unsaved;
        !wanted.unsaved
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The write that this ticket stands for. None: newer tokens took its place, or it is saved.
    fn order(&self, ticket: u64) -> Option<Order> {
        let mut wanted = self.wanted();
        if ticket != wanted.ticket || !wanted.unsaved {
            return None;
        }
        wanted.late_end = false;
        Some(Order { ticket, next: wanted.next.clone(), expected: wanted.stored })
    }

    /// A write has succeeded. It does not count as saved if a late write of older tokens ended meanwhile, because that
    /// one may have been applied after it.
    fn saved(&self, order: &Order) {
        let mut wanted = self.wanted();
        wanted.stored = Some(order.next.version);
        if !wanted.late_end && order.ticket == wanted.ticket {
            wanted.unsaved = false;
        }
    }

    /// A late write may have been applied. Returns whether the newest tokens have to be written again.
    fn may_be_overwritten(&self, ticket: u64) -> bool {
        let mut wanted = self.wanted();
        if ticket == wanted.ticket {
            return false;
        }
        wanted.late_end = true;
        wanted.unsaved = true;
        true
    }

    /// Resolves when newer tokens are wanted than those of this ticket.
    async fn overtaken(&self, ticket: u64) {
        self.reached(|wanted| wanted.ticket != ticket).await;
    }

    /// Resolves when no other write is under way.
    async fn turn(&self) -> Turn<'_> {
        self.reached(|wanted| !std::mem::replace(&mut wanted.writing, true)).await;
        Turn(self)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Wanted) -> T) -> T {
        let mut wanted = self.wanted();
        let result = change(&mut wanted);
        let changed = wanted.changed.clone();
        drop(wanted);
        if let Some(changed) = changed {
            changed.notify_waiters();
        }
        result
    }

    /// Resolves when `condition` is true.
    async fn reached(&self, mut condition: impl FnMut(&mut Wanted) -> bool) {
        loop {
            let changed = {
                let mut wanted = self.wanted();
                if condition(&mut wanted) {
                    return;
                }
                // Made under the lock, so that it misses no change.
                Arc::clone(wanted.changed.get_or_insert_default()).notified_owned()
            };
            changed.await;
        }
    }
}
