//! One rotation, from the store and back to it.
//!
//! A flight is a task of its own. Callers wait for its one outcome and may leave without touching it. The order of
//! its steps is the guarantee that no refresh token is spent twice and none is lost:
//!
//! 1. read the store; newer tokens there are adopted, and that is all;
//! 2. refresh, with what is known about each failure deciding whether the same token may be sent again;
//! 3. save what came, before anybody uses it;
//! 4. queue the hooks, which nobody waits for, and publish to those who wait.
//!
//! Invariant: a flight that lands in another epoch than it started in changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, sleep_until};

use super::news::News;
use super::provider::{Hold, Provider};
use super::schedule::{self, Policy};
use super::signal::{Counted, Signal};
use super::state::Purpose;
use super::{Inner, Session, fresh};
use crate::engine::clock::{self, Instant};
use crate::engine::error::{Cause, Error, LostReason, RefreshFailure, RefreshFailureKind, StoreAction};
use crate::engine::event::Event;
use crate::engine::grant::{Ask, Entered, GrantError};
use crate::engine::secret::{Fingerprint, Secret};
use crate::engine::store::StoreError;
use crate::engine::token::{Held, Tokens};

/// When a refused refresh token's store is read again: another holder may have rotated a moment ago and be saving.
const READ_AGAIN: [Duration; 3] =
    [Duration::from_millis(25), Duration::from_millis(50), Duration::from_millis(100)];

/// What callers wait for.
pub(super) struct Flight {
    pub(super) purpose: Purpose,
    pub(super) outcome: Signal<Result<Option<Arc<Held>>, Error>>,
}

/// How a flight ends.
enum Ending {
    Loaded(Option<Tokens>),
    /// The store could not be read for the first time.
    Unread(Error),
    /// `from`: what was refreshed, which the store may have held and the session never did.
    Rotated {
        tokens: Tokens,
        from: Option<Tokens>,
    },
    Adopted(Tokens),
    /// The session goes on after a pause.
    Failed(Error),
    Lost(Error),
    /// Another login began under way.
    Overtaken,
}

/// Starts a flight. The caller holds the session's lock and has seen that none is under way.
pub(super) fn depart(
    session: &Arc<Session>,
    inner: &mut Inner,
    by: &Arc<Provider>,
    purpose: Purpose,
) -> Arc<Flight> {
    inner.state.take_off(purpose);
    let flight = Arc::new(Flight { purpose, outcome: Signal::default() });
    inner.flight = Some(Arc::clone(&flight));
    let trip = Trip {
        session: Arc::clone(session),
        by: Arc::clone(by),
        flight: Arc::clone(&flight),
        epoch: inner.state.epoch(),
        doubtful: inner.doubtful,
        landed: false,
        hold: by.host.hold(),
        _under_way: session.flights.enter(),
    };
    tokio::spawn(trip.fly());
    flight
}

struct Trip {
    session: Arc<Session>,
    by: Arc<Provider>,
    flight: Arc<Flight>,
    epoch: u64,
    /// The refresh token of an earlier refresh that was sent and never answered.
    doubtful: Option<Fingerprint>,
    landed: bool,
    /// A program that has nothing else to do waits for its flights.
    hold: Hold,
    /// Dropped last: who waits for the flight to be over finds the program released.
    _under_way: Counted,
}

impl Trip {
    async fn fly(mut self) {
        let ending = match self.flight.purpose {
            Purpose::Load => self.load().await,
            Purpose::Rotate => self.rotate().await,
        };
        self.land(ending);
    }

    async fn load(&mut self) -> Ending {
        match self.read().await {
            Err(error) => Ending::Unread(error),
            Ok(Some(tokens)) => Ending::Loaded(Some(tokens)),
            Ok(None) => match self.by.seed.take(&self.session.key) {
                Some(seed) if self.save(&seed).await => Ending::Loaded(Some(seed)),
                Some(_) => Ending::Overtaken,
                None => Ending::Loaded(None),
            },
        }
    }

    async fn rotate(&mut self) -> Ending {
        let mut held = self.session.inner().state.held().map(|held| held.tokens.clone());
        match self.news(held.as_ref()).await {
            Err(error) => return Ending::Failed(error),
            Ok(News::Cleared) => return Ending::Lost(Error::logged_out()),
            Ok(News::Newer(tokens)) if expired(&tokens) => held = Some(tokens),
            Ok(News::Newer(tokens)) => return Ending::Adopted(tokens),
            Ok(News::None) => {}
        }
        loop {
            if self.overtaken() {
                return Ending::Overtaken;
            }
            let refresh_token = held.as_ref().and_then(|tokens| tokens.refresh.clone());
            let error = match self.refresh(refresh_token.as_ref()).await {
                Ok(tokens) => {
                    let tokens = tokens.succeeding(held.as_ref());
                    let saved = self.save(&tokens).await;
                    return if saved { Ending::Rotated { tokens, from: held } } else { Ending::Overtaken };
                }
                Err(error) => error,
            };
            let GrantError::Terminal { cause } = error else { return Ending::Failed(failure(error)) };
            match self.rescued(held.as_ref()).await {
                Some(tokens) if expired(&tokens) => held = Some(tokens),
                Some(tokens) => return Ending::Adopted(tokens),
                None => return Ending::Lost(self.lost(refresh_token.as_ref(), cause)),
            }
        }
    }

