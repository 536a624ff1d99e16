//! A store that several processes share: one document for each session, changed by compare-and-set.
//!
//! Files, Redis, `PostgreSQL` and the user's own database are registers. A register knows nothing of what a document
//! says; `fleet/` reads and writes it. Invariant: a register compares and replaces in one step, or fails.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::secret::Secret;
use crate::store::{StoreError, StoreFuture, Version};

/// Implementations run the suite in `register/conformance.rs`.
pub trait Register: Send + Sync {
    /// The stored document, or None if nothing is stored.
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>>;

    /// Stores `next` if the stored version is `expected` (None: if nothing is stored), else changes nothing and resolves to
    /// false. A repeat of a write that was applied, and that nobody has written over, resolves to true. After an error the
    /// write may have been applied, or be applied later; a late write compares as well.
    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool>;

    /// Like [`Register::compare_and_set`], for a document that says that nobody is logged in. The register may forget such
    /// a document after [`Register::tombstone_life`].
    fn set_tombstone<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        self.compare_and_set(session, expected, next)
    }

    /// How long a tombstone is kept. None: for ever.
    fn tombstone_life(&self) -> Option<Duration> {
        None
    }

    /// Resolves when somebody may have written since this call. None: the store cannot tell, so that it is read again.
    fn watch<'a>(&'a self, _session: &str) -> Option<BoxFuture<'a, ()>> {
        None
    }

    /// True if its calls run in the program, so that they end with the program.
    fn needs_program(&self) -> bool {
        false
    }

    /// Takes the lock by which others on this machine see that the holder of a lease lives.
    fn lock_holder<'a>(&'a self, _session: &'a str) -> StoreFuture<'a, HolderLock> {
        Box::pin(std::future::ready(Ok(HolderLock::Unsupported)))
    }
}

/// The text that is stored for one session, and the version that names the write of it.
#[derive(Clone, PartialEq)]
pub struct Document {
    /// A [`Secret`], because it holds tokens.
    pub text: Secret,
    pub version: Version,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.version, self.text)
    }
}

/// A record as a store lists it, for people.
pub struct Listed {
    /// The session's name in the store (`session_name`).
    pub name: String,
    /// Epoch ms, where the store knows it.
    pub written_at: Option<u64>,
    /// None: nothing is stored.
    pub document: Result<Option<Document>, StoreError>,
}

/// A lock that the system frees when its process ends.
pub enum HolderLock {
    /// The store has no such lock: only silence tells that a holder is dead.
    Unsupported,
    /// A living process of this machine has it. The process may be stopped.
    Busy,
    /// Freed when the value is dropped.
    Taken(Box<dyn Send + Sync>),
}

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
pub(crate) mod testing;
