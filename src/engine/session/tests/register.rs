//! A register that two processes share, and one process that uses it.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::session::tests::support::*;
use crate::store::{Document, Register, StoreError, StoreFuture, Version};

/// What becomes of a write that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Refused,
    /// The write is applied, and its answer is lost.
    Applied,
}

#[derive(Default)]
pub(super) struct FakeRegister {
    kept: Mutex<HashMap<String, Document>>,
    down: AtomicBool,
    fates: Mutex<VecDeque<Fate>>,
    watched: AtomicBool,
    changed: Notify,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl FakeRegister {
    /// Every call fails while it is down.
    pub(super) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// The next writes fail.
    pub(super) fn fail_writes(&self, fates: impl IntoIterator<Item = Fate>) {
        self.fates.lock().unwrap().extend(fates);
    }

    pub(super) fn tells_of_changes(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Reads and writes since the last call.
    pub(super) fn calls(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::Relaxed), self.writes.swap(0, Ordering::Relaxed))
    }

    pub(super) fn documents(&self) -> HashMap<String, Document> {
        self.kept.lock().unwrap().clone()
    }

    /// The store goes back to what it held then.
    pub(super) fn restore(&self, documents: HashMap<String, Document>) {
        *self.kept.lock().unwrap() = documents;
    }

    fn swap(&self, session: &str, expected: Option<Version>, next: &Document) -> bool {
        let mut kept = self.kept.lock().unwrap();
        let stored = kept.get(session).map(|document| document.version);
        if stored == Some(next.version) {
            return true;
        }
        if stored != expected {
            return false;
        }
        kept.insert(session.to_owned(), next.clone());
        self.changed.notify_waiters();
        true
    }
}

impl Register for FakeRegister {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(ms(1)).await;
            if self.down.load(Ordering::Relaxed) {
                return Err(STORE_DOWN);
            }
            Ok(self.kept.lock().unwrap().get(session).cloned())
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.writes.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(ms(1)).await;
            if self.down.load(Ordering::Relaxed) {
                return Err(STORE_DOWN);
            }
            match self.fates.lock().unwrap().pop_front() {
                None => Ok(self.swap(session, expected, next)),
                Some(Fate::Refused) => Err(STORE_DOWN),
                Some(Fate::Applied) => {
                    self.swap(session, expected, next);
                    Err(StoreError::TimedOut)
                }
            }
        })
    }

    fn watch<'a>(&'a self, _session: &'a str) -> Option<BoxFuture<'a, ()>> {
        let changed = self.changed.notified();
        self.watched.load(Ordering::Relaxed).then(|| Box::pin(changed) as BoxFuture<'a, ()>)
    }
}
