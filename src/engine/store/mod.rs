//! Where tokens live between rotations: a register for each session, changed by compare-and-set.
//!
//! Invariant: only a session's flight and its writer speak to a store, and at most one write of a session is under way.

#[cfg(test)]
mod conformance;
mod fault;
mod file;
mod memory;
mod record;
mod redis;
mod register;
mod session_name;
mod unversioned;

use futures_util::future::BoxFuture;

use crate::error::{Cause, Error, StoreAction};

pub use fault::{FileProblem, RedisProblem, StoreFault};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing {
    //! The targets of the folders below.
    pub(crate) use super::file::fuzzing::file_format;
    pub(crate) use super::redis::fuzzing::redis_reply;
}
pub use file::FileRegister;
pub use memory::MemoryStore;
pub use record::{Record, Stored, Version};
pub use redis::{RedisLayout, RedisOptions, RedisRegister, RedisTls};
pub use register::{Document, HolderLock, Listed, Register};
#[cfg(test)]
pub(crate) use register::{conformance::conforms as register_conforms, testing};
pub use session_name::session_name;
pub use unversioned::{TokenCallbacks, Unversioned};

pub type StoreFuture<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Keeps one record for each session key. Deadlines are the store's own: every call settles.
pub trait Store: Send + Sync {
    /// The stored record, or None if nothing is stored.
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>>;

    /// Stores `next` if the stored version is `expected` (None: if nothing is stored), else changes nothing.
    /// Idempotent: a repeat of a write that was applied is [`Swap::Done`] as well.
    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        next: &'a Stored,
    ) -> StoreFuture<'a, Swap>;

    /// The version that a new write of `record` gets: random, so that a version never comes back, not even after
    /// the record was deleted.
    fn version(&self, _record: &Record) -> Version {
        Version::random()
    }

    /// Resolves when somebody else may have written. None: the store cannot tell, so that it has to be read again.
    fn watch<'a>(&'a self, _key: &'a str) -> Option<BoxFuture<'a, ()>> {
        None
    }

    /// True if others can write to it: another process, or the same program before it was restarted. If not, a
    /// second read brings nothing new.
    fn outlives_session(&self) -> bool {
        true
    }
}

/// The result of a compare-and-set.
pub enum Swap {
    Done,
    /// Another version is stored. Nothing was changed.
    Conflict,
    /// The deadline has passed, and the write may still be applied without comparing. A store that compares returns
    /// [`StoreError::TimedOut`] instead, because a late write of its own conflicts with a newer one.
    Late(Late),
}

/// Resolves when a late write has ended. [`StoreError::Gone`]: nobody will ever know.
pub type Late = BoxFuture<'static, Result<(), StoreError>>;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreError {
    Failed {
        cause: Option<Cause>,
    },
    /// No answer came in time. A write may have been applied, or be applied later.
    TimedOut,
    /// The stored record is no set of tokens.
    Corrupt {
        cause: Option<Cause>,
    },
    /// A store in Rust says what is wrong.
    Fault(StoreFault),
    /// The environment whose callback it is has ended.
    Gone,
}

impl StoreError {
    /// The error of a call that needed the store for `action`.
    pub fn told(self, action: StoreAction) -> Error {
        let timed_out = self == Self::TimedOut;
        let (cause, fault) = match self {
            Self::Corrupt { cause } if action == StoreAction::Read => {
                return Error::StoreCorrupt { cause, fault: None };
            }
            Self::Fault(fault) if fault.is_corrupt() => {
                return Error::StoreCorrupt { cause: None, fault: Some(fault.to_string().into()) };
            }
            Self::Failed { cause } | Self::Corrupt { cause } => (cause, None),
            Self::Fault(fault) => (None, Some(fault.to_string().into())),
            Self::TimedOut | Self::Gone => (None, None),
        };
        Error::Store { action, timed_out, cause, fault }
    }
}

#[cfg(test)]
mod tests;