    fn lost(&self, refused: Option<&Secret>, cause: Option<Cause>) -> Error {
        let reason = match refused.map(Secret::fingerprint) {
            None => LostReason::NoRefreshToken,
            refused if refused == self.doubtful => LostReason::RotationOutcomeUnknown,
            Some(_) => LostReason::Rejected,
        };
        Error::SessionLost { reason, cause }
    }

    /// What the store has that the session does not. It is not asked while it lags behind, nor when it cannot know.
    async fn news(&mut self, held: Option<&Tokens>) -> Result<News, Error> {
        if self.session.writer.unsaved() || !self.by.store.outlives_session() {
            return Ok(News::None);
        }
        let stored = self.read().await?;
        Ok(self.session.inner().superseded.compare(held, stored))
    }

    /// The refresh token was refused; perhaps because another holder has spent it a moment ago.
    async fn rescued(&mut self, held: Option<&Tokens>) -> Option<Tokens> {
        for pause in READ_AGAIN {
            if !self.by.store.outlives_session() {
                return None;
            }
            sleep(pause).await;
            if let Ok(News::Newer(tokens)) = self.news(held).await {
                return Some(tokens);
            }
        }
        None
    }

    async fn read(&mut self) -> Result<Option<Tokens>, Error> {
        loop {
            let (timed_out, cause) = match self.by.store.read(&self.session.key).await {
                Ok(tokens) => return Ok(tokens),
                Err(StoreError::Gone) if self.change_provider() => continue,
                Err(StoreError::Corrupt { cause }) => return Err(Error::StoreCorrupt { cause }),
                Err(StoreError::Failed { cause }) => (false, cause),
                Err(StoreError::TimedOut) => (true, None),
                Err(StoreError::Gone) => (false, None),
            };
            return Err(Error::Store { action: StoreAction::Read, timed_out, cause });
        }
    }

