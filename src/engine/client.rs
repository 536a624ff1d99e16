//! One request's story: find its token, send it, judge the answer, and send it again if the token was the trouble.
//!
//! Start reading at [`Client::send`]. Invariants: a request carries only tokens of the login it was made under; it is
//! sent at most [`MAX_SENDS`] times; what it answers with in the end is the server's own last word or a typed error.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use url::Url;

use super::error::{Error, Phase};
use super::gate::{Gate, Number, Place};
use super::http::{
    Origins, PhaseCell, RedirectMode, Response, Rules, Target, Transport, WireRequest, exchange,
};
use super::secret::Secret;
use super::session::provider::Provider;
use super::session::registry::Registry;
use super::session::signal::{Counted, Gauge};
use super::session::{Session, Stamp, Verdict};
use super::token::{Held, Tokens};

/// With the token it had, with the one it should have had, and with the one that expired on the way there.
const MAX_SENDS: u32 = 3;

/// What all sessions of one client have in common.
pub struct Shared {
    pub provider: Arc<Provider>,
    pub registry: Arc<Registry>,
    pub origins: Origins,
    pub transport: Box<dyn Transport>,
    /// None: `Bearer` and the token.
    pub format: Option<Box<dyn Format>>,
    /// None: status 401.
    pub judge: Option<Box<dyn Judge>>,
    /// Sent with every request that does not bring its own.
    pub headers: HeaderMap,
    /// Which header carries the token.
    pub header_name: HeaderName,
    pub rules: Rules,
    /// How long one wait in the queue may take; zero for no bound but the request's own.
    pub queue_timeout: Duration,
    /// For requests that bring no timeout of their own.
    pub timeout: Duration,
    /// Requests on the wire: a storm is let through in order, as wide as there are connections.
    pub gate: Gate,
    /// Calls under way, for `close`.
    pub calls: Gauge,
}

/// How the user wants a token to look in its header. Asked once for each token; always settles.
pub trait Format: Send + Sync {
    fn format<'a>(&'a self, token: &'a Secret) -> JudgeFuture<'a, HeaderValue>;
}

/// What the user takes for an expired token. Asked only about failures, and network errors; always settles.
pub trait Judge: Send + Sync {
    fn is_expired<'a>(&'a self, answer: &'a Result<Response, Error>, url: &'a Url) -> JudgeFuture<'a, bool>;
}

pub type JudgeFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A client, as one of its sessions.
pub struct Client {
    shared: Arc<Shared>,
    session: Arc<Session>,
    header: tokio::sync::Mutex<Option<(Stamp, HeaderValue)>>,
}

/// What the caller asked for.
#[derive(Debug)]
pub struct Request {
    pub method: ::http::Method,
    pub url: String,
    /// Added to the URL's own query; empty for none.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The whole of it: queueing, replays and the body.
    pub timeout: Duration,
    pub skip_auth: bool,
    /// None: the client's.
    pub redirect: Option<RedirectMode>,
}

/// What the caller gets.
#[derive(Debug)]
pub struct Answer {
    pub response: Response,
    pub attempts: u32,
    pub replays: u32,
}

impl Client {
    pub fn new(shared: Arc<Shared>, key: &str) -> Self {
        let session = shared.registry.session(key);
        session.join(&shared.provider);
        Self { shared, session, header: tokio::sync::Mutex::default() }
    }

