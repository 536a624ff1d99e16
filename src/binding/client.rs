//! `TokenClient`'s native half: starts each call on the engine's thread and returns its promise.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use bytes::Bytes;
use futures_util::FutureExt;
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi::{Either, Env, Result};
use napi_derive::napi;

use super::callbacks::Callbacks;
use super::options::{Settings, headers, ms};
use super::port::{Life, Port, unknown};
use super::queue::{Item, Queue};
use super::settle::{Deferred, Packed, Scope, Settlement};
use super::tokens::NativeTokens;
use super::{errors, runtime};
use crate::engine::client::{Client as Engine, Request};
use crate::engine::error::Error;
use crate::engine::http::RedirectMode;
use crate::engine::secret::Secret;
use crate::engine::token::Tokens;

#[napi]
pub struct Client {
    engine: Arc<Engine>,
    queue: Arc<Queue>,
    life: Rc<Life>,
}

#[napi]
impl Client {
    /// `number` is what `lib/callbacks.js` knows this client's callbacks by.
    #[napi(constructor, catch_unwind)]
    pub fn new(port: &Port, number: u32, settings: Settings) -> Result<Self, String> {
        let queue = Arc::clone(port.queue());
        let callbacks = Callbacks { queue: Arc::clone(&queue), client: number, patience: Duration::ZERO };
        let key = settings.session.clone();
        let shared = settings.into_shared(callbacks).map_err(|error| errors::thrown_now(&error))?;
        Ok(Self {
            engine: Arc::new(Engine::new(Arc::new(shared), &key)),
            queue,
            life: Rc::clone(port.life()),
        })
    }

    #[napi(catch_unwind)]
    pub fn session(&self, key: String) -> Self {
        let engine = Arc::new(self.engine.session(&key));
        Self { engine, queue: Arc::clone(&self.queue), life: Rc::clone(&self.life) }
    }

    /// `flags`: 1 skips the token, redirect mode + 1 is in the next three bits. `number` is what `abort` knows the
    /// request by, 0 for never.
    #[napi(catch_unwind, ts_return_type = "Promise<[number, string, string | Buffer | null]>")]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would cost more than the request's whole crossing"
    )]
    pub fn send<'env>(
        &self,
        env: &'env Env,
        url: String,
        method: String,
        flags: u32,
        query: Option<String>,
        headers: Option<String>,
        body: Option<Either<String, Uint8Array>>,
        timeout: Option<f64>,
        number: Option<u32>,
    ) -> Result<Unknown<'env>> {
        let draft = Draft { url, method, flags, query, headers, timeout };
        // Copied now: JavaScript may write to its buffer as soon as this returns.
        let body = body.map_or_else(Bytes::new, |body| match body {
            Either::A(text) => Bytes::from(text),
            Either::B(bytes) => Bytes::copy_from_slice(&bytes),
        });
        let abortable = number.map(|number| self.queue.abortable(number));
        self.start(env, move |engine| {
            // Made out here: an async block keeps what it is given besides what becomes of it.
            let request = draft.request(body, engine.shared().timeout).map(Box::new);
            async move {
                // Pinned: each place that awaits it would otherwise have room for all of it.
                let mut sending = pin!(engine.send(request?));
                let answer = match abortable {
                    None => sending.await?,
                    Some(mut abortable) => tokio::select! {
                        biased;
                        () = abortable.aborted() => return Err(Error::Aborted),
                        answer = &mut sending => answer?,
                    },
                };
                Ok(Settlement::Answer(Packed::new(answer)))
            }
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn access_token<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        self.start(env, |engine| async move { engine.access_token().await.map(Settlement::AccessToken) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[] | null>")]
    pub fn tokens<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        self.start(env, |engine| async move { engine.tokens().await.map(Settlement::Tokens) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn set_tokens<'env>(&self, env: &'env Env, tokens: Option<NativeTokens>) -> Result<Unknown<'env>> {
        let tokens = tokens.map(Tokens::try_from).transpose();
        self.start(env, |engine| async move {
            let tokens = tokens.map_err(|malformed| Error::InvalidOption(format!("tokens: {malformed}")))?;
            engine.set_tokens(tokens).await.map(|()| Settlement::Done)
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[]>")]
    pub fn rotate<'env>(&self, env: &'env Env, rejected: Option<String>) -> Result<Unknown<'env>> {
        let rejected = rejected.map(Secret::new);
        self.start(env, |engine| async move {
            engine.rotate(rejected.as_ref()).await.map(|held| Settlement::Tokens(Some(held)))
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        self.start(env, |engine| async move {
            engine.close().await;
            Ok(Settlement::Done)
        })
    }

    /// In the order of `lib/client.js`.
    #[napi(catch_unwind)]
    #[allow(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub fn stats(&self) -> Vec<f64> {
        let shared = self.engine.shared();
        let counters = &shared.provider.counters;
        let queue = &shared.provider.queue;
        let counts = [
            counters.requests.get(),
            counters.replays.get(),
            queue.len() as u64,
            queue.peak() as u64,
            counters.rotations.get(),
            counters.rotations_failed.get(),
            counters.adopted.get(),
            counters.reuse_suspected.get(),
            counters.ambiguous.get(),
            counters.persist_retries.get(),
            shared.registry.sessions().len() as u64,
        ];
        counts.iter().map(|count| *count as f64).collect()
    }

    fn start<'env, W, F>(&self, env: &'env Env, work: W) -> Result<Unknown<'env>>
    where
        W: FnOnce(Arc<Engine>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        let scope = Scope::of(*env);
        let (deferred, promise) = scope.promise()?;
        self.life.begin(env)?;
        let settler = Settler { queue: Arc::clone(&self.queue), deferred: Some(deferred) };
        let engine = Arc::clone(&self.engine);
        runtime::spawn(move || work(engine).map(|result| settler.settle(result)));
        unknown(env, promise)
    }
}

/// Settles its promise, whatever happens: dropped by a panic, it says so.
struct Settler {
    queue: Arc<Queue>,
    deferred: Option<Deferred>,
}

impl Settler {
    fn settle(mut self, result: std::result::Result<Settlement, Error>) {
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

/// A request as it crossed.
struct Draft {
    url: String,
    method: String,
    flags: u32,
    query: Option<String>,
    headers: Option<String>,
    timeout: Option<f64>,
}

impl Draft {
    fn request(self, body: Bytes, timeout: Duration) -> std::result::Result<Request, Error> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| Error::InvalidOption("method must be an HTTP method".into()))?;
        Ok(Request {
            method,
            url: self.url,
            query: self.query.unwrap_or_default(),
            headers: self.headers.as_deref().map(headers).transpose()?.unwrap_or_default(),
            body,
            timeout: self.timeout.map_or(timeout, ms),
            skip_auth: self.flags & 1 == 1,
            redirect: match self.flags >> 1 {
                1 => Some(RedirectMode::SameOrigin),
                2 => Some(RedirectMode::Follow),
                3 => Some(RedirectMode::Error),
                4 => Some(RedirectMode::Manual),
                _ => None,
            },
        })
    }
}
