//! One request's story: find its token, send it, judge the answer, and send it again if the token was the trouble.
//!
//! Start reading at [`Client::send`]. Invariants: a request carries only tokens of the login it was made under; it is
//! replayed at most [`MAX_REPLAYS`] times; what it answers with in the end is the server's own last word or a typed error.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::clock::{self, Instant};
use super::error::{Error, Phase};
use super::gate::{Gate, Number, Place};
use super::http::{
    Limits, Origins, Payload, PhaseCell, RedirectMode, Response, Rules, Target, Transport, WireRequest,
    exchange,
};
use super::retry::{Budget, RetryRules};
use super::secret::Secret;
use super::session::provider::Provider;
use super::session::registry::Registry;
use super::session::signal::{Counted, Gauge};
use super::session::{Session, Stamp, Verdict};
use super::token::{Held, Tokens};

/// After the token it had: with the one it should have had, and with the one that expired on the way there.
const MAX_REPLAYS: u32 = 2;

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
    /// For requests that bring none of their own.
    pub retry: Arc<RetryRules>,
    pub budget: Budget,
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
    pub body: Payload,
    /// The whole of it: queueing, replays, retries and a body that is awaited.
    pub timeout: Duration,
    pub skip_auth: bool,
    /// None: the client's.
    pub redirect: Option<RedirectMode>,
    /// None: the client's.
    pub retry: Option<Arc<RetryRules>>,
}

/// What the caller gets.
#[derive(Debug)]
pub struct Answer {
    pub response: Response,
    pub attempts: u32,
    pub replays: u32,
    /// Its token was rejected, and its body could not be sent again.
    pub not_replayable: bool,
}

/// An auth header, and which token is in it.
#[derive(Debug)]
pub struct Authorised {
    pub header: HeaderValue,
    pub stamp: Stamp,
}

impl Answer {
    fn not_replayable(self) -> Self {
        Self { not_replayable: true, ..self }
    }
}

/// A request under way.
struct Sending<'a> {
    wire: WireRequest,
    rules: Rules,
    retry: Arc<RetryRules>,
    phase: &'a PhaseCell,
    deadline: Instant,
    attempts: u32,
    /// Of the attempts, those after a rotation, and those after a failure.
    replays: u32,
    retries: u32,
}

