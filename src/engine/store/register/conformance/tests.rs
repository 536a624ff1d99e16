//! The suite over a register in memory, and over registers that break one rule each.

#![cfg(test)]

use futures_util::future::{BoxFuture, pending};

use super::*;
use crate::lock::Lock;
use crate::store::StoreFuture;
use crate::store::register::testing::MemoryRegister;

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    FoldsCase,
    CutsLongKeys,
    TrimsTexts,
    TakesZeroForNothing,
    ComparesTextsOnly,
    WritesOverAnything,
    WritesOverNothingIfExpected,
    RefusesRepeats,
    BuriesWithoutComparing,
    ForgetsSuccessors,
    ComparesBeforeItWrites,
    WatchesFromTheFirstPoll,
    SharesTheHolderLock,
    KeepsTheHolderLock,
    LocksOut,
}

/// A register in memory, with one mistake.
#[derive(Clone)]
struct Wrong {
    right: MemoryRegister,
    mistake: Mistake,
    /// The locks and writes that a mistake remembers.
    kept: Arc<Lock<Kept>>,
}

#[derive(Default)]
struct Kept {
    locks: Vec<HolderLock>,
    applied: Vec<Version>,
}

impl Wrong {
    fn key(&self, session: &str) -> String {
        match self.mistake {
            Mistake::FoldsCase => session.to_lowercase(),
            Mistake::CutsLongKeys => session.chars().take(500).collect(),
            _ => session.to_owned(),
        }
    }

    async fn swap(&self, key: &str, expected: Option<Version>, next: &Document) -> bool {
        let stored = self.right.read(key).await.unwrap();
        let version = stored.as_ref().map(|stored| stored.version);
        let expected = match self.mistake {
            Mistake::WritesOverAnything => version,
            Mistake::WritesOverNothingIfExpected if version.is_none() => None,
            Mistake::TakesZeroForNothing if version == Some(Version::from([0; 16])) => {
                return expected.is_none();
            }
            Mistake::ComparesTextsOnly if stored.is_some_and(|stored| stored.text == next.text) => {
                return true;
            }
            Mistake::RefusesRepeats if version == Some(next.version) => return false,
            Mistake::ForgetsSuccessors if self.kept.lock().applied.contains(&next.version) => return true,
            Mistake::ComparesBeforeItWrites if version == expected => {
                // Long enough for the others, which are on threads of their own.
                std::thread::sleep(Duration::from_millis(2));
                self.right.read(key).await.unwrap().map(|stored| stored.version)
            }
            _ => expected,
        };
        let mut next = next.clone();
        if self.mistake == Mistake::TrimsTexts {
            next.text = Secret::new(next.text.expose().trim().to_owned());
        }
        let done = self.right.compare_and_set(key, expected, &next).await.unwrap();
        if done {
            self.kept.lock().applied.push(next.version);
        }
        done
    }
}

impl Register for Wrong {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move {
            if self.mistake == Mistake::LocksOut && !self.kept.lock().locks.is_empty() {
                return Ok(None);
            }
            self.right.read(&self.key(session)).await
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.swap(&self.key(session), expected, next).await) })
    }

    fn set_tombstone<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut expected = expected;
            if self.mistake == Mistake::BuriesWithoutComparing {
                expected = self.read(session).await?.map(|stored| stored.version);
            }
            self.compare_and_set(session, expected, next).await
        })
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        if self.mistake == Mistake::WatchesFromTheFirstPoll {
            let session = session.to_owned();
            return Some(Box::pin(async move {
                self.right.watch(&session).unwrap_or(Box::pin(pending())).await;
            }));
        }
        self.right.watch(session)
    }

    fn lock_holder<'a>(&'a self, session: &'a str) -> StoreFuture<'a, HolderLock> {
        match self.mistake {
            Mistake::SharesTheHolderLock => {
                return Box::pin(async { Ok(HolderLock::Taken(Box::new(()))) });
            }
            Mistake::KeepsTheHolderLock | Mistake::LocksOut => {}
            _ => return self.right.lock_holder(session),
        }
        Box::pin(async move {
            let lock = self.right.lock_holder(session).await?;
            Ok(match lock {
                HolderLock::Taken(held) => {
                    self.kept.lock().locks.push(HolderLock::Taken(held));
                    HolderLock::Taken(Box::new(()))
                }
                other => other,
            })
        })
    }
}

async fn run(mistake: Mistake) {
    let wrong = Wrong { right: MemoryRegister::default(), mistake, kept: Arc::default() };
    wrong.right.use_locks();
    conforms(move || Arc::new(wrong.clone())).await;
}

#[tokio::test]
async fn memory_conforms() {
    run(Mistake::None).await;
}

/// One test for each mistake, because a suite that fails for another reason shows nothing.
macro_rules! finds {
    ($($name:ident: $mistake:ident, $says:literal;)*) => {$(
        #[tokio::test(start_paused = true)]
        #[should_panic(expected = $says)]
        async fn $name() {
            run(Mistake::$mistake).await;
        }
    )*};
}

finds! {
    keys_in_one_case: FoldsCase, "is taken for another session";
    keys_cut_off: CutsLongKeys, "is taken for another session";
    trimmed_texts: TrimsTexts, "another text came back";
    zero_for_nothing: TakesZeroForNothing, "left: Ok(false)";
    texts_for_versions: ComparesTextsOnly, "left: Ok(Some(";
    no_comparison: WritesOverAnything, "assertion failed: !write";
    update_that_inserts: WritesOverNothingIfExpected, "assertion failed: !write";
    repeats_refused: RefusesRepeats, "left: Ok(false)";
    tombstones_over_anything: BuriesWithoutComparing, "left: Ok(true)";
    repeats_over_successors: ForgetsSuccessors, "left: Ok(true)";
    comparison_apart_from_the_write: ComparesBeforeItWrites, "writers won";
    watch_that_begins_late: WatchesFromTheFirstPoll, "a write was not noticed";
    holder_lock_for_all: SharesTheHolderLock, "assertion failed";
    holder_lock_for_ever: KeepsTheHolderLock, "assertion failed: matches!(other.lock_holder(&session).await, Ok(HolderLock::Taken(_)))";
    holder_lock_over_reads: LocksOut, "the lock keeps nobody";
}
