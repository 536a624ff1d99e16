//! `TokenClient`'s native half: starts each call on the engine's thread and returns its promise.
//!
//! [`external`] has the calls for requests of other HTTP clients, and [`stats`] has counters.

mod external;
mod stats;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::Either;
use napi::bindgen_prelude::{Either3, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use slab::Slab;

use super::aborts::Abortable;
use super::bodies::upload::{NativeSource, Upload};
use super::environment::{Crossing, Environment};
use super::options::{NativeRetry, RequestParts, Settings, ms};
use super::part_of::Whole;
use super::queue::ahead::Ahead;
use super::queue::runtime;
use super::resolve;
use super::tries::TracedRequest;
use super::values::Settlement;
use super::values::errors;
use super::values::napi_value::{Js, Scope};
use super::values::native_answer::NativeAnswer;
use super::values::tokens::NativeTokens;
use engine::client::{Client as EngineClient, Config, Tries};
use engine::error::Error;
use engine::http::Payload;
use engine::secret::Secret;
use engine::session::registry::keeper::keep_alive;
use engine::token::Tokens;

/// A client and its sessions. JavaScript names a session by a number, because an object of this class costs it 300 bytes.
/// `lib/crossing/environment.js` tells when the number is of no more use.
#[napi]
pub struct Client {
    config: Arc<Config>,
    /// The number of the client's callbacks.
    number: u32,
    sessions: RefCell<Slab<Arc<EngineClient>>>,
    crossing: Rc<Crossing>,
}

#[napi]
impl Client {
    /// `number` is the one that `lib/crossing/environment.js` gave this client's callbacks.
    #[napi(constructor, catch_unwind)]
    pub fn new(environment: &Environment, number: u32, settings: Settings) -> Result<Self, String> {
        let crossing = Rc::clone(&environment.crossing);
        let queue = Arc::clone(&crossing.promises.queue);
        let config = settings.into_config(queue, number).map_err(errors::thrown_now)?;
        let config = Arc::new(config);
        if let Some(longest) = config.participant.policy.keep_alive {
            let (by, registry) = (Arc::downgrade(&config.participant), Arc::downgrade(&config.registry));
            let engine = runtime::engine().map_err(errors::thrown_now)?;
            engine.spawn(move || keep_alive(by, registry, longest));
        }
        Ok(Self { config, number, sessions: RefCell::default(), crossing })
    }

    /// Returns the number of a session, which is held until `forget`.
    #[napi(catch_unwind)]
    pub fn session(&self, key: String) -> u32 {
        let session = EngineClient::new(Arc::clone(&self.config), &key);
        self.sessions.borrow_mut().insert(Arc::new(session)) as u32
    }

    /// Returns the key of the session, for errors: JavaScript does not keep the keys of a hundred thousand sessions.
    #[napi(catch_unwind)]
    pub fn key(&self, session: u32) -> String {
        self.engine(session).session.key().to_owned()
    }

    #[napi(catch_unwind)]
    pub fn forget(&self, session: u32) {
        let session = self.sessions.borrow_mut().try_remove(session as usize);
        drop(session);
    }

    /// Sends a request. `lib/crossing/native-request.js`, the one caller, passes what [`RequestParts`] describes, and:
    /// `body`, text, bytes or a body that JavaScript makes while it is sent; `number`, which `Environment.abort` names.
    /// Arguments that are undefined at the end may be left out. The promise resolves as `native_answer.rs` says.
    #[napi(catch_unwind, ts_return_type = "Promise<[number, string, string | Buffer | null, Download?]>")]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would cost more than the request's whole crossing"
    )]
    pub fn send(
        &self,
        env: &Env,
        session: u32,
        url: String,
        method: String,
        flags: u32,
        query: Option<String>,
        headers: Option<String>,
        body: Option<Either3<String, Uint8Array, NativeSource>>,
        timeout: Option<f64>,
        number: Option<u32>,
        retry: Option<NativeRetry>,
    ) -> Result<Js> {
        let parts = RequestParts { url, method, flags, query, headers, timeout, retry };
        // Copied now, because JavaScript may write to its buffer as soon as `send` returns.
        let body = body.map_or_else(Payload::default, |body| match body {
            Either3::A(text) => Bytes::from(text).into(),
            Either3::B(bytes) => Bytes::copy_from_slice(&bytes).into(),
            Either3::C(source) => {
                Payload::Stream(Arc::new(Upload::new(Arc::clone(&self.crossing.uploads), source)))
            }
        });
        let traced = number.filter(|_| flags >> 24 & 1 == 1);
        let tries = traced.map(|request| {
            let queue = Arc::clone(&self.crossing.promises.queue);
            Arc::new(TracedRequest { queue, client: self.number, request }) as Arc<dyn Tries>
        });
        let abortable = number.map(|number| Abortable::new(&self.crossing.aborts, number));
        self.start(env, session, move |engine| {
            // Made before the async block, because the block would keep the parts beside the request made of them.
            let request = parts.into_request(body, engine.config.rules.limits.time, tries).map(Box::new);
            async move {
                // Boxed, because tokio moves a task eight times, and this future is 2 KB.
                let sending = engine.send(request?);
                let mut sending = Box::pin(match traced {
                    None => Either::Left(sending),
                    Some(number) => Either::Right(Whole::Request(number).with(sending)),
                });
                let answer = match abortable {
                    None => sending.await?,
                    Some(mut abortable) => tokio::select! {
                        biased;
                        () = abortable.aborted() => return Err(Error::Aborted),
                        answer = &mut sending => answer?,
                    },
                };
                Ok(Settlement::Answer(NativeAnswer::new(answer)))
            }
        })
    }

    /// Gives the token at once if it is at hand. `valid_for`: how long it is to live, ms.
    #[napi(catch_unwind, ts_return_type = "string | Promise<string>")]
    pub fn access_token(&self, env: &Env, session: u32, valid_for: f64) -> Result<Js> {
        let valid_for = ms(valid_for);
        if let Some(held) = self.ahead().at_once(|| self.engine(session).access_token_now(valid_for)) {
            return self.resolved(env, Settlement::AccessToken(held));
        }
        self.start(env, session, move |engine| async move {
            engine.access_token(valid_for).await.map(Settlement::AccessToken)
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[] | null>")]
    pub fn tokens(&self, env: &Env, session: u32) -> Result<Js> {
        self.start(env, session, |engine| async move { engine.tokens().await.map(Settlement::Tokens) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn set_tokens(&self, env: &Env, session: u32, tokens: Option<NativeTokens>) -> Result<Js> {
        let tokens = tokens.map(Tokens::try_from).transpose();
        self.change(env, session, |engine| async move {
            engine.set_tokens(tokens?).await.map(|()| Settlement::Done)
        })
    }

    /// Revokes the tokens at the authorization server, and logs out.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn revoke(&self, env: &Env, session: u32) -> Result<Js> {
        self.change(env, session, |engine| async move { engine.revoke().await.map(|()| Settlement::Done) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[]>")]
    pub fn rotate(&self, env: &Env, session: u32, rejected: Option<String>) -> Result<Js> {
        let rejected = rejected.map(Secret::new);
        self.start(env, session, |engine| async move {
            engine.rotate(rejected.as_ref()).await.map(|held| Settlement::Tokens(Some(held)))
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close(&self, env: &Env, session: u32) -> Result<Js> {
        self.change(env, session, |engine| async move {
            engine.close().await;
            Ok(Settlement::Done)
        })
    }

    fn engine(&self, session: u32) -> Arc<EngineClient> {
        Arc::clone(&self.sessions.borrow()[session as usize])
    }

    fn ahead(&self) -> &Arc<Ahead> {
        &self.crossing.promises.queue.ahead
    }

    /// Makes what a promise would resolve with.
    fn resolved(&self, env: &Env, settlement: Settlement) -> Result<Js> {
        resolve::value(Scope::of(*env), settlement, &self.crossing.promises)
    }

    /// Starts a call after which others get other tokens, or none.
    fn change<W, F>(&self, env: &Env, session: u32, work: W) -> Result<Js>
    where
        W: FnOnce(Arc<EngineClient>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        let change = self.ahead().change();
        self.start(env, session, |engine| change.begin(work(engine)))
    }

    fn start<W, F>(&self, env: &Env, session: u32, work: W) -> Result<Js>
    where
        W: FnOnce(Arc<EngineClient>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        let engine = self.engine(session);
        self.crossing.promises.of(env, move || work(engine))
    }
}
