//! Sessions in Redis or Valkey, for processes on several machines: one hash for each session, changed by one script.
//!
//! `target` finds the `place` where Redis is at the moment, which is all that makes clients. `wire` is the connection for commands,
//! `changes` the one that hears of other processes' writes. Nothing happens on the network before the first call.

mod changes;
mod commands;
mod fault;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod layout;
mod list;
mod place;
mod target;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::Error;
use crate::secret::Secret;
use crate::store::redis::changes::Changes;
use crate::store::redis::target::Target;
use crate::store::redis::wire::Wire;
use crate::store::{Document, Register, StoreError, StoreFuture, Version, session_name};

pub use layout::RedisLayout;
pub use target::{RedisOptions, RedisTls};

/// 30 days: the longest pause of a process after which it cannot undo a logout.
const TOMBSTONE_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub struct RedisRegister {
    prefix: String,
    target: Arc<Target>,
    wire: Wire,
    changes: Changes,
}

impl RedisRegister {
    /// Checks the options, and does nothing on the network.
    pub fn new(options: &RedisOptions) -> Result<Self, Error> {
        let target = Arc::new(Target::new(options)?);
        Ok(Self {
            prefix: options.prefix.clone(),
            wire: Wire::new(Arc::clone(&target), options.timeout),
            changes: Changes::new(Arc::clone(&target), options.timeout),
            target,
        })
    }

    /// The session's hash and channel. A cluster keeps both in one slot, which it finds by the part in braces.
    fn key(&self, session: &str) -> String {
        self.key_of(&session_name(session))
    }

    fn key_of(&self, name: &str) -> String {
        format!("{}{{{name}}}", self.prefix)
    }

    async fn write(
        &self,
        session: &str,
        expected: Option<Version>,
        next: &Document,
        life: Option<Duration>,
    ) -> Result<bool, StoreError> {
        self.wire.ask(&commands::compare_and_set(&self.key(session), expected, next, life)).await
    }
}

impl Register for RedisRegister {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move { self.document(self.wire.ask(&commands::read(&self.key(session))).await?) })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.write(session, expected, next, None))
    }

    fn set_tombstone<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.write(session, expected, next, Some(TOMBSTONE_LIFE)))
    }

    fn tombstone_life(&self) -> Option<Duration> {
        Some(TOMBSTONE_LIFE)
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        self.changes.watch(self.key(session))
    }
}

impl RedisRegister {
    fn document(&self, (version, text): commands::Stored) -> Result<Option<Document>, StoreError> {
        if version.is_none() && text.is_none() {
            return Ok(None);
        }
        let version = version.and_then(|version| Version::from_text(str::from_utf8(&version).ok()?));
        let version = version.ok_or_else(|| fault::foreign(&self.target))?;
        // A text that is not UTF-8 is no record either. A login may write over it.
        let text = String::from_utf8(text.unwrap_or_default()).unwrap_or_default();
        Ok(Some(Document { text: Secret::new(text), version }))
    }
}

#[cfg(test)]
mod tests;
