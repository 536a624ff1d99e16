//! A register in memory that fails as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::lock::Lock;
use crate::store::{Document, HolderLock, Register, StoreError, StoreFuture, Version};

/// What becomes of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Done,
    /// It fails, and changes nothing.
    Fails,
    /// It is done, and reported as failed.
    Unanswered,
    /// It is reported as failed, and done after this time.
    Late(Duration),
    /// It takes this time.
    Slow(Duration),
}

#[derive(Clone, Default)]
pub(crate) struct MemoryRegister(Arc<Inner>);

#[derive(Default)]
struct Inner {
    documents: Lock<HashMap<String, Document>>,
    next_reads: Lock<VecDeque<Call>>,
    next_writes: Lock<VecDeque<Call>>,
    reads: AtomicUsize,
    writes: AtomicUsize,
    changed: Notify,
    tombstone_life: Lock<Option<Duration>>,
    locks: Lock<Option<HashMap<String, Arc<()>>>>,
    needs_program: AtomicBool,
    tombstones: AtomicUsize,
}

impl MemoryRegister {
    pub(crate) fn next_reads(&self, calls: impl IntoIterator<Item = Call>) {
        self.0.next_reads.lock().extend(calls);
    }

    pub(crate) fn next_writes(&self, calls: impl IntoIterator<Item = Call>) {
        self.0.next_writes.lock().extend(calls);
    }

    pub(crate) fn forget_plans(&self) {
        self.0.next_reads.lock().clear();
        self.0.next_writes.lock().clear();
    }

    /// How often it was read and written since the last call.
    pub(crate) fn calls(&self) -> (usize, usize) {
        (self.0.reads.swap(0, Ordering::Relaxed), self.0.writes.swap(0, Ordering::Relaxed))
    }

    pub(crate) fn get(&self, session: &str) -> Option<Document> {
        self.0.documents.lock().get(session).cloned()
    }

    pub(crate) fn documents(&self) -> HashMap<String, Document> {
        self.0.documents.lock().clone()
    }

    /// The store goes back to what it held then.
    pub(crate) fn restore(&self, documents: HashMap<String, Document>) {
        *self.0.documents.lock() = documents;
    }

    /// The store goes back in time, or somebody writes.
    pub(crate) fn put(&self, session: &str, document: Option<Document>) {
        let mut documents = self.0.documents.lock();
        match document {
            Some(document) => drop(documents.insert(session.into(), document)),
            None => drop(documents.remove(session)),
        }
    }

    pub(crate) fn set_tombstone_life(&self, life: Duration) {
        *self.0.tombstone_life.lock() = Some(life);
    }

    /// Holders on this machine have a lock from now on.
    pub(crate) fn use_locks(&self) {
        *self.0.locks.lock() = Some(HashMap::new());
    }

    /// How many writes said that nobody is logged in.
    pub(crate) fn tombstones(&self) -> usize {
        self.0.tombstones.load(Ordering::Relaxed)
    }

    /// `outer` keeps its records in this register, and does whatever else this one can do.
    pub(crate) async fn is_passed_on_by(&self, outer: &dyn Register) {
        assert_eq!((outer.tombstone_life(), outer.needs_program()), (None, false));
        self.use_locks();
        self.set_tombstone_life(Duration::from_secs(7));
        self.0.needs_program.store(true, Ordering::Relaxed);
        assert_eq!((outer.tombstone_life(), outer.needs_program()), (Some(Duration::from_secs(7)), true));
        assert!(outer.watch("session").is_some());
        let _held = outer.lock_holder("session").await.unwrap();
        assert!(matches!(outer.lock_holder("session").await, Ok(HolderLock::Busy)));
        assert!(matches!(outer.lock_holder("another").await, Ok(HolderLock::Taken(_))));
    }
}

impl Inner {
    fn swap(&self, session: &str, expected: Option<Version>, next: &Document) -> bool {
        let mut documents = self.documents.lock();
        let stored = documents.get(session).map(|document| document.version);
        if stored == Some(next.version) {
            return true;
        }
        if stored != expected {
            return false;
        }
        documents.insert(session.into(), next.clone());
        self.changed.notify_waiters();
        true
    }
}

const FAILED: StoreError = StoreError::Failed { cause: None };

impl Register for MemoryRegister {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move {
            self.0.reads.fetch_add(1, Ordering::Relaxed);
            let call = self.0.next_reads.lock().pop_front().unwrap_or(Call::Done);
            match call {
                Call::Done => {}
                Call::Slow(time) => sleep(time).await,
                Call::Fails | Call::Unanswered | Call::Late(_) => return Err(FAILED),
            }
            Ok(self.get(session))
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.0.writes.fetch_add(1, Ordering::Relaxed);
            let call = self.0.next_writes.lock().pop_front().unwrap_or(Call::Done);
            match call {
                Call::Done => return Ok(self.0.swap(session, expected, next)),
                Call::Fails => {}
                Call::Unanswered => drop(self.0.swap(session, expected, next)),
                Call::Late(time) => {
                    let (inner, session, next) = (Arc::clone(&self.0), session.to_owned(), next.clone());
                    tokio::spawn(async move {
                        sleep(time).await;
                        inner.swap(&session, expected, &next)
                    });
                }
                Call::Slow(time) => {
                    sleep(time).await;
                    return Ok(self.0.swap(session, expected, next));
                }
            }
            Err(FAILED)
        })
    }

    fn set_tombstone<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        self.0.tombstones.fetch_add(1, Ordering::Relaxed);
        self.compare_and_set(session, expected, next)
    }

    fn tombstone_life(&self) -> Option<Duration> {
        *self.0.tombstone_life.lock()
    }

    fn watch<'a>(&'a self, _session: &str) -> Option<BoxFuture<'a, ()>> {
        Some(Box::pin(self.0.changed.notified()))
    }

    fn needs_program(&self) -> bool {
        self.0.needs_program.load(Ordering::Relaxed)
    }

    fn lock_holder<'a>(&'a self, session: &'a str) -> StoreFuture<'a, HolderLock> {
        let mut locks = self.0.locks.lock();
        let lock = match locks.as_mut().map(|locks| locks.entry(session.into()).or_default()) {
            None => HolderLock::Unsupported,
            Some(lock) if Arc::strong_count(lock) > 1 => HolderLock::Busy,
            Some(lock) => HolderLock::Taken(Box::new(Arc::clone(lock))),
        };
        Box::pin(std::future::ready(Ok(lock)))
    }
}
