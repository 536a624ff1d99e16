//! Keeps a program's event loop running. JavaScript thread only.
//!
//! Invariant: the event loop is kept running while a promise of ours is pending or a flight is under way, and by nothing
//! else.

use std::cell::Cell;
use std::sync::Arc;

use napi::{Env, Result};

use super::threadsafe_function::ThreadsafeFunction;

pub(crate) struct LoopReference {
    pump: Arc<ThreadsafeFunction>,
    /// Promises and flights under way.
    pending: Cell<usize>,
    referenced: Cell<bool>,
}

impl LoopReference {
    pub(crate) fn new(pump: Arc<ThreadsafeFunction>) -> Self {
        Self { pump, pending: Cell::new(0), referenced: Cell::new(false) }
    }

    /// A promise or a flight begins.
    pub(crate) fn begin(&self, env: &Env) -> Result<()> {
        self.pending.set(self.pending.get() + 1);
        if self.referenced.replace(true) {
            return Ok(());
        }
        self.pump.reference(env)
    }

    /// A promise or a flight ends. The loop stays referenced until `release_if_idle`.
    pub(crate) fn end(&self) {
        self.pending.set(self.pending.get().saturating_sub(1));
    }

    /// Lets the program end if nothing is pending. Called once for each batch, not for each promise.
    pub(crate) fn release_if_idle(&self, env: &Env) -> Result<()> {
        if self.pending.get() > 0 || !self.referenced.replace(false) {
            return Ok(());
        }
        self.pump.unreference(env)
    }

    pub(crate) fn is_referenced(&self) -> bool {
        self.referenced.get()
    }
}
