//! A register whose records are sealed: neither the protocol above it nor the store below it knows of keys.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::fleet::sealing::keys::Keys;
use crate::secret::Secret;
use crate::store::{Document, HolderLock, Register, StoreError, StoreFault, StoreFuture, Version};

pub struct Sealed {
    pub register: Arc<dyn Register>,
    pub keys: Keys,
}

impl Register for Sealed {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move {
            let Some(Document { text, version }) = self.register.read(session).await? else {
                return Ok(None);
            };
            let mut opened = self.keys.seal().await?.open(session, &text);
            if let Err(StoreError::Fault(StoreFault::UnknownKey { .. })) = opened {
                opened = self.keys.newest().await?.open(session, &text);
            }
            let text = match opened {
                // No record, whatever the text is: a login writes over it, and needs its version.
                Err(StoreError::Corrupt { .. }) => Secret::new(String::new()),
                opened => opened?,
            };
            Ok(Some(Document { text, version }))
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let next = self.sealed(session, next).await?;
            self.register.compare_and_set(session, expected, &next).await
        })
    }

    fn set_tombstone<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let next = self.sealed(session, next).await?;
            self.register.set_tombstone(session, expected, &next).await
        })
    }

    fn tombstone_life(&self) -> Option<Duration> {
        self.register.tombstone_life()
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        self.register.watch(session)
    }

    fn needs_program(&self) -> bool {
        self.register.needs_program()
    }

    fn lock_holder<'a>(&'a self, session: &'a str) -> StoreFuture<'a, HolderLock> {
        self.register.lock_holder(session)
    }
}

impl Sealed {
    /// With the same version, by which stores tell a repeat: the same record looks different each time it is sealed.
    async fn sealed(&self, session: &str, document: &Document) -> Result<Document, StoreError> {
        let (seal, record) = (self.keys.seal().await?, &document.text);
        let text = if has_private_key(record) {
            // Processes without grant.dpop rewrite such records too, and they may be set to keep records open.
            let no_key = || Err(StoreError::Fault(StoreFault::Key { problem: OPEN.to_owned() }));
            seal.seal_always(session, record).unwrap_or_else(no_key)
        } else {
            seal.seal(session, record)
        };
        Ok(Document { text: text?, version: document.version })
    }
}

const OPEN: &str =
    "it has no key, and this record holds a private key (grant.dpop), which is never kept open; give a key";

/// True if tokens in the record are bound to a key. Records are written without white space, and quotes within their texts have a
/// backslash before them.
fn has_private_key(record: &Secret) -> bool {
    record.expose().contains("\"dpop\":{")
}

#[cfg(test)]
mod tests;
