//! One JavaScript environment: its queue, and what keeps it running.
//!
//! `lib/crossing/environment.js` makes one for each environment. Invariant: the event loop is held while a promise of ours is pending
//! or a flight is under way, and by nothing else.

#![allow(unsafe_code, reason = "the crossing")]

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use napi::bindgen_prelude::{Function, Object, Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::call::{Arg, Call, Reply};
use super::napi_value::{Js, Scope};
use super::promise::Promises;
use super::queue::{Item, Queue};
use super::threadsafe_function::Wake;
use super::tokens::{self, NativeTokens};
use super::{callbacks, errors};
use engine::error::Error;
use engine::token::Tokens;

#[napi]
pub struct Port {
    promises: Promises,
}

/// How much of this environment's business is pending. JavaScript thread only.
pub(super) struct Life {
    queue: Arc<Queue>,
    pending: Cell<usize>,
    held: Cell<bool>,
}

#[napi]
impl Port {
    /// `pump` calls `drain` until it returns nothing. It is called when the queue is no longer empty. `resource` is
    /// what async hooks are shown for it.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, pump: Function<'_, (), Unknown<'static>>, resource: Object<'_>) -> Result<Self> {
        let queue = Queue::new();
        queue.attach(Wake::new(env, pump, resource)?);
        env.add_env_cleanup_hook(Arc::clone(&queue), |queue| queue.close())?;
        let life = Life { queue: Arc::clone(&queue), pending: Cell::new(0), held: Cell::new(false) };
        Ok(Self { promises: Promises { queue, life: Rc::new(life) } })
    }

    /// Settles promises until it meets a call for JavaScript, which it returns as `[client, name, number, ...args]`;
    /// undefined when the queue is empty.
    #[napi(catch_unwind, ts_return_type = "[number, string, number, ...unknown[]] | undefined")]
    pub fn drain<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let scope = Scope::of(*env);
        let Promises { queue, life } = &self.promises;
        while let Some(item) = queue.pop() {
            match item {
                Item::Settle(deferred, result) => {
                    life.end();
                    scope.settle(deferred, result, &self.promises);
                }
                Item::Hold(client) => {
                    life.begin(env)?;
                    return self.call(env, &Call::notice(client, "hold"));
                }
                Item::Release(client) => {
                    life.end();
                    return self.call(env, &Call::notice(client, "release"));
                }
                Item::Call(call) => return self.call(env, &call),
            }
        }
        life.rest(env)?;
        unknown(env, scope.undefined()?)
    }

    /// Whether the event loop is held at the moment.
    #[napi(catch_unwind)]
    pub fn holds(&self) -> bool {
        self.promises.life.held.get()
    }

    #[napi(catch_unwind)]
    pub fn answer(&self, number: u32, value: Option<napi::Either<bool, String>>) {
        self.promises.queue.answer(
            number,
            match value {
                None => Reply::Done,
                Some(napi::Either::A(flag)) => Reply::Flag(flag),
                Some(napi::Either::B(text)) => Reply::Text(text),
            },
        );
    }

    #[napi(catch_unwind)]
    pub fn answer_tokens(&self, number: u32, tokens: NativeTokens) {
        let reply = match Tokens::try_from(tokens) {
            Ok(tokens) => Reply::Tokens(tokens),
            Err(_) => Reply::Failed { kind: "malformed".into(), retry_after: None, thrown: 0 },
        };
        self.promises.queue.answer(number, reply);
    }

    /// `thrown` is the number under which JavaScript keeps the value, 0 for none.
    #[napi(catch_unwind)]
    pub fn answer_failed(&self, number: u32, kind: String, retry_after: Option<f64>, thrown: u32) {
        self.promises.queue.answer(number, Reply::Failed { kind, retry_after, thrown });
    }

    /// Ends the request that was sent under this number.
    #[napi(catch_unwind)]
    pub fn abort(&self, number: u32) {
        self.promises.queue.abort(number);
    }

    /// The next part of a body that Rust asked for. False: no more until `resumeUpload` or `stopUpload`.
    #[napi(catch_unwind)]
    pub fn feed(&self, upload: u32, chunk: Uint8Array) -> bool {
        let channel = self.promises.queue.upload(upload);
        channel.is_some_and(|channel| channel.feed(Bytes::copy_from_slice(&chunk)))
    }

    /// That body's end: complete, or what it failed with, as `thrown` in `answerFailed`. False if nobody wants to know.
    #[napi(catch_unwind)]
    pub fn end_feed(&self, upload: u32, thrown: Option<u32>) -> bool {
        let queue = &self.promises.queue;
        let Some(channel) = queue.upload(upload) else { return false };
        let failed = |number| Error::Body { cause: callbacks::kept(queue, number) };
        channel.end(thrown.map_or(Ok(()), |number| Err(failed(number))));
        true
    }

    fn call<'env>(&self, env: &'env Env, call: &Call) -> Result<Unknown<'env>> {
        call.entered.fire();
        let scope = Scope::of(*env);
        let mut items = Vec::with_capacity(3 + call.args.len());
        items.push(scope.number(f64::from(call.client))?);
        items.push(scope.text(call.name)?);
        items.push(scope.number(f64::from(call.number))?);
        for arg in &call.args {
            items.push(self.arg(scope, arg)?);
        }
        unknown(env, scope.array(&items)?)
    }

    fn arg(&self, scope: Scope, arg: &Arg) -> Result<Js> {
        match arg {
            Arg::Null => scope.null(),
            Arg::Number(number) => scope.number(*number),
            Arg::Text(text) => scope.text(text),
            Arg::Latin1(text) => scope.latin1(text),
            Arg::Secret(secret) => scope.text(secret.expose()),
            Arg::Body(body) => scope.buffer(body),
            Arg::Tokens(tokens) => tokens::write(scope, tokens),
            Arg::Error(error) => errors::raw(scope, error, self.promises.queue.id),
        }
    }

    pub(super) fn promises(&self) -> &Promises {
        &self.promises
    }
}

impl Life {
    /// One more thing is pending.
    pub(super) fn begin(&self, env: &Env) -> Result<()> {
        self.pending.set(self.pending.get() + 1);
        if self.held.replace(true) {
            return Ok(());
        }
        self.queue.wake().map_or(Ok(()), |wake| wake.refer(env))
    }

    fn end(&self) {
        self.pending.set(self.pending.get().saturating_sub(1));
    }

    /// Lets go of the event loop if nothing is pending. Once for each batch, not for each promise.
    fn rest(&self, env: &Env) -> Result<()> {
        if self.pending.get() > 0 || !self.held.replace(false) {
            return Ok(());
        }
        self.queue.wake().map_or(Ok(()), |wake| wake.unrefer(env))
    }
}

pub(super) fn unknown(env: &Env, value: Js) -> Result<Unknown<'_>> {
    // SAFETY: the handle was made in this environment, in the scope of this call.
    unsafe { napi::bindgen_prelude::FromNapiValue::from_napi_value(env.raw(), value.0) }
}
