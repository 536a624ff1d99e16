//! The duties of every register. Each implementation of [`Store`] runs this suite in its own tests.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::store::{Record, Store, StoreError, Stored, Swap, Version};
use crate::token::tests::tokens;

/// Writers that try to write at the same moment.
const WRITERS: usize = 8;

/// How often they try.
const ROUNDS: usize = 20;

/// How long a change may take until `watch` tells of it.
const NOTICE: Duration = Duration::from_secs(10);

/// The promises that a store can keep. A promise that it does not make is not tested.
#[derive(Clone, Copy)]
pub(crate) struct Promises {
    /// A write over another version than the expected one changes nothing, and every write has a version of its own.
    pub(crate) compares: bool,
    /// A logout leaves a record without tokens, rather than nothing.
    pub(crate) keeps_tombstones: bool,
}

impl Promises {
    /// All of them.
    pub(crate) const REGISTER: Self = Self { compares: true, keeps_tombstones: true };
}

/// Runs the suite. Every store that `open` returns sees the same records; the keys are new in each run.
pub(crate) async fn conforms(open: impl Fn() -> Arc<dyn Store>, promises: Promises) {
    let suite = Suite { open: &open, promises };
    suite.unknown_key_has_no_record().await;
    suite.what_was_written_is_read_by_everybody().await;
    suite.keys_do_not_touch_each_other().await;
    suite.repeat_of_an_applied_write_is_done_and_changes_nothing().await;
    suite.logout_leaves_no_tokens().await;
    suite.watch_tells_of_a_change().await;
    if promises.compares {
        suite.record_is_created_over_nothing_only().await;
        suite.write_over_another_version_conflicts_and_changes_nothing().await;
        suite.versions_never_come_back().await;
        suite.one_of_many_writers_wins().await;
    }
    if promises.keeps_tombstones {
        suite.tombstone_rules_out_writers_of_before().await;
    }
}

struct Suite<'a> {
    open: &'a dyn Fn() -> Arc<dyn Store>,
    promises: Promises,
}

/// A key that no run had before, as long and as odd as a user's key may be.
fn new_key(name: &str) -> String {
    format!("{name}/{:x} ☃ \" \\ ..", rand::random::<u128>())
}

fn record(n: usize) -> Record {
    Record { tokens: Some(tokens(&format!("a{n}"), Some(&format!("r{n}"))).into()) }
}

fn stored(store: &dyn Store, record: Record) -> Stored {
    Stored { version: store.version(&record), record }
}

/// True if the write was done, rather than conflicted.
async fn swap(store: &dyn Store, key: &str, expected: Option<Version>, next: &Stored) -> bool {
    match store.compare_and_set(key, expected, next).await.unwrap() {
        Swap::Done => true,
        Swap::Conflict => false,
        Swap::Late(_) => panic!("the deadline has passed"),
    }
}

/// Writes the n-th record over `expected`, and tells whether that was done.
async fn write(store: &dyn Store, key: &str, expected: Option<Version>, n: usize) -> (Stored, bool) {
    let next = stored(store, record(n));
    let done = swap(store, key, expected, &next).await;
    (next, done)
}

async fn version(store: &dyn Store, key: &str) -> Option<Version> {
    store.read(key).await.unwrap().map(|stored| stored.version)
}

