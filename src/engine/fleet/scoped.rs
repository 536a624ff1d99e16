//! A register in which the sessions of one grant have names of their own.
//!
//! Tokens that a program gets without a human depend on what it asks for. Two clients of one store that ask for different scopes
//! would else take each other's tokens for their own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::store::{Document, HolderLock, Register, StoreFuture, Version};

pub struct Scoped {
    pub register: Arc<dyn Register>,
    /// Names what the grant asks for. All processes that ask for the same have the same.
    pub scope: Box<str>,
}

impl Scoped {
    fn name(&self, session: &str) -> String {
        format!("{session} {}", self.scope)
    }
}

impl Register for Scoped {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        let name = self.name(session);
        Box::pin(async move { self.register.read(&name).await })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        let name = self.name(session);
        Box::pin(async move { self.register.compare_and_set(&name, expected, next).await })
    }

    fn set_tombstone<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        let name = self.name(session);
        Box::pin(async move { self.register.set_tombstone(&name, expected, next).await })
    }

    fn tombstone_life(&self) -> Option<Duration> {
        self.register.tombstone_life()
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        self.register.watch(&self.name(session))
    }

    fn needs_program(&self) -> bool {
        self.register.needs_program()
    }

    fn lock_holder<'a>(&'a self, session: &'a str) -> StoreFuture<'a, HolderLock> {
        let name = self.name(session);
        Box::pin(async move { self.register.lock_holder(&name).await })
    }
}

#[cfg(test)]
mod tests;
