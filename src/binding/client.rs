//! `TokenClient`'s native half: starts each call on the engine's thread and returns its promise.
//!
//! [`send`] sends requests, [`external`] has the calls for requests of other HTTP clients, and [`stats`] has counters.

mod external;
mod numbered;
mod send;
mod stats;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Function;
use napi::{Env, Result, Status};
use napi_derive::napi;

use super::environment::{Crossing, Environment};
use super::options::{Settings, ms};
use super::queue::ahead::Ahead;
use super::queue::runtime;
use super::resolve;
use super::values::Settlement;
use super::values::errors;
use super::values::napi_value::{Js, Scope};
use super::values::tokens::NativeTokens;
use engine::client::{Client as EngineClient, Config};
use engine::error::Error;
use engine::secret::Secret;
use engine::session::registry::keeper::keep_alive;
use engine::token::Tokens;
use numbered::Numbered;

/// A client and its sessions. JavaScript names a session by a number, because an object of this class costs it 300 bytes.
/// `lib/crossing/environment.js` tells when the number is of no more use.
#[napi]
pub struct Client {
    shared: Rc<Shared>,
}

/// The Rust half of a client. The function that sends its requests has a weak reference to it.
struct Shared {
    config: Arc<Config>,
    /// The number of the client's callbacks.
    number: u32,
    sessions: RefCell<Numbered<Arc<EngineClient>>>,
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
        let shared = Shared { config, number, sessions: RefCell::default(), crossing };
        Ok(Self { shared: Rc::new(shared) })
    }

    /// Returns the number of a session, which is held until `forget`.
    #[napi(catch_unwind)]
    pub fn session(&self, key: String) -> u32 {
        let session = EngineClient::new(Arc::clone(&self.shared.config), &key);
        self.shared.sessions.borrow_mut().add(Arc::new(session))
    }

    /// Returns the key of the session, for errors: JavaScript does not keep the keys of a hundred thousand sessions.
    #[napi(catch_unwind)]
    pub fn key(&self, session: u32) -> String {
        self.shared.engine(session).session.key().to_owned()
    }

    #[napi(catch_unwind)]
    pub fn forget(&self, session: u32) {
        let session = self.shared.sessions.borrow_mut().remove(session);
        drop(session);
    }

    /// Returns the function that sends requests, as `send.rs` describes it.
    #[napi(
        catch_unwind,
        ts_return_type = "(session: number, url: string, flags: number, method?: string, query?: string, \
            headers?: string, body?: string | Uint8Array | NativeSource, timeout?: number, number?: number, \
            retry?: NativeRetry) => Promise<[number, string, string | Buffer | null, Download?]>"
    )]
    pub fn sender<'env>(&self, env: &'env Env) -> Result<Function<'env, (), Js>> {
        // Weak, because Bun never frees the closure of a function that it collects while a worker ends. The sessions would stay.
        let shared = Rc::downgrade(&self.shared);
        env.create_function_from_closure("send", move |call| {
            // It is there: the function is called on its client only, and so the client lives.
            shared.upgrade().ok_or_else(|| napi::Error::from_status(Status::Closing))?.send(&call)
        })
    }

    /// Gives the token at once if it is at hand. `valid_for`: how long it is to live, ms.
    #[napi(catch_unwind, ts_return_type = "string | Promise<string>")]
    pub fn access_token(&self, env: &Env, session: u32, valid_for: f64) -> Result<Js> {
        let valid_for = ms(valid_for);
        if let Some(held) =
            self.shared.ahead().at_once(|| self.shared.engine(session).access_token_now(valid_for))
        {
            return self.shared.resolved(env, Settlement::AccessToken(held));
        }
        self.shared.start(env, session, move |engine| async move {
            engine.access_token(valid_for).await.map(Settlement::AccessToken)
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[] | null>")]
    pub fn tokens(&self, env: &Env, session: u32) -> Result<Js> {
        self.shared.start(env, session, |engine| async move { engine.tokens().await.map(Settlement::Tokens) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn set_tokens(&self, env: &Env, session: u32, tokens: Option<NativeTokens>) -> Result<Js> {
        let tokens = tokens.map(Tokens::try_from).transpose();
        self.shared.change(env, session, |engine| async move {
            engine.set_tokens(tokens?).await.map(|()| Settlement::Done)
        })
    }

    /// Revokes the tokens at the authorization server, and logs out.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn revoke(&self, env: &Env, session: u32) -> Result<Js> {
        self.shared.change(
            env,
            session,
            |engine| async move { engine.revoke().await.map(|()| Settlement::Done) },
        )
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[]>")]
    pub fn rotate(&self, env: &Env, session: u32, rejected: Option<String>) -> Result<Js> {
        let rejected = rejected.map(Secret::new);
        self.shared.start(env, session, |engine| async move {
            engine.rotate(rejected.as_ref()).await.map(|held| Settlement::Tokens(Some(held)))
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close(&self, env: &Env, session: u32) -> Result<Js> {
        self.shared.change(env, session, |engine| async move {
            engine.close().await;
            Ok(Settlement::Done)
        })
    }
}

impl Shared {
    fn engine(&self, session: u32) -> Arc<EngineClient> {
        self.sessions.borrow().get(session)
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