impl Suite<'_> {
    async fn unknown_key_has_no_record(&self) {
        assert_eq!((self.open)().read(&new_key("nothing")).await, Ok(None));
    }

    async fn what_was_written_is_read_by_everybody(&self) {
        let (store, other, key) = ((self.open)(), (self.open)(), new_key("written"));
        let (first, done) = write(&*store, &key, None, 1).await;
        assert!(done);
        assert_eq!(other.read(&key).await, Ok(Some(first.clone())));
        let (second, done) = write(&*other, &key, Some(first.version), 2).await;
        assert!(done);
        assert_eq!(store.read(&key).await, Ok(Some(second)));
    }

    async fn keys_do_not_touch_each_other(&self) {
        let store = (self.open)();
        let keys: Vec<_> = (0..100).map(|n| new_key(&format!("many {n}"))).collect();
        let mut all = Vec::new();
        for (n, key) in keys.iter().enumerate() {
            let (written, done) = write(&*store, key, None, n).await;
            assert!(done);
            all.push(written);
        }
        for (key, written) in keys.iter().zip(all) {
            assert_eq!(store.read(key).await, Ok(Some(written)));
        }
    }

    /// A writer repeats a write whose answer was lost.
    async fn repeat_of_an_applied_write_is_done_and_changes_nothing(&self) {
        let (store, key) = ((self.open)(), new_key("repeat"));
        let (first, _) = write(&*store, &key, None, 1).await;
        for expected in [None, Some(first.version)] {
            assert!(swap(&*store, &key, expected, &first).await);
            assert_eq!(store.read(&key).await, Ok(Some(first.clone())));
        }
    }

    async fn logout_leaves_no_tokens(&self) {
        let (store, key) = ((self.open)(), new_key("logout"));
        let (first, _) = write(&*store, &key, None, 1).await;
        let tombstone = stored(&*store, Record { tokens: None });
        assert!(swap(&*store, &key, Some(first.version), &tombstone).await);
        let expected = self.promises.keeps_tombstones.then_some(tombstone);
        assert_eq!(store.read(&key).await, Ok(expected));
    }

    /// `watch` may tell of more than there is, and never of less.
    async fn watch_tells_of_a_change(&self) {
        let (store, other, key) = ((self.open)(), (self.open)(), new_key("watch"));
        let Some(changed) = store.watch(&key) else { return };
        let writing = async {
            // Until it is noticed: the watch may take a while to begin.
            for n in 0.. {
                let expected = version(&*other, &key).await;
                write(&*other, &key, expected, n).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = changed => {}
            () = writing => {}
            () = tokio::time::sleep(NOTICE) => panic!("no change was noticed"),
        }
    }

    async fn record_is_created_over_nothing_only(&self) {
        let (store, key) = ((self.open)(), new_key("create"));
        let (first, _) = write(&*store, &key, None, 1).await;
        assert!(!write(&*store, &key, None, 2).await.1);
        assert_eq!(store.read(&key).await, Ok(Some(first)));
    }

    async fn write_over_another_version_conflicts_and_changes_nothing(&self) {
        let (store, key) = ((self.open)(), new_key("conflict"));
        assert!(!write(&*store, &key, Some(Version::random()), 1).await.1);
        assert_eq!(store.read(&key).await, Ok(None), "nothing is there to be written over");
        let (first, _) = write(&*store, &key, None, 1).await;
        let (second, _) = write(&*store, &key, Some(first.version), 2).await;
        for expected in [first.version, Version::random()] {
            assert!(!write(&*store, &key, Some(expected), 3).await.1);
            assert_eq!(store.read(&key).await, Ok(Some(second.clone())));
        }
    }

    /// Else a writer that was away for long would write over what it does not know.
    async fn versions_never_come_back(&self) {
        let (store, key) = ((self.open)(), new_key("versions"));
        let mut seen = Vec::new();
        for n in 0..10 {
            // The same tokens every other time.
            let (next, done) = write(&*store, &key, seen.last().copied(), n % 2).await;
            assert!(done);
            assert!(!seen.contains(&next.version), "{:?} came back", next.version);
            assert_eq!(version(&*store, &key).await, Some(next.version));
            seen.push(next.version);
        }
    }

    async fn one_of_many_writers_wins(&self) {
        let key = new_key("writers");
        let mut expected = None;
        for round in 0..ROUNDS {
            // Each on a thread of its own, with a store of its own.
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (store, key, runtime) = ((self.open)(), key.clone(), Handle::current());
                    let n = round * WRITERS + writer;
                    spawn_blocking(move || runtime.block_on(write(&*store, &key, expected, n)))
                })
                .collect();
            let mut won = Vec::new();
            for writer in writers {
                let (next, done) = writer.await.unwrap();
                won.extend(done.then_some(next));
            }
            let [winner] = &won[..] else { panic!("{} writers won", won.len()) };
            assert_eq!((self.open)().read(&key).await, Ok::<_, StoreError>(Some(winner.clone())));
            expected = Some(winner.version);
        }
    }

    /// Else a rotation that commits after a logout would undo it.
    async fn tombstone_rules_out_writers_of_before(&self) {
        let (store, key) = ((self.open)(), new_key("tombstone"));
        let (first, _) = write(&*store, &key, None, 1).await;
        let tombstone = stored(&*store, Record { tokens: None });
        assert!(swap(&*store, &key, Some(first.version), &tombstone).await);
        for expected in [None, Some(first.version)] {
            assert!(!write(&*store, &key, expected, 2).await.1);
        }
        assert_eq!(store.read(&key).await, Ok(Some(tombstone.clone())));
        assert!(write(&*store, &key, Some(tombstone.version), 3).await.1);
    }
}
