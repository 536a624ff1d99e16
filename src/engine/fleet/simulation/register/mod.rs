//! A register in virtual time: slow, failing, ambiguous, stale, cut off, and rolled back.
//!
//! An operation acts at the moment when it arrives, however late, and whatever became of the node that sent it.

mod database;
mod faults;
mod view;

use std::sync::Arc;

use futures_util::future::{BoxFuture, pending};
use tokio::sync::oneshot;

use super::time::{NodeId, Owner};
use crate::secret::Secret;
use crate::store::{Document, HolderLock, Register, StoreError, StoreFuture, Version};

pub(super) use database::{Database, Operation, Written};
pub(super) use faults::{Faults, Outage};
pub(super) use view::View;

use database::State;
use faults::Fate;

/// The register as one node reaches it.
pub(super) struct Connection {
    database: Arc<Database>,
    node: NodeId,
    life: u32,
    /// Its writer runs a later release.
    is_newer: bool,
}

impl Connection {
    /// Sends an operation. It goes on in the world if the node gives it up.
    async fn operate<T: Send + 'static>(
        &self,
        apply: impl FnOnce(&Database) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let world = self.database.world.clone();
        world.spawn(Owner::World, carry(Arc::clone(&self.database), self.node, apply, answer));
        answered.await.unwrap_or(Err(StoreError::TimedOut))
    }
}

async fn carry<T: Send + 'static>(
    database: Arc<Database>,
    node: NodeId,
    apply: impl FnOnce(&Database) -> T,
    answer: oneshot::Sender<Result<T, StoreError>>,
) {
    let world = &database.world;
    let (from, mut fate) = (world.now(), database.fate(node));
    let mut sound = false;
    world.sleep(database.latency()).await;
    if let Some(outage) = database.is_cut_off(node) {
        fate = if outage.hangs { Fate::Hangs(None) } else { Fate::Fails };
    }
    let result = match fate {
        Fate::Sound => {
            let done = apply(&database);
            world.sleep(database.latency()).await;
            sound = true;
            Ok(done)
        }
        Fate::Fails => {
            world.sleep(database.latency()).await;
            Err(StoreError::Failed { cause: None })
        }
        Fate::FailsApplied => {
            apply(&database);
            world.sleep(database.latency()).await;
            Err(StoreError::Failed { cause: None })
        }
        Fate::Breaks(time) => {
            apply(&database);
            database.cut_off(node, time);
            Err(StoreError::Failed { cause: None })
        }
        Fate::Hangs(late) => {
            world.sleep(database.faults.timeout).await;
            record(&database, Operation { node, from, until: world.now(), sound });
            drop(answer.send(Err(StoreError::TimedOut)));
            if let Some(late) = late {
                world.sleep(late).await;
                apply(&database);
            }
            return;
        }
    };
    record(&database, Operation { node, from, until: world.now(), sound });
    drop(answer.send(result));
}

fn record(database: &Database, operation: Operation) {
    database.state.lock().operations.push(operation);
}

impl Register for Connection {
    fn read<'a>(&'a self, _session: &'a str) -> StoreFuture<'a, Option<Document>> {
        let node = self.node;
        Box::pin(async move {
            let content = self
                .operate(move |database| {
                    let now = database.world.now();
                    let is_stale = now < database.sound_from && database.world.chance(database.faults.stale);
                    if is_stale {
                        database.state.lock().stale.push((node, now));
                    }
                    database.at(if is_stale { now.saturating_sub(database.faults.stale_by) } else { now })
                })
                .await?;
            if let Some(content) = &content {
                self.database.log.seen(self.database.world.now(), self.node, self.life, &content.view);
            }
            Ok(content.map(|content| content.document))
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        _session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        let (node, next) = (self.node, if self.is_newer { newer(next) } else { next.clone() });
        Box::pin(self.operate(move |database| database.swap(node, expected, &next)))
    }

    fn watch<'a>(&'a self, _session: &str) -> Option<BoxFuture<'a, ()>> {
        let Database { world, changed, has_watch, .. } = &*self.database;
        let changed = has_watch.then(|| changed.notified())?;
        Some(Box::pin(async move {
            changed.await;
            if self.database.is_cut_off(self.node).is_some() {
                // The word of a change is lost.
                return pending().await;
            }
            world.sleep(self.database.latency()).await;
        }))
    }

    fn lock_holder<'a>(&'a self, _session: &'a str) -> StoreFuture<'a, HolderLock> {
        let lock = match &mut *self.database.state.lock() {
            _ if !self.database.has_locks => HolderLock::Unsupported,
            State { is_locked: true, .. } => HolderLock::Busy,
            State { is_locked, .. } => {
                *is_locked = true;
                HolderLock::Taken(Box::new(MachineLock(Arc::clone(&self.database))))
            }
        };
        Box::pin(std::future::ready(Ok(lock)))
    }
}

/// The document as a later release would have written it.
fn newer(document: &Document) -> Document {
    let mut record: serde_json::Value = serde_json::from_str(document.text.expose()).expect("a plain record");
    record["v"] = 2.into();
    record["later"] = record["login"]["id"].clone();
    Document { text: Secret::new(record.to_string()), version: document.version }
}

/// Freed when its process ends, because a crash drops the tasks of a node.
struct MachineLock(Arc<Database>);

impl Drop for MachineLock {
    fn drop(&mut self) {
        self.0.state.lock().is_locked = false;
    }
}
