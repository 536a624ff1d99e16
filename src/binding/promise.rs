//! A promise that the engine settles, from its creation to the queue that delivers its result.

use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};

use super::queue::loop_reference::LoopReference;
use super::queue::runtime;
use super::queue::{Item, Queue};
use super::values::napi_value::{Deferred, Scope, unknown};
use super::values::settlement::Settlement;
use engine::error::Error;

/// Makes promises in one environment and keeps its event loop running until they settle. JavaScript thread only.
#[derive(Clone)]
pub(super) struct Promises {
    pub(super) queue: Arc<Queue>,
    pub(super) loop_reference: Rc<LoopReference>,
}

impl Promises {
    /// Returns a pending promise and its settler.
    pub(super) fn begin<'env>(&self, env: &'env Env) -> Result<(Settler, Unknown<'env>)> {
        let (deferred, promise) = Scope::of(*env).promise()?;
        self.loop_reference.begin(env)?;
        let settler = Settler { queue: Arc::clone(&self.queue), deferred: Some(deferred) };
        Ok((settler, unknown(env, promise)?))
    }

    /// Returns the promise of the result of `work`, which runs on the engine's thread.
    pub(super) fn of<'env, W, F>(&self, env: &'env Env, work: W) -> Result<Unknown<'env>>
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        use futures_util::FutureExt as _;
        let (settler, promise) = self.begin(env)?;
        runtime::spawn(move || work().map(|result| settler.settle(result)));
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
