//! A promise that the engine settles, from its making to the queue that delivers it.

use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};

use super::environment::{Life, unknown};
use super::napi_value::Scope;
use super::queue::{Item, Queue};
use super::resolve::{Deferred, Settlement};
use super::runtime;
use engine::error::Error;

/// What makes promises in one environment, and keeps it running until they settle. JavaScript thread only.
#[derive(Clone)]
pub(super) struct Promises {
    pub(super) queue: Arc<Queue>,
    pub(super) life: Rc<Life>,
}

impl Promises {
    /// A promise, and what settles it.
    pub(super) fn begin<'env>(&self, env: &'env Env) -> Result<(Settler, Unknown<'env>)> {
        let (deferred, promise) = Scope::of(*env).promise()?;
        self.life.begin(env)?;
        let settler = Settler { queue: Arc::clone(&self.queue), deferred: Some(deferred) };
        Ok((settler, unknown(env, promise)?))
    }

    /// The promise of what `work`, on the engine's thread, comes to.
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

/// Settles its promise, whatever happens: dropped by a panic, it says so.
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