    /// Asks for new tokens, again after failures that spent nothing, and once more after one that may have spent the
    /// token if the server takes it twice.
    async fn refresh(&mut self, token: Option<&Secret>) -> Result<Tokens, GrantError> {
        let mut attempt = 1;
        let mut first_sent: Option<Instant> = None;
        let mut sent_again = false;
        loop {
            let error = match self.ask(token, attempt, &mut first_sent).await {
                Ok(tokens) => return Ok(tokens),
                Err(error) => error,
            };
            let since = first_sent.map_or(Duration::ZERO, |at| clock::now() - at);
            let Policy { max_retries, refresh_timeout, rotation_grace, .. } = self.by.policy;
            let (pause, deadline) = match &error {
                GrantError::Unspent { retry_after, .. } if attempt <= max_retries => {
                    (schedule::try_pause(attempt, *retry_after, rand::random()), refresh_timeout)
                }
                GrantError::Ambiguous { .. } if !sent_again => {
                    sent_again = true;
                    (Duration::ZERO, rotation_grace)
                }
                GrantError::Gone if self.change_provider() => (Duration::ZERO, Duration::MAX),
                _ => return Err(error),
            };
            if since + pause >= deadline {
                return Err(error);
            }
            sleep(pause).await;
            if self.overtaken() {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// One question. Callers wait `refreshTimeout` from the moment it really began; the question itself goes on, for
    /// its answer may hold the only valid refresh token there is.
    async fn ask(
        &mut self,
        token: Option<&Secret>,
        attempt: u32,
        first_sent: &mut Option<Instant>,
    ) -> Result<Tokens, GrantError> {
        let by = Arc::clone(&self.by);
        by.host.emit(Event::BeforeRefresh);
        let entered = Entered::default();
        let session = Arc::clone(&self.session.key);
        let mut answer = by.grant.refresh(Ask {
            session,
            refresh_token: token.cloned(),
            attempt,
            entered: entered.clone(),
        });
        tokio::select! {
            biased;
            answer = &mut answer => {
                // It may be answered before anybody saw it begin.
                if !matches!(answer, Err(GrantError::Gone)) {
                    first_sent.get_or_insert_with(clock::now);
                }
                return self.noted(token, answer);
            }
            () = entered.wait() => {}
        }
        let begun = clock::now();
        let patience = by.policy.refresh_timeout;
        tokio::select! {
            biased;
            answer = &mut answer => return self.noted(token, answer),
            () = sleep_until(*first_sent.get_or_insert(begun) + patience) => self.overdue(patience),
        }
        let answer = tokio::select! {
            biased;
            answer = &mut answer => answer,
            () = sleep_until(begun + by.policy.hard_limit()) => Err(GrantError::Ambiguous { cause: None }),
        };
        self.noted(token, answer)
    }

    /// Remembers that the token may be spent.
    fn noted(
        &mut self,
        token: Option<&Secret>,
        answer: Result<Tokens, GrantError>,
    ) -> Result<Tokens, GrantError> {
        if let Err(GrantError::Ambiguous { .. } | GrantError::Malformed { .. }) = answer {
            self.by.counters.ambiguous.add();
            self.doubtful = token.map(Secret::fingerprint);
        }
        answer
    }

    /// Sends the waiters away; the question stays under way, and no other is asked meanwhile.
    fn overdue(&self, after: Duration) {
        self.session.inner().state.overdue(self.epoch, after);
        self.flight.outcome.set(Err(Error::RefreshTimeout { after }));
    }

    /// Saves tokens that came from a refresh or a seed. False if another login began meanwhile. A store that does not
    /// take them is the writer's concern: the tokens serve from memory.
    async fn save(&self, tokens: &Tokens) -> bool {
        let ticket = {
            let inner = self.session.inner();
            if inner.state.epoch() != self.epoch {
                return false;
            }
            self.session.writer.want(Some(tokens.clone()))
        };
        let _reported = self.session.save(&self.by, ticket).await;
        !self.overtaken()
    }

    fn overtaken(&self) -> bool {
        self.session.epoch() != self.epoch
    }

    fn change_provider(&mut self) -> bool {
        let Some(other) = self.session.another(&self.by) else { return false };
        self.hold = other.host.hold();
        self.by = other;
        true
    }

    /// Applies the ending and tells everybody, in this order: the state, the hooks, those who wait. Hooks are only
    /// queued here, so that `onRefreshed` is ahead of every answer that waited for it.
    fn land(&mut self, ending: Ending) {
        self.landed = true;
        let mut guard = self.session.inner();
        let inner = &mut *guard;
        if inner.state.epoch() != self.epoch {
            return;
        }
        inner.flight = None;
        let counters = &self.by.counters;
        let mut events = Vec::new();
        let outcome = match ending {
            Ending::Loaded(tokens) => {
                let stamp = inner.state.next_stamp();
                inner.state.loaded(tokens.map(|tokens| fresh(tokens, stamp, false)));
                Ok(())
            }
            Ending::Rotated { tokens, from } => {
                if let Some(from) = from {
                    inner.superseded.add(&from);
                }
                counters.rotations.add();
                events.push(Event::Refreshed(Arc::new(tokens.clone())));
                replace(inner, tokens, true);
                Ok(())
            }
            Ending::Adopted(tokens) => {
                counters.adopted.add();
                replace(inner, tokens, false);
                Ok(())
            }
            Ending::Unread(error) => {
                inner.state.unread();
                Err(error)
            }
            Ending::Failed(error) => {
                counters.rotations_failed.add();
                inner.doubtful = self.doubtful;
                let asked = retry_after(&error);
                let told = inner.state.cooled(error, clock::now(), |failures| {
                    schedule::cool_down(failures, asked, rand::random())
                });
                events.push(Event::RefreshFailed(told.clone()));
                Err(told)
            }
            Ending::Lost(error) => {
                counters.rotations_failed.add();
                if matches!(error, Error::SessionLost { reason: LostReason::RotationOutcomeUnknown, .. }) {
                    counters.reuse_suspected.add();
                }
                inner.state.lost(error.clone());
                events.extend([Event::RefreshFailed(error.clone()), Event::Logout]);
                Err(error)
            }
            Ending::Overtaken => Err(Error::logged_out()),
        };
        let held = inner.state.held().cloned();
        drop(guard);
        for event in events {
            self.by.host.emit(event);
        }
        self.flight.outcome.set(outcome.map(|()| held));
    }
}

/// New tokens take the place of those held.
fn replace(inner: &mut Inner, tokens: Tokens, minted: bool) {
    if let Some(old) = inner.state.held() {
        inner.superseded.add(&old.tokens);
    }
    inner.doubtful = None;
    inner.state.rotated(fresh(tokens, inner.state.next_stamp(), minted));
}

impl Drop for Trip {
    /// Whatever happens to a flight, a panic included, nobody waits for ever.
    fn drop(&mut self) {
        if !self.landed {
            self.land(Ending::Failed(failure(GrantError::Ambiguous { cause: None })));
        }
    }
}

fn expired(tokens: &Tokens) -> bool {
    tokens.expires_at.is_some_and(|at| at <= clock::wall_ms())
}

fn retry_after(error: &Error) -> Option<Duration> {
    match error {
        Error::Refresh(failure) => failure.retry_after,
        _ => None,
    }
}

fn failure(error: GrantError) -> Error {
    let (kind, retry_after, cause): (_, _, Option<Cause>) = match error {
        GrantError::Unspent { retry_after, cause } => (RefreshFailureKind::Failed, retry_after, cause),
        GrantError::Malformed { cause } => (RefreshFailureKind::Malformed, None, cause),
        GrantError::Ambiguous { cause: None } | GrantError::Gone => {
            (RefreshFailureKind::NoAnswer, None, None)
        }
        GrantError::Ambiguous { cause } | GrantError::Unknown { cause } | GrantError::Terminal { cause } => {
            (RefreshFailureKind::Failed, None, cause)
        }
    };
    Error::Refresh(RefreshFailure { kind, retry_after, cause })
}