impl Sending<'_> {
    fn end(&self, answer: Result<Response, Error>) -> Result<Answer, Error> {
        let Self { attempts, replays, .. } = *self;
        answer.map(|response| Answer { response, attempts, replays, not_replayable: false })
    }
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
        let deadline = clock::now() + after;
        tokio::time::timeout_at(deadline, self.story(request, target, &phase, deadline))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { phase: phase.get(), after }))
    }

    /// - `skipAuthRefresh`: sent as it is, anywhere.
    /// - Its own auth header: sent as it is, to trusted origins; a rejection is the caller's.
    /// - Otherwise: sent with the session's token, to trusted origins, and again after a rotation if that token was
    ///   rejected.
    async fn story(
        &self,
        request: Box<Request>,
        target: Target,
        phase: &PhaseCell,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        if !request.skip_auth && !target.trusted {
            return Err(Error::OriginNotAllowed { origin: target.url.origin().ascii_serialization() });
        }
        let plain = request.skip_auth || request.headers.contains_key(&self.shared.header_name);
        let rules = Rules {
            redirect: request.redirect.unwrap_or(self.shared.rules.redirect),
            limits: Limits { time: request.timeout, ..self.shared.rules.limits },
            ..self.shared.rules
        };
        let retry = request.retry.clone().unwrap_or_else(|| Arc::clone(&self.shared.retry));
        let mut sending = Sending {
            wire: self.draft(*request, target),
            rules,
            retry,
            phase,
            deadline,
            attempts: 0,
            replays: 0,
            retries: 0,
        };
        if plain { self.plain(&mut sending).await } else { self.authorised(&mut sending).await }
    }

    /// The client's own headers stay with its origins, as its token does.
    fn draft(&self, request: Request, Target { url, trusted }: Target) -> WireRequest {
        let mut headers = if trusted { self.shared.headers.clone() } else { HeaderMap::new() };
        // Replaces what has the same name.
        headers.extend(request.headers);
        // Under a name that travels across redirects a credential of the caller's own is one still.
        if let Some(own) = headers.get_mut(&self.shared.header_name) {
            own.set_sensitive(true);
        }
        WireRequest { method: request.method, url, headers, body: request.body }
    }

    async fn plain(&self, sending: &mut Sending<'_>) -> Result<Answer, Error> {
        loop {
            let answer = Box::pin(self.exchange(sending)).await;
            if !self.retries(sending, &answer).await? {
                return sending.end(answer);
            }
        }
    }

    /// Each sending differs from the one before in one header.
    async fn authorised(&self, sending: &mut Sending<'_>) -> Result<Answer, Error> {
        let Shared { provider, gate, header_name, queue_timeout: wait, .. } = &*self.shared;
        let (wait, phase) = (*wait, sending.phase);
        let epoch = self.session.epoch();
        let number = gate.draw();
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
            sending.wire.headers.insert(header_name, value);
            let answer = Box::pin(self.exchange(sending)).await;
            drop(place);
            if self.expired(&answer, &sending.wire.url, phase).await? {
                if sending.replays == MAX_REPLAYS {
                    return sending.end(answer);
                }
                let rejected = self.session.rejected(provider, Stamp::of(&held));
                match queued(wait, phase, pin!(rejected)).await? {
                    Verdict::Replay(newer) if sending.wire.body.is_fresh() => held = newer,
                    // The next request has a token that works; this one cannot be made again.
                    Verdict::Replay(_) => return sending.end(answer).map(Answer::not_replayable),
                    Verdict::GiveBack => return sending.end(answer),
                }
                sending.replays += 1;
                provider.counters.replays.add();
                continue;
            }
            if answer.is_ok() {
                held.accept();
            }
            if !self.retries(sending, &answer).await? {
                return sending.end(answer);
            }
            held = queued(wait, phase, pin!(self.session.token(provider, epoch))).await?;
        }
    }

    /// Whether the request is to be sent again after what it got; then it is time to.
    async fn retries(
        &self,
        sending: &mut Sending<'_>,
        answer: &Result<Response, Error>,
    ) -> Result<bool, Error> {
        let Sending { wire, retry, phase, .. } = sending;
        let unsent = phase.provably_unsent();
        let Some(pause) = retry.pause(sending.retries, wire, answer, unsent, rand::random()) else {
            if answer.is_ok() && !retry.passes(answer) {
                self.shared.budget.earn();
            }
            return Ok(false);
        };
        // What it got says more than that time ran out.
        if clock::now() + pause >= sending.deadline || !self.shared.budget.spend() {
            return Ok(false);
        }
        sending.retries += 1;
        self.shared.provider.counters.retries.add();
        phase.set(Phase::Queue);
        tokio::select! {
            biased;
            () = self.shared.provider.closed.wait() => Err(Error::ClientClosed),
            () = tokio::time::sleep(pause) => Ok(true),
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

    async fn exchange(&self, sending: &mut Sending<'_>) -> Result<Response, Error> {
        sending.attempts += 1;
        exchange(&*self.shared.transport, &sending.wire, &sending.rules, sending.phase).await
    }

    async fn expired(
        &self,
        answer: &Result<Response, Error>,
        url: &Url,
        phase: &PhaseCell,
    ) -> Result<bool, Error> {
        match (&self.shared.judge, answer) {
            _ if phase.is_away() => Ok(false),
            (_, Ok(response)) if (200..400).contains(&response.status) => Ok(false),
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

    /// What a request of another HTTP client is to be sent with. `epoch`: the login it belongs to, unless it begins now.
    pub async fn authorise(&self, epoch: Option<u64>) -> Result<Authorised, Error> {
        let _call = self.enter()?;
        let epoch = epoch.unwrap_or_else(|| self.session.epoch());
        let held = self.session.token(&self.shared.provider, epoch).await?;
        self.authorised_by(&held).await
    }

    /// The token of this stamp was rejected. What to send the request with instead; `None` if the rejection is its
    /// caller's.
    pub async fn rejected(&self, stamp: Stamp) -> Result<Option<Authorised>, Error> {
        let _call = self.enter()?;
        match self.session.rejected(&self.shared.provider, stamp).await? {
            Verdict::Replay(held) => self.authorised_by(&held).await.map(Some),
            Verdict::GiveBack => Ok(None),
        }
    }

    /// A server took the token of this stamp.
    pub fn accepted(&self, stamp: Stamp) {
        self.session.accepted(stamp);
    }

    /// Whether the token may go to `url`.
    pub fn trusts(&self, url: &str) -> Result<bool, Error> {
        self.shared.origins.resolve(url, "").map(|target| target.trusted)
    }

    async fn authorised_by(&self, held: &Held) -> Result<Authorised, Error> {
        Ok(Authorised { header: self.header(held).await?, stamp: Stamp::of(held) })
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
