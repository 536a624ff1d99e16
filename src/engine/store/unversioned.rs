//! A pair of functions that read and write tokens, as a register (`getTokens` and `setTokens`).
//!
//! Such a pair keeps no version, so that the tokens themselves are the version, by their hash. A write cannot
//! compare: it replaces whatever is stored.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::store::{Late, Record, Store, StoreFuture, Stored, Swap, Version};
use crate::token::Tokens;

/// Reads and writes one set of tokens for each session key. Deadlines are its own: every call settles.
pub trait TokenCallbacks: Send + Sync {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>>;

    /// Replaces what is kept; None clears it. A write that outlives its deadline returns the rest of itself.
    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>>;
}

/// A register over [`TokenCallbacks`], for one process only: two processes overwrite each other's tokens.
pub struct Unversioned(pub Arc<dyn TokenCallbacks>);

impl Store for Unversioned {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            let tokens = self.0.read(key).await?;
            Ok(tokens.map(|tokens| {
                let record = Record { tokens: Some(Arc::new(tokens)) };
                Stored { version: self.version(&record), record }
            }))
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        _expected: Option<Version>,
        next: &'a Stored,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let late = self.0.write(key, next.record.tokens.as_deref()).await?;
            Ok(late.map_or(Swap::Done, Swap::Late))
        })
    }

    fn version(&self, record: &Record) -> Version {
        let mut hash = Sha256::new();
        if let Some(tokens) = &record.tokens {
            hash.update(tokens.access.expose());
            // No token contains it.
            hash.update([0]);
            hash.update(tokens.refresh.as_ref().map_or("", |token| token.expose()));
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut version = [0; 16];
        version.copy_from_slice(&digest[..16]);
        version.into()
    }
}

#[cfg(test)]
mod tests;
