//! `TokenClient`'s native half: starts each call on the engine's thread and returns its promise.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ::http::Method;
use bytes::Bytes;
use futures_util::future::Either;
use napi::bindgen_prelude::{Either3, Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;
use slab::Slab;
use url::Url;

use super::aborts::Abortable;
use super::bodies::upload::{NativeSource, Upload};
use super::environment::{Crossing, Environment};
use super::next_hop::{NativeExchange, NativeHop};
use super::options::{NativeRetry, RequestParts, Settings, ms};
use super::part_of::Whole;
use super::queue::ahead::Ahead;
use super::queue::runtime;
use super::resolve;
use super::tries::TracedRequest;
use super::values::Settlement;
use super::values::errors;
use super::values::napi_value::{Scope, unknown};
use super::values::native_answer::NativeAnswer;
use super::values::tokens::NativeTokens;
use engine::client::{Client as EngineClient, Config, OriginCount, Proof, Tries, endpoint};
use engine::error::Error;
use engine::http::Payload;
use engine::secret::Secret;
use engine::session::registry::keeper::keep_alive;
use engine::session::{Sending, Stamp};
use engine::token::Tokens;

/// The access token that a session holds, and which one it is.
#[napi(object, object_from_js = false)]
pub struct Now {
    pub access_token: Option<String>,
    pub epoch: f64,
    pub generation: f64,
}

/// A proof for one sending, and the nonce in it, empty for none.
#[napi(object, object_from_js = false)]
pub struct NativeProof {
    pub header: String,
    pub nonce: String,
}

/// Requests to one origin.
#[napi(object, object_from_js = false)]
pub struct NativeOriginStats {
    pub origin: String,
    pub requests: f64,
    pub client_errors: f64,
    pub server_errors: f64,
    pub failed: f64,
    pub replays: f64,
    pub retries: f64,
    pub duration_ms: f64,
}

impl From<(String, OriginCount)> for NativeOriginStats {
    fn from((origin, count): (String, OriginCount)) -> Self {
        Self {
            origin,
            requests: count.requests as f64,
            client_errors: count.client_errors as f64,
            server_errors: count.server_errors as f64,
            failed: count.failed as f64,
            replays: count.replays as f64,
            retries: count.retries as f64,
            duration_ms: count.time.as_secs_f64() * 1000.0,
        }
    }
}

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
    pub fn send<'env>(
        &self,
        env: &'env Env,
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
    ) -> Result<Unknown<'env>> {
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
    pub fn access_token<'env>(&self, env: &'env Env, session: u32, valid_for: f64) -> Result<Unknown<'env>> {
        let valid_for = ms(valid_for);
        if let Some(held) = self.ahead().at_once(|| self.engine(session).access_token_now(valid_for)) {
            return self.resolved(env, Settlement::AccessToken(held));
        }
        self.start(env, session, move |engine| async move {
            engine.access_token(valid_for).await.map(Settlement::AccessToken)
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[] | null>")]
    pub fn tokens<'env>(&self, env: &'env Env, session: u32) -> Result<Unknown<'env>> {
        self.start(env, session, |engine| async move { engine.tokens().await.map(Settlement::Tokens) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn set_tokens<'env>(
        &self,
        env: &'env Env,
        session: u32,
        tokens: Option<NativeTokens>,
    ) -> Result<Unknown<'env>> {
        let tokens = tokens.map(Tokens::try_from).transpose();
        self.change(env, session, |engine| async move {
            engine.set_tokens(tokens?).await.map(|()| Settlement::Done)
        })
    }

    /// Revokes the tokens at the authorization server, and logs out.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn revoke<'env>(&self, env: &'env Env, session: u32) -> Result<Unknown<'env>> {
        self.change(env, session, |engine| async move { engine.revoke().await.map(|()| Settlement::Done) })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<unknown[]>")]
    pub fn rotate<'env>(
        &self,
        env: &'env Env,
        session: u32,
        rejected: Option<String>,
    ) -> Result<Unknown<'env>> {
        let rejected = rejected.map(Secret::new);
        self.start(env, session, |engine| async move {
            engine.rotate(rejected.as_ref()).await.map(|held| Settlement::Tokens(Some(held)))
        })
    }

    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env, session: u32) -> Result<Unknown<'env>> {
        self.change(env, session, |engine| async move {
            engine.close().await;
            Ok(Settlement::Done)
        })
    }

    /// In the order of `STATS` in `lib/client.js`.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> Vec<f64> {
        let config = &self.config;
        let counters = &config.participant.counters;
        let waiting = &config.participant.waiting;
        let counts = [
            counters.requests.get(),
            counters.replays.get(),
            counters.retries.get(),
            waiting.count() as u64,
            waiting.peak() as u64,
            counters.rotations.get(),
            counters.rotations_failed.get(),
            counters.adopted.get(),
            counters.reuse_suspected.get(),
            counters.ambiguous.get(),
            counters.persist_retries.get(),
            config.registry.in_use() as u64,
            counters.lease_waits.get(),
            counters.lease_wait_ms.get(),
            counters.reclaimed.get(),
            counters.fenced.get(),
            counters.orphan_intents.get(),
            counters.candidates.get(),
        ];
        counts.iter().map(|count| *count as f64).collect()
    }

    /// Requests that have ended, by origin.
    #[napi(catch_unwind)]
    pub fn origin_stats(&self) -> Vec<NativeOriginStats> {
        self.config.origin_counts.all().into_iter().map(NativeOriginStats::from).collect()
    }

    /// Gives a request of another HTTP client `[value, epoch, generation]`: its auth header, null without a login,
    /// and the token's stamp. No promise if both are at hand. `epoch`: of a request that is sent again.
    #[napi(
        catch_unwind,
        ts_return_type = "[string | null, number, number] | Promise<[string | null, number, number]>"
    )]
    pub fn authorise<'env>(&self, env: &'env Env, session: u32, epoch: Option<f64>) -> Result<Unknown<'env>> {
        let epoch = epoch.map(|epoch| epoch as u64);
        if let Some(authorised) = self.ahead().at_once(|| self.engine(session).authorise_now(epoch)) {
            return self.resolved(env, Settlement::Authorised(Some(authorised)));
        }
        self.start(env, session, move |engine| async move {
            engine.authorise(epoch).await.map(Some).map(Settlement::Authorised)
        })
    }

    /// Tells the session that the token of this stamp was rejected, and with which `www-authenticate`. `to` is the method, a
    /// space and the URL. Resolves as `authorise` does, for sending the request again, or with null if the rejection goes to
    /// the caller. `proven`: the nonce of the proof in it, empty for none; undefined if it had no proof.
    #[napi(catch_unwind, ts_return_type = "Promise<[string | null, number, number] | null>")]
    #[allow(clippy::too_many_arguments, reason = "an object costs more to cross")]
    pub fn rejected<'env>(
        &self,
        env: &'env Env,
        session: u32,
        epoch: f64,
        generation: f64,
        to: String,
        replayed: bool,
        challenge: Option<String>,
        proven: Option<String>,
    ) -> Result<Unknown<'env>> {
        let sending = sending(epoch, generation, &to, replayed);
        let url = proven.as_ref().and_then(|_| destination(&to)).map(|(_, url)| url);
        self.change(env, session, move |engine| async move {
            let nonce = proven.as_deref().filter(|nonce| !nonce.is_empty());
            let proven = url.as_ref().map(|url| (url, nonce));
            engine.rejected(sending, challenge.as_deref(), proven).await.map(Settlement::Authorised)
        })
    }

    /// Makes the proof for a request of another HTTP client that carries the token of this stamp. Null: it needs none.
    #[napi(catch_unwind)]
    pub fn prove(
        &self,
        session: u32,
        epoch: f64,
        generation: f64,
        to: String,
    ) -> Result<Option<NativeProof>, String> {
        let Some((method, url)) = destination(&to) else { return Ok(None) };
        let stamp = Stamp { epoch: epoch as u64, generation: generation as u64 };
        let proof = self.engine(session).prove(stamp, &method, &url).map_err(errors::thrown_now)?;
        Ok(proof.map(|Proof { header, nonce }| NativeProof {
            header: String::from_utf8_lossy(header.as_bytes()).into_owned(),
            nonce: nonce.as_deref().unwrap_or_default().to_owned(),
        }))
    }

    /// An answer to such a request has brought this nonce.
    #[napi(catch_unwind)]
    pub fn heard(&self, session: u32, to: String, nonce: String) {
        if let Some((_, url)) = destination(&to) {
            self.engine(session).heard(&url, &nonce);
        }
    }

    /// Tells the session that a server accepted the token of this stamp.
    #[napi(catch_unwind)]
    pub fn accepted(&self, session: u32, epoch: f64, generation: f64, to: String, replayed: bool) {
        self.engine(session).session.accepted(sending(epoch, generation, &to, replayed));
    }

    /// Returns the login that a request made now belongs to.
    #[napi(catch_unwind)]
    pub fn epoch(&self, session: u32) -> f64 {
        self.engine(session).session.epoch() as f64
    }

    /// Returns the token that the session has now, without waiting.
    #[napi(catch_unwind)]
    pub fn now(&self, session: u32) -> Now {
        let (held, stamp) = self.engine(session).session.now();
        let access_token = held.map(|held| held.tokens.access.expose().to_owned());
        Now {
            access_token: access_token.filter(|token| !token.is_empty()),
            epoch: stamp.epoch as f64,
            generation: stamp.generation as f64,
        }
    }

    /// Another login, or with undefined a logout. It counts when this returns, and is stored by itself.
    #[napi(catch_unwind)]
    pub fn login(&self, session: u32, tokens: Option<NativeTokens>) -> Result<(), String> {
        let tokens = tokens.map(Tokens::try_from).transpose().map_err(errors::thrown_now)?;
        // First, because a login that nothing could store must not count.
        let engine = runtime::engine().map_err(errors::thrown_now)?;
        let stored = self.engine(session).login(tokens);
        engine.spawn(move || stored);
        Ok(())
    }

    /// Returns whether the token may go to this URL. Throws the error that a request to the URL would reject with.
    #[napi(catch_unwind)]
    pub fn trusts(&self, url: String) -> Result<bool, String> {
        self.config.origins.trusts(&url).map_err(errors::thrown_now)
    }

    /// The request that an answer redirects to, or null. Throws if the redirect must not be followed.
    #[napi(catch_unwind)]
    pub fn next_hop(&self, session: u32, exchange: NativeExchange) -> Result<Option<NativeHop>, String> {
        exchange.next_hop(&self.engine(session)).map_err(errors::thrown_now)
    }

    fn engine(&self, session: u32) -> Arc<EngineClient> {
        Arc::clone(&self.sessions.borrow()[session as usize])
    }

    fn ahead(&self) -> &Arc<Ahead> {
        &self.crossing.promises.queue.ahead
    }

    /// Makes what a promise would resolve with.
    fn resolved<'env>(&self, env: &'env Env, settlement: Settlement) -> Result<Unknown<'env>> {
        unknown(env, resolve::value(Scope::of(*env), settlement, &self.crossing.promises)?)
    }

    /// Starts a call after which others get other tokens, or none.
    fn change<'env, W, F>(&self, env: &'env Env, session: u32, work: W) -> Result<Unknown<'env>>
    where
        W: FnOnce(Arc<EngineClient>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        let change = self.ahead().change();
        self.start(env, session, |engine| change.begin(work(engine)))
    }

    fn start<'env, W, F>(&self, env: &'env Env, session: u32, work: W) -> Result<Unknown<'env>>
    where
        W: FnOnce(Arc<EngineClient>) -> F + Send + 'static,
        F: Future<Output = std::result::Result<Settlement, Error>> + Send + 'static,
    {
        let engine = self.engine(session);
        self.crossing.promises.of(env, move || work(engine))
    }
}

/// Reads a method, a space and a URL.
fn destination(to: &str) -> Option<(Method, Url)> {
    let (method, url) = to.split_once(' ')?;
    Some((method.parse().ok()?, Url::parse(url).ok()?))
}

fn sending(epoch: f64, generation: f64, to: &str, replayed: bool) -> Sending {
    let (method, url) = to.split_once(' ').unwrap_or_default();
    let stamp = Stamp { epoch: epoch as u64, generation: generation as u64 };
    Sending { stamp, endpoint: endpoint(method, url), replayed }
}
