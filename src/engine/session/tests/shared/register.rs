//! A register that two processes share: every call takes a millisecond, and fails while the store is down.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;

use crate::session::tests::support::*;
use crate::store::testing::{Call, MemoryRegister};
use crate::store::{Document, Register, StoreFuture, Version};

#[derive(Default)]
pub(super) struct FakeRegister {
    memory: MemoryRegister,
    down: AtomicBool,
    watched: AtomicBool,
    needs_program: AtomicBool,
}

impl FakeRegister {
    pub(super) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    pub(super) fn next_writes(&self, calls: impl IntoIterator<Item = Call>) {
        self.memory.next_writes(calls);
    }

    pub(super) fn tells_of_changes(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_needs_program(&self) {
        self.needs_program.store(true, Ordering::Relaxed);
    }

    /// Reads and writes since the last call.
    pub(super) fn calls(&self) -> (usize, usize) {
        self.memory.calls()
    }

    pub(super) fn documents(&self) -> HashMap<String, Document> {
        self.memory.documents()
    }

    /// The store goes back to what it held then.
    pub(super) fn restore(&self, documents: HashMap<String, Document>) {
        self.memory.restore(documents);
    }
}

impl Register for FakeRegister {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move {
            tokio::time::sleep(ms(1)).await;
            if self.down.load(Ordering::Relaxed) {
                self.memory.next_reads([Call::Fails]);
            }
            self.memory.read(session).await
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            tokio::time::sleep(ms(1)).await;
            if self.down.load(Ordering::Relaxed) {
                self.memory.next_writes([Call::Fails]);
            }
            self.memory.compare_and_set(session, expected, next).await
        })
    }

    fn needs_program(&self) -> bool {
        self.needs_program.load(Ordering::Relaxed)
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        self.watched.load(Ordering::Relaxed).then(|| self.memory.watch(session)).flatten()
    }
}
