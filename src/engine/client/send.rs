//! One request: find its token, send it, judge the answer, and send it again if that helps.
//!
//! Start reading at [`Client::send`]. Invariants: a request carries only tokens of the login it was made under; it is
//! replayed at most [`MAX_REPLAYS`] times; it ends with the server's last answer or with a typed error.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderValue};

use crate::client::endpoint::endpoint;
use crate::client::judge::Rejection;
use crate::client::proving::Proving;
use crate::client::tries::{Tries, Try};
use crate::client::{Client, judge};
use crate::clock::{self, Instant};
use crate::error::{Error, Phase};
use crate::http::retry::RetryRules;
use crate::http::{
    Limits, Payload, PhaseCell, RedirectMode, Response, Rules, Statuses, Target, Transport, WireRequest,
    exchange, follow,
};
use crate::present::is_placeholder;
use crate::secret::Secret;
use crate::session::{Endpoint, Held, Sending, Stamp, Verdict};
use crate::wait::arrival::Arrival;
use crate::wait::gate::Place;

/// One replay because the token was stale when it was sent, and one because its replacement expired on the way. A request that
/// is sent again with the same token, because that token is new, does not count.
const MAX_REPLAYS: u32 = 2;

/// A request is sent again with another nonce this often at most. One is enough, unless nonces change while it is on its way.
const MAX_NONCES: u32 = 3;

/// A request, as the caller asks for it.
pub struct Request {
    pub method: ::http::Method,
    pub url: String,
    /// Added to the URL's own query; empty for none.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Payload,
    /// For the whole request: queueing, replays, retries and a body that is awaited.
    pub timeout: Duration,
    pub skip_auth: bool,
    /// None: the client's.
    pub redirect: Option<RedirectMode>,
    /// None: the client's.
    pub max_redirects: Option<u32>,
    /// False: not sent again after a rotation. None: the client's.
    pub replay: Option<bool>,
    /// None: the client's.
    pub retry: Option<Arc<RetryRules>>,
    /// None: nobody traces the request.
    pub tries: Option<Arc<dyn Tries>>,
}

/// The answer, as the caller gets it.
#[derive(Debug)]
pub struct Answer {
    /// Boxed, because an answer is handed on a dozen times.
    pub response: Box<Response>,
    pub attempts: u32,
    pub replays: u32,
    /// The token was rejected, and the request's body could not be sent again.
    pub not_replayable: bool,
    /// The request brought an auth header of its own, so that it was sent without the token.
    pub foreign: bool,
}

impl Client {
    /// - `skipAuthRefresh`: the request is sent as it is, anywhere.
    /// - An auth header of its own, other than a placeholder: the request is sent as it is, to trusted origins; a rejection is the
    ///   caller's.
    /// - Otherwise the request is sent with the session's token, to trusted origins, and again after a rotation if that
    ///   token was rejected.
    ///
    /// The request comes in a box because an async function keeps its arguments twice, and ten thousand waiting
    /// requests would fill megabytes with copies.
    pub async fn send(&self, request: Box<Request>) -> Result<Answer, Error> {
        let _counted = self.enter()?;
        self.config.participant.counters.requests.add();
        let target = self.config.origins.resolve(&request.url, &request.query)?;
        if !request.skip_auth && !target.trusted {
            return Err(Error::OriginNotAllowed { origin: target.url.origin().ascii_serialization() });
        }
        let after = request.timeout;
        let mut call = Call::new(self, *request, target);
        let answer = match tokio::time::timeout_at(call.deadline, call.run()).await {
            Ok(answer) => answer,
            Err(_late) => Err(Error::Timeout { phase: call.phase.get(), after }),
        };
        let time = (clock::now() + after).saturating_duration_since(call.deadline);
        let status = answer.as_ref().ok().map(|answer| answer.response.status);
        self.config.origin_counts.add(&call.wire.url, status, [call.replays, call.retries], time);
        answer
    }
}

/// The auth header of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Auth {
    /// The session's token.
    Token,
    /// The one that the request brings.
    Foreign,
    /// As the request is, because it wants no part in the session.
    Skipped,
}

