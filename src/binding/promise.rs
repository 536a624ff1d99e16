//! Promises that the engine settles, from their creation to the queue that delivers their results.
//!
//! Invariant: only a pending promise of ours and a flight under way keep the event loop running.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt as _;
use napi::{Env, Result};

use super::queue::runtime;
use super::queue::{Item, Queue};
use super::values::Settlement;
use super::values::napi_value::{Deferred, Js, Scope};
use engine::error::Error;

/// Makes the promises of one environment. JavaScript thread only.
pub(super) struct Promises {
    pub(super) queue: Arc<Queue>,
    /// Promises and flights under way.
    pending: Cell<usize>,
    keeps_loop_running: Cell<bool>,
}

impl Promises {
    pub(super) fn new(queue: Arc<Queue>) -> Rc<Self> {
        Rc::new(Self { queue, pending: Cell::new(0), keeps_loop_running: Cell::new(false) })
    }

    /// A promise or a flight begins.
    pub(super) fn begin(&self, env: &Env) -> Result<()> {
        self.pending.set(self.pending.get() + 1);
        if self.keeps_loop_running.replace(true) {
            Ok(())
        } else {
            self.queue.pump.keep_loop_running(env, true)
        }
    }

    /// A promise or a flight ends. The loop runs on until `release_if_idle`.
    pub(super) fn end(&self) {
        self.pending.set(self.pending.get().saturating_sub(1));
    }

    /// Lets the program end if nothing is pending. Called once for each batch, not for each promise.
    pub(super) fn release_if_idle(&self, env: &Env) -> Result<()> {
        let ends = self.pending.get() == 0 && self.keeps_loop_running.replace(false);
        if ends { self.queue.pump.keep_loop_running(env, false) } else { Ok(()) }
    }

    pub(super) fn keeps_loop_running(&self) -> bool {
        self.keeps_loop_running.get()
    }

    /// Returns a pending promise and its settler.
    pub(super) fn pending(&self, env: &Env) -> Result<(Settler, Js)> {
        let (deferred, promise) = Scope::of(*env).promise()?;
        self.begin(env)?;
        let settler = Settler { queue: Arc::clone(&self.queue), deferred: Some(deferred) };
        Ok((settler, promise))
    }

    /// Returns the promise of the result of `work`, which runs on the engine's thread.
    pub(super) fn of<W, F>(&self, env: &Env, work: W) -> Result<Js>
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        let (settler, promise) = self.pending(env)?;
        match runtime::engine() {
            Ok(engine) => engine.spawn(move || work().map(|result| settler.settle(result))),
            Err(error) => settler.settle(Err(error)),
        }
        Ok(promise)
    }
}

/// Settles its promise in any case: dropped by a panic, it rejects with an internal error.
pub(super) struct Settler {
    queue: Arc<Queue>,
    deferred: Option<Deferred>,
}

impl Settler {
    pub(super) fn settle(mut self, result: std::result::Result<Settlement, Error>) {
        if let Some(deferred) = self.deferred.take() {
            self.queue.push(Item::Settle(deferred, result));
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        if let Some(deferred) = self.deferred.take() {
            self.queue.push(Item::Settle(deferred, Err(Error::Internal)));
        }
    }
}
