//! The user's own register (the option `store`) as the engine's trait. Deadlines are the fleet's.
//!
//! `lib/callbacks/register.js` calls its functions. A reply of another shape is a failure, whose text names the field.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;

use super::callbacks::Callbacks;
use super::changes::Changes;
use super::queue::call::{Arg, Reply};
use engine::store::{Document, Register, StoreError, StoreFuture, Version};

/// The register of one client, in the environment that made the client.
pub(super) struct UserRegister {
    callbacks: Callbacks,
    /// None: it has no `watch`.
    changes: Option<Arc<Changes>>,
    /// JavaScript was told to call `watch`, which it does with the first wait for a change.
    watches: AtomicBool,
}

impl UserRegister {
    pub(super) fn new(callbacks: Callbacks, watches: bool) -> Self {
        let changes = watches.then(Arc::<Changes>::default);
        if let Some(changes) = &changes {
            callbacks.queue.changes.insert(callbacks.client, Arc::clone(changes));
        }
        Self { callbacks, changes, watches: AtomicBool::new(false) }
    }

    async fn call(&self, name: &'static str, args: Vec<Arg>) -> Result<Reply, StoreError> {
        match self.callbacks.call(name, args).reply.await {
            Err(_) => Err(StoreError::Gone),
            Ok(Reply::Failed { cause, .. }) => Err(StoreError::Failed { cause }),
            Ok(reply) => Ok(reply),
        }
    }
}

impl Drop for UserRegister {
    fn drop(&mut self) {
        drop(self.callbacks.queue.changes.remove(self.callbacks.client));
    }
}

impl Register for UserRegister {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        let args = vec![Arg::Text(session.to_owned())];
        Box::pin(async move {
            match self.call("read", args).await? {
                Reply::Done => Ok(None),
                Reply::Document(document) => Ok(Some(document)),
                _ => Err(StoreError::Failed { cause: None }),
            }
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        let expected = expected.map_or(Arg::Null, |version| Arg::Text(version.to_text()));
        let (record, version) = (Arg::Secret(next.text.clone()), Arg::Text(next.version.to_text()));
        let args = vec![Arg::Text(session.to_owned()), record, version, expected];
        Box::pin(async move {
            match self.call("compareAndSet", args).await? {
                Reply::Flag(true) => Ok(true),
                // The repeat of a write that was applied finds its own version.
                Reply::Flag(false) => {
                    let stored = self.read(session).await?;
                    Ok(stored.is_some_and(|stored| stored.version == next.version))
                }
                _ => Err(StoreError::Failed { cause: None }),
            }
        })
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        let changes = self.changes.as_ref().filter(|_| !self.callbacks.queue.closed())?;
        if !self.watches.swap(true, Ordering::Relaxed) {
            let client = Arg::Number(f64::from(self.callbacks.client));
            self.callbacks.notify("watch", vec![Arg::Text(session.to_owned()), client]);
        }
        changes.next(session)
    }

    fn needs_program(&self) -> bool {
        true
    }
}