/// A request under way.
struct Call<'a> {
    client: &'a Client,
    wire: WireRequest,
    auth: Auth,
    rules: Rules,
    retry: Arc<RetryRules>,
    tries: Option<Arc<dyn Tries>>,
    /// The headers of the latest try without those of its trace. Boxed, because few requests are traced.
    untraced: Option<Box<HeaderMap>>,
    /// Sent again after a rotation.
    replay: bool,
    phase: PhaseCell,
    deadline: Instant,
    endpoint: Endpoint,
    /// The login that the request was made under.
    epoch: u64,
    arrival: Arrival,
    attempts: u32,
    /// Attempts after a rotation.
    replays: u32,
    /// Attempts after a failure that may pass.
    retries: u32,
    /// Attempts with another nonce.
    nonces: u32,
    not_replayable: bool,
}

impl<'a> Call<'a> {
    fn new(client: &'a Client, request: Request, Target { url, trusted }: Target) -> Self {
        let config = &*client.config;
        let mut own = request.headers.get_all(&config.header_name).iter();
        let auth = if request.skip_auth {
            Auth::Skipped
        } else if own.all(is_placeholder) {
            Auth::Token
        } else {
            Auth::Foreign
        };
        // The client's own headers stay with its origins, as its token does.
        let mut headers = if trusted { config.headers.clone() } else { HeaderMap::new() };
        // Replaces headers of the same name.
        headers.extend(request.headers);
        // Sensitive, because a redirect would carry it to another origin if its name is one of those that travel.
        if let Some(own) = headers.get_mut(&config.header_name) {
            own.set_sensitive(true);
        }
        Self {
            client,
            endpoint: endpoint(request.method.as_str(), url.as_str()),
            wire: WireRequest { method: request.method, url, headers, body: request.body },
            auth,
            rules: Rules {
                redirect: request.redirect.unwrap_or(config.rules.redirect),
                max_redirects: request.max_redirects.unwrap_or(config.rules.max_redirects),
                limits: Limits { time: request.timeout, ..config.rules.limits },
                judged: if auth == Auth::Token { config.rules.judged } else { Statuses::default() },
                ..config.rules
            },
            retry: request.retry.unwrap_or_else(|| Arc::clone(&config.retry)),
            tries: request.tries,
            untraced: None,
            replay: request.replay.unwrap_or(config.replay),
            phase: PhaseCell::default(),
            deadline: clock::now() + request.timeout,
            epoch: client.session.epoch(),
            arrival: Arrival::draw(),
            attempts: 0,
            replays: 0,
            retries: 0,
            nonces: 0,
            not_replayable: false,
        }
    }

    async fn run(&mut self) -> Result<Answer, Error> {
        if self.auth == Auth::Token { self.with_token().await } else { self.as_it_is().await }
    }

    async fn as_it_is(&mut self) -> Result<Answer, Error> {
        loop {
            let answer = {
                let transport = self.client.config.transport()?;
                Box::pin(self.exchange(&*transport, None)).await
            };
            let Some(pause) = self.retry_pause(&answer) else { return self.end(answer) };
            drop(answer);
            self.sleep(pause).await?;
        }
    }

    /// The attempts differ in one header.
    async fn with_token(&mut self) -> Result<Answer, Error> {
        let mut held = self.token().await?;
        // A lost session may have found another login in its store.
        self.epoch = held.epoch();
        loop {
            let place = self.take_place(&mut held).await?;
            let (answer, rejection) = self.send_once(&held).await?;
            drop(place);
            let next = match rejection {
                // Boxed, because few requests are rejected, and all would have the room.
                Some(Rejection::Token) => Box::pin(self.after_rejection(&held, None, &answer)).await?,
                Some(Rejection::Claims(claims)) => {
                    Box::pin(self.after_rejection(&held, Some(claims), &answer)).await?
                }
                Some(Rejection::Nonce) => self.goes_again_with_nonce().then(|| Arc::clone(&held)),
                Some(Rejection::Proof) => None,
                Some(Rejection::Scope) | None => {
                    // A failing server, or a gateway before it, may not have looked at the token.
                    if answer.as_ref().is_ok_and(|response| response.status < 500) {
                        self.client.session.accepted(self.sending(&held));
                    }
                    let Some(pause) = self.retry_pause(&answer) else { return self.end(answer) };
                    // The rest of the answer would hold its connection during the pause.
                    drop(answer);
                    self.sleep(pause).await?;
                    held = self.token().await?;
                    continue;
                }
            };
            match next {
                Some(next) => held = next,
                None => return self.end(answer),
            }
        }
    }

