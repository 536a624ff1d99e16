//! One request's story: find its token, send it, judge the answer, and send it again if the token was the trouble.
//!
//! Start reading at [`Client::send`]. Invariants: a request carries only tokens of the login it was made under; it is
//! replayed at most [`MAX_REPLAYS`] times; what it answers with in the end is the server's own last word or a typed error.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use ::http::header::HeaderMap;
use url::Url;

use crate::client::{Client, Config};
use crate::clock;
use crate::clock::Instant;
use crate::error::{Error, Phase};
use crate::http::retry::RetryRules;
use crate::http::{Limits, Payload, PhaseCell, RedirectMode, Response, Rules, Target, WireRequest, exchange};
use crate::session::{Stamp, Verdict};
use crate::wait::arrival::Arrival;
use crate::wait::gate::Place;

/// After the token it had: with the one it should have had, and with the one that expired on the way there.
const MAX_REPLAYS: u32 = 2;

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
    /// The request comes in a box: an async function keeps its arguments twice over, and ten thousand waiting requests
    /// would fill megabytes with nothing.
    pub async fn send(&self, request: Box<Request>) -> Result<Answer, Error> {
        let _call = self.enter()?;
        self.config.participant.counters.requests.add();
        let target = self.config.origins.resolve(&request.url, &request.query)?;
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
        let plain = request.skip_auth || request.headers.contains_key(&self.config.header_name);
        let rules = Rules {
            redirect: request.redirect.unwrap_or(self.config.rules.redirect),
            limits: Limits { time: request.timeout, ..self.config.rules.limits },
            ..self.config.rules
        };
        let retry = request.retry.clone().unwrap_or_else(|| Arc::clone(&self.config.retry));
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
        let mut headers = if trusted { self.config.headers.clone() } else { HeaderMap::new() };
        // Replaces what has the same name.
        headers.extend(request.headers);
        // Under a name that travels across redirects a credential of the caller's own is one still.
        if let Some(own) = headers.get_mut(&self.config.header_name) {
            own.set_sensitive(true);
        }
        WireRequest { method: request.method, url, headers, body: request.body }
    }

    async fn plain(&self, sending: &mut Sending<'_>) -> Result<Answer, Error> {
        loop {
            let answer = Box::pin(self.exchange(sending)).await;
            if let Some(answer) = self.last_word(sending, answer).await? {
                return sending.end(answer);
            }
        }
    }

    /// Each sending differs from the one before in one header.
    async fn authorised(&self, sending: &mut Sending<'_>) -> Result<Answer, Error> {
        let Config { participant, gate, header_name, queue_timeout: wait, .. } = &*self.config;
        let (wait, phase) = (*wait, sending.phase);
        let epoch = self.session.epoch();
        let number = Arrival::draw();
        let mut held = queued(wait, phase, pin!(self.session.token(participant, epoch, number))).await?;
        loop {
            let place = if let Some(place) = gate.try_enter() {
                place
            } else {
                let place = queued(wait, phase, pin!(self.turn(number))).await?;
                // The turn may have been a long time coming. Who has to wait for a rotation gives the place back, or
                // one session's slow refresh would hold up all others.
                let Some(current) = self.session.token_at_hand(participant, epoch)? else {
                    drop(place);
                    held = queued(wait, phase, pin!(self.session.token(participant, epoch, number))).await?;
                    continue;
                };
                held = current;
                place
            };
            let request = (&sending.wire.method, &sending.wire.url);
            let value = self.presenter.header(&held, Some(request)).value().await?;
            if self.session.epoch() != epoch {
                return Err(Error::logged_out());
            }
            sending.wire.headers.insert(header_name, value);
            let answer = Box::pin(self.exchange(sending)).await;
            drop(place);
            let repeatable =
                answer.is_ok() || sending.retry.may_repeat(&sending.wire, phase.provably_unsent());
            if self.expired(&answer, &sending.wire.url, phase).await? {
                if sending.replays == MAX_REPLAYS {
                    return sending.end(answer);
                }
                let rejected = self.session.rejected(participant, Stamp::of(&held), number);
                match queued(wait, phase, pin!(rejected)).await? {
                    // An answer says that it was not done; a connection that was lost says nothing.
                    Verdict::Replay(_) if !repeatable => return sending.end(answer),
                    Verdict::Replay(newer) if sending.wire.body.is_fresh() => held = newer,
                    // The next request has a token that works; this one cannot be made again.
                    Verdict::Replay(_) => return sending.end(answer).map(Answer::not_replayable),
                    Verdict::GiveBack => return sending.end(answer),
                }
                sending.replays += 1;
                participant.counters.replays.add();
                continue;
            }
            if answer.is_ok() {
                held.accept();
            }
            if let Some(answer) = self.last_word(sending, answer).await? {
                return sending.end(answer);
            }
            held = queued(wait, phase, pin!(self.session.token(participant, epoch, number))).await?;
        }
    }

    /// `answer`, if it is the caller's. None: the request is to be sent again, and it is time to.
    async fn last_word(
        &self,
        sending: &mut Sending<'_>,
        answer: Result<Response, Error>,
    ) -> Result<Option<Result<Response, Error>>, Error> {
        let Sending { wire, retry, phase, .. } = sending;
        let unsent = phase.provably_unsent();
        let Some(pause) = retry.pause(sending.retries, wire, &answer, unsent, rand::random()) else {
            if answer.is_ok() && !retry.passes(&answer) {
                self.config.budget.earn();
            }
            return Ok(Some(answer));
        };
        // What it got says more than that time ran out.
        if clock::now() + pause >= sending.deadline || !self.config.budget.spend() {
            return Ok(Some(answer));
        }
        // What is left of it holds a connection.
        drop(answer);
        sending.retries += 1;
        self.config.participant.counters.retries.add();
        phase.set(Phase::Queue);
        tokio::select! {
            biased;
            () = self.config.participant.closed.wait() => Err(Error::ClientClosed),
            () = tokio::time::sleep(pause) => Ok(None),
        }
    }

    /// Waits for a place on the wire.
    async fn turn(&self, number: Arrival) -> Result<Place<'_>, Error> {
        tokio::select! {
            biased;
            place = self.config.gate.enter(number) => Ok(place),
            () = self.config.participant.closed.wait() => Err(Error::ClientClosed),
        }
    }

    async fn exchange(&self, sending: &mut Sending<'_>) -> Result<Response, Error> {
        sending.attempts += 1;
        exchange(&*self.config.transport, &sending.wire, &sending.rules, sending.phase).await
    }

    async fn expired(
        &self,
        answer: &Result<Response, Error>,
        url: &Url,
        phase: &PhaseCell,
    ) -> Result<bool, Error> {
        match (&self.config.judge, answer) {
            _ if phase.is_away() => Ok(false),
            (_, Ok(response)) if (200..400).contains(&response.status) => Ok(false),
            (Some(judge), Ok(_) | Err(Error::Network { .. })) => judge.is_expired(answer, url).await,
            (None, Ok(response)) => Ok(response.status == 401),
            (_, Err(_)) => Ok(false),
        }
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