    /// The same client as another session.
    #[must_use]
    pub fn session(&self, key: &str) -> Self {
        Self::new(Arc::clone(&self.shared), key)
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The request comes in a box: an async function keeps its arguments twice over, and ten thousand waiting requests
    /// would fill megabytes with nothing.
    pub async fn send(&self, request: Box<Request>) -> Result<Answer, Error> {
        let _call = self.enter()?;
        self.shared.provider.counters.requests.add();
        let target = self.shared.origins.resolve(&request.url, &request.query)?;
        let phase = PhaseCell::new();
        let after = request.timeout;
        tokio::time::timeout(after, self.story(request, target, &phase))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { phase: phase.get(), after }))
    }

    /// - `skipAuthRefresh`: sent as it is, anywhere.
    /// - Its own auth header: sent as it is, to trusted origins; a rejection is the caller's.
    /// - Otherwise: sent with the session's token, to trusted origins, and again after a rotation if that token was
    ///   rejected.
    async fn story(&self, request: Box<Request>, target: Target, phase: &PhaseCell) -> Result<Answer, Error> {
        if !request.skip_auth && !target.trusted {
            return Err(Error::OriginNotAllowed { origin: target.url.origin().ascii_serialization() });
        }
        let plain = request.skip_auth || request.headers.contains_key(&self.shared.header_name);
        let rules =
            Rules { redirect: request.redirect.unwrap_or(self.shared.rules.redirect), ..self.shared.rules };
        let mut draft = self.draft(*request, target);
        if plain {
            let response = Box::pin(self.exchange(&draft, &rules, phase)).await?;
            return Ok(Answer { response, attempts: 1, replays: 0 });
        }
        self.authorised(&mut draft, &rules, phase).await
    }

    /// The client's own headers stay with its origins, as its token does.
    fn draft(&self, request: Request, Target { url, trusted }: Target) -> WireRequest {
        let mut headers = if trusted { self.shared.headers.clone() } else { HeaderMap::new() };
        // Replaces what has the same name.
        headers.extend(request.headers);
        WireRequest { method: request.method, url, headers, body: request.body }
    }

    /// Each sending differs from the one before in one header.
    async fn authorised(
        &self,
        draft: &mut WireRequest,
        rules: &Rules,
        phase: &PhaseCell,
    ) -> Result<Answer, Error> {
        let Shared { provider, gate, header_name, queue_timeout: wait, .. } = &*self.shared;
        let wait = *wait;
        let epoch = self.session.epoch();
        let number = gate.draw();
        let mut attempts = 0;
        let mut held = queued(wait, phase, pin!(self.session.token(provider, epoch))).await?;
        loop {
            let place = if let Some(place) = gate.try_enter() {
                place
            } else {
                let place = queued(wait, phase, pin!(self.turn(number))).await?;
                // The turn may have been a long time coming. Who has to wait for a rotation gives the place back, or
                // one session's slow refresh would hold up all others.
                let Some(current) = self.session.token_at_hand(provider, epoch)? else {
                    drop(place);
                    held = queued(wait, phase, pin!(self.session.token(provider, epoch))).await?;
                    continue;
                };
                held = current;
                place
            };
            let value = self.header(&held).await?;
            if self.session.epoch() != epoch {
                return Err(Error::logged_out());
            }
            attempts += 1;
            draft.headers.insert(header_name, value);
            let answer = Box::pin(self.exchange(draft, rules, phase)).await;
            drop(place);
            let expired = self.expired(&answer, &draft.url).await?;
            if !expired && answer.is_ok() {
                held.accept();
            }
            let replays = attempts - 1;
            if !expired || attempts == MAX_SENDS {
                return answer.map(|response| Answer { response, attempts, replays });
            }
            let rejected = self.session.rejected(provider, Stamp::of(&held));
            held = match queued(wait, phase, pin!(rejected)).await? {
                Verdict::Replay(held) => held,
                Verdict::GiveBack => return answer.map(|response| Answer { response, attempts, replays }),
            };
            provider.counters.replays.add();
        }
    }

    /// Waits for a place on the wire.
    async fn turn(&self, number: Number) -> Result<Place<'_>, Error> {
        tokio::select! {
            biased;
            place = self.shared.gate.enter(number) => Ok(place),
            () = self.shared.provider.closed.wait() => Err(Error::ClientClosed),
        }
    }

    async fn exchange(
        &self,
        wire: &WireRequest,
        rules: &Rules,
        phase: &PhaseCell,
    ) -> Result<Response, Error> {
        exchange(&*self.shared.transport, wire, rules, phase).await
    }

    async fn expired(&self, answer: &Result<Response, Error>, url: &Url) -> Result<bool, Error> {
        match (&self.shared.judge, answer) {
            (_, Ok(response)) if (200..400).contains(&response.status) || response.left_origin => Ok(false),
            (Some(judge), _) => judge.is_expired(answer, url).await,
            (None, Ok(response)) => Ok(response.status == 401),
            (None, Err(_)) => Ok(false),
        }
    }

    /// The auth header for these tokens, made once for each generation.
    async fn header(&self, held: &Held) -> Result<HeaderValue, Error> {
        let stamp = Stamp::of(held);
        let mut made = self.header.lock().await;
        if let Some((of, value)) = &*made
            && *of == stamp
        {
            return Ok(value.clone());
        }
        let mut value = match &self.shared.format {
            Some(format) => format.format(&held.tokens.access).await?,
            None => HeaderValue::try_from(format!("Bearer {}", held.tokens.access.expose()))
                .map_err(|_| Error::InvalidOption("the access token does not fit into a header".into()))?,
        };
        value.set_sensitive(true);
        *made = Some((stamp, value.clone()));
        Ok(value)
    }

    /// A token that is valid now.
    pub async fn access_token(&self) -> Result<Arc<Held>, Error> {
        let _call = self.enter()?;
        self.session.token(&self.shared.provider, self.session.epoch()).await
    }

    pub async fn tokens(&self) -> Result<Option<Arc<Held>>, Error> {
        let _call = self.enter()?;
        self.session.tokens(&self.shared.provider).await
    }

    pub async fn set_tokens(&self, tokens: Option<Tokens>) -> Result<(), Error> {
        let _call = self.enter()?;
        self.session.login(&self.shared.provider, tokens).await
    }

    pub async fn rotate(&self, rejected: Option<&Secret>) -> Result<Arc<Held>, Error> {
        let _call = self.enter()?;
        self.session.rotate(&self.shared.provider, rejected).await
    }

    /// Sends away who waits, and resolves when everything under way has ended and is saved.
    pub async fn close(&self) {
        self.shared.provider.closed.set(());
        self.shared.calls.idle().await;
        for session in self.shared.registry.sessions() {
            session.settled().await;
        }
    }

    fn enter(&self) -> Result<Counted, Error> {
        if self.shared.provider.closed.get().is_some() {
            return Err(Error::ClientClosed);
        }
        Ok(self.shared.calls.enter())
    }
}

/// Waits in the queue, for `limit` at the longest if that is not zero.
async fn queued<T>(
    limit: Duration,
    phase: &PhaseCell,
    wait: Pin<&mut impl Future<Output = Result<T, Error>>>,
) -> Result<T, Error> {
    phase.set(Phase::Queue);
    if limit.is_zero() {
        return wait.await;
    }
    let late = Error::Timeout { phase: Phase::Queue, after: limit };
    tokio::time::timeout(limit, wait).await.unwrap_or(Err(late))
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