    async fn token(&self) -> Result<Arc<Held>, Error> {
        let Client { session, config, .. } = self.client;
        self.phase.set(Phase::Queue);
        if let Some(held) = session.token_at_hand(&config.participant, self.epoch)? {
            return Ok(held);
        }
        let token = session.token(&config.participant, self.epoch, self.arrival);
        self.queued(Box::pin(token)).await
    }

    /// A place on the wire. A request that waited for one is sent with the tokens that are there now.
    async fn take_place(&self, held: &mut Arc<Held>) -> Result<Place<'a>, Error> {
        let Client { session, config, .. } = self.client;
        loop {
            if let Some(place) = config.gate.try_enter() {
                return Ok(place);
            }
            let entered = self.until_closed(config.gate.enter(self.arrival));
            let place = self.queued(Box::pin(entered)).await?;
            if let Some(current) = session.token_at_hand(&config.participant, self.epoch)? {
                *held = current;
                return Ok(place);
            }
            // Given back during a rotation, because one session's slow refresh would hold up all others.
            drop(place);
            *held = self.token().await?;
        }
    }

    /// Sends the request and judges its answer. The inner result is the server's answer or a failure on the way to it.
    async fn send_once(
        &mut self,
        held: &Held,
    ) -> Result<(Result<Box<Response>, Error>, Option<Rejection>), Error> {
        let Client { session, config, presenter } = self.client;
        let value = presenter.header(held).value().await?;
        if session.epoch() != self.epoch {
            return Err(Error::logged_out());
        }
        let transport = config.transport()?;
        let proving = Proving::over(&*transport, &config.header_name, held, &config.nonces);
        let way: &dyn Transport = proving.as_ref().map_or(&*transport, |proving| &**proving);
        let mut answer = Box::pin(self.exchange(way, Some((value, held.generation)))).await;
        loop {
            if let (Some(proving), Ok(response)) = (&proving, &answer)
                && judge::refuses_proof(response, &self.phase)
                && proving.knows_newer_nonce(response)
            {
                return Ok((answer, Some(Rejection::Nonce)));
            }
            let rejection = judge::rejection(
                config.judge.as_deref(),
                self.client.session.key(),
                &answer,
                &self.wire.url,
                self.rules.judged,
                &self.phase,
            )
            .await;
            let redirect = answer.as_mut().ok().and_then(|answer| answer.unfollowed.take());
            match redirect {
                Some(redirect) if rejection.is_none() => {
                    let (wire, rules) = (&self.wire, &self.rules);
                    answer = Box::pin(follow(way, wire, *redirect, rules, &self.phase)).await;
                }
                _ => return Ok((answer, rejection)),
            }
        }
    }

    /// `auth`: the header for the session's token, and the generation of that.
    async fn exchange(
        &mut self,
        way: &dyn Transport,
        auth: Option<(HeaderValue, u64)>,
    ) -> Result<Box<Response>, Error> {
        let name = &self.client.config.header_name;
        self.attempts += 1;
        // Else a try would have the `traceparent` of the one before it.
        if let Some(untraced) = self.untraced.take() {
            self.wire.headers = *untraced;
        }
        let generation = auth.as_ref().map(|(_, generation)| *generation);
        if let Some((value, _)) = auth {
            self.wire.headers.insert(name, value);
        }
        let Some(tries) = self.tries.clone() else {
            return exchange(way, &self.wire, &self.rules, &self.phase).await;
        };
        let Self { attempts: number, replays, retries, .. } = *self;
        let mut headers = tries.begin(Try { number, replays, retries, generation }).await;
        headers.remove(name);
        self.untraced = Some(Box::new(self.wire.headers.clone()));
        self.wire.headers.extend(headers);
        let answer = exchange(way, &self.wire, &self.rules, &self.phase).await;
        tries.end(&answer);
        answer
    }

    /// True if the request is sent again because the server wants another nonce in its proof.
    fn goes_again_with_nonce(&mut self) -> bool {
        self.nonces += 1;
        if !self.replay || self.nonces > MAX_NONCES {
            return false;
        }
        self.not_replayable = !self.wire.body.is_fresh();
        !self.not_replayable
    }

    /// The tokens to replay the request with; `None` if the rejection is the caller's.
    async fn after_rejection(
        &mut self,
        held: &Held,
        claims: Option<Secret>,
        answer: &Result<Box<Response>, Error>,
    ) -> Result<Option<Arc<Held>>, Error> {
        if self.replays == MAX_REPLAYS {
            return Ok(None);
        }
        // An answer says that the request was not done; a lost connection says nothing.
        let repeatable = answer.is_ok() || self.retry.may_repeat(&self.wire, self.phase.provably_unsent());
        let Client { session, config, .. } = self.client;
        let rejected = pin!(session.rejected(&config.participant, self.sending(held), claims, self.arrival));
        let verdict = self.queued(rejected).await;
        // Asked after the rotation, because the next request needs the new token all the same.
        if !self.replay {
            return Ok(None);
        }
        let verdict = verdict?;
        if matches!(verdict, Verdict::GiveBack) || !repeatable {
            return Ok(None);
        }
        if !self.wire.body.is_fresh() {
            self.not_replayable = true;
            return Ok(None);
        }
        match verdict {
            Verdict::Replay(newer) => {
                self.replays += 1;
                config.participant.counters.replays.add();
                Ok(Some(newer))
            }
            Verdict::Again(pause) if clock::now() + pause < self.deadline => {
                self.sleep(pause).await?;
                self.token().await.map(Some)
            }
            Verdict::Again(_) | Verdict::GiveBack => Ok(None),
        }
    }

    fn sending(&self, held: &Held) -> Sending {
        Sending { stamp: Stamp::of(held), endpoint: self.endpoint, replayed: self.replays > 0 }
    }

    /// How long to wait before the request is sent again; `None` if `answer` is the caller's.
    fn retry_pause(&mut self, answer: &Result<Box<Response>, Error>) -> Option<Duration> {
        let Self { wire, retry, .. } = self;
        let config = &self.client.config;
        let unsent = self.phase.provably_unsent();
        let Some(pause) = retry.pause(self.retries, wire, answer, unsent, rand::random()) else {
            if answer.is_ok() && !retry.passes(answer) {
                config.budget.earn();
            }
            return None;
        };
        // The answer tells the caller more than a timeout would.
        if clock::now() + pause >= self.deadline || !config.budget.spend() {
            return None;
        }
        self.retries += 1;
        config.participant.counters.retries.add();
        Some(pause)
    }

    async fn sleep(&self, pause: Duration) -> Result<(), Error> {
        self.phase.set(Phase::Queue);
        self.until_closed(tokio::time::sleep(pause)).await
    }

    async fn until_closed<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        self.client.config.participant.closed.run_until_cancelled(work).await.ok_or(Error::ClientClosed)
    }

    /// Waits in the queue, at most for the option `queue.timeout`. `wait` is boxed or pinned by the caller, because each place
    /// that awaits it would otherwise have room for all of it.
    async fn queued<T>(&self, wait: impl Future<Output = Result<T, Error>> + Unpin) -> Result<T, Error> {
        self.phase.set(Phase::Queue);
        let after = self.client.config.queue_timeout;
        if after.is_zero() {
            return wait.await;
        }
        let late = Error::Timeout { phase: Phase::Queue, after };
        tokio::time::timeout(after, wait).await.unwrap_or(Err(late))
    }

    fn end(&self, answer: Result<Box<Response>, Error>) -> Result<Answer, Error> {
        let Self { attempts, replays, not_replayable, .. } = *self;
        let foreign = self.auth == Auth::Foreign;
        answer.map(|response| Answer { response, attempts, replays, not_replayable, foreign })
    }
}
