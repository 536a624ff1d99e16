//! Where tokens live between rotations.
//!
//! Invariant: only a session's flight and its writer speak to a store, one at a time for each session.

mod memory;

use std::pin::Pin;

use crate::error::Cause;
use crate::token::Tokens;

pub use memory::MemoryStore;

pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps one set of tokens for each session key. Deadlines are the store's own: a call always settles.
pub trait Store: Send + Sync {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>>;

    /// Replaces what is kept; None clears it.
    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, ()>;

    /// Whether tokens outlive the process or are shared beyond it. If not, reading again cannot bring news.
    fn outlives_session(&self) -> bool {
        true
    }
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreError {
    Failed {
        cause: Option<Cause>,
    },
    TimedOut,
    /// What it holds is no set of tokens.
    Corrupt {
        cause: Option<Cause>,
    },
    /// The environment whose callback it is has ended.
    Gone,
}
