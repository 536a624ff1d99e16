//! What is wrong with a store that Rust speaks to, and what its user can do about it.

mod file;
mod redis;

use thiserror::Error;

pub use file::FileProblem;
pub use redis::RedisProblem;

/// The reason why a store in Rust failed. Each text completes "the store could not be read: …". No text holds a token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreFault {
    /// A newer release wrote a record that this one cannot rewrite without a loss.
    #[error("a newer release of token-rotator wrote the record (format {min}); upgrade this process")]
    TooNew { min: u32 },
    /// None of the keys opens the record.
    #[error(
        "the record is sealed with a key that is not in `key` ({name}); give every process the new key beside the old one before any process seals with it"
    )]
    UnknownKey { name: String },
    /// No key could be read.
    #[error("`key` cannot be used: {problem}")]
    Key { problem: String },
    /// Somebody who has no key wrote the record, or sealing is only just being turned on.
    #[error(
        "the record is not sealed, and `key` is set; put 'none' behind the key until every record is sealed"
    )]
    NotSealed,
    /// The file store's own files.
    #[error("{path} {problem}")]
    File { path: String, problem: FileProblem },
    /// `server` has no user and no password in it.
    #[error("{server} {problem}")]
    Redis { server: String, problem: RedisProblem },
}

impl StoreFault {
    /// True if what is stored cannot be read and is left as it is; false if the same call may succeed later.
    pub fn is_corrupt(&self) -> bool {
        matches!(
            self,
            Self::File { problem: FileProblem::Damaged { .. }, .. }
                | Self::Redis { problem: RedisProblem::Foreign, .. }
        )
    }
}
