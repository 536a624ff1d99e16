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
//! [`crate::session::flight::refresh`] is step 2, [`crate::session::flight::finish`] step 4.
//!
//! Invariant: a flight that lands in another epoch than it started in changes nothing.

pub(super) mod adopt;
pub(super) mod finish;
mod refresh;
pub(super) mod spent_tokens;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::clock;
use crate::error::{Cause, Error, LostReason, StoreAction};
use crate::grant::GrantError;
use crate::secret::{Fingerprint, Secret};
use crate::session::flight::adopt::Found;
use crate::session::flight::finish::{Ended, failure};
use crate::session::held::{Held, Versioned};
use crate::session::host::KeepAlive;
use crate::session::participant::Participant;
use crate::session::state::Purpose;
use crate::session::writer::Save;
use crate::session::{Inner, Session};
use crate::store::{Record, StoreError, Stored};
use crate::token::Tokens;
use crate::wait::outcome::Outcome;

/// When a refused refresh token's store is read again: another holder may have rotated a moment ago and be saving.
const READ_AGAIN: [Duration; 3] =
    [Duration::from_millis(25), Duration::from_millis(50), Duration::from_millis(100)];

/// What callers wait for.
pub(crate) struct FlightHandle {
    pub(crate) purpose: Purpose,
    pub(crate) outcome: Outcome<Result<Option<Arc<Held>>, Error>>,
}

/// Starts a flight. The caller holds the session's lock and has seen that none is under way.
pub(crate) fn depart(
    session: &Arc<Session>,
    inner: &mut Inner,
    by: &Arc<Participant>,
    purpose: Purpose,
) -> Arc<FlightHandle> {
    inner.state.take_off(purpose);
    let handle = Arc::new(FlightHandle { purpose, outcome: Outcome::default() });
    inner.flight = Some(Arc::clone(&handle));
    let flight = Flight {
        session: Arc::clone(session),
        by: Arc::clone(by),
        handle: Arc::clone(&handle),
        epoch: inner.state.epoch(),
        maybe_spent: inner.maybe_spent(),
        landed: false,
        hold: by.host.keep_process_alive(),
        _under_way: session.enter(),
    };
    tokio::spawn(flight.fly());
    handle
}

/// A flight under way.
pub(crate) struct Flight {
    pub(crate) session: Arc<Session>,
    pub(crate) by: Arc<Participant>,
    pub(crate) handle: Arc<FlightHandle>,
    pub(crate) epoch: u64,
    /// The refresh token of an earlier refresh that was sent and never answered.
    pub(crate) maybe_spent: Option<Fingerprint>,
    pub(crate) landed: bool,
    /// A program that has nothing else to do waits for its flights.
    hold: KeepAlive,
    /// Dropped last: who waits for the flight to be over finds the program released.
    _under_way: TaskTrackerToken,
}

impl Flight {
    async fn fly(mut self) {
        let ending = match self.handle.purpose {
            Purpose::Load => self.load().await,
            Purpose::Rotate => self.rotate().await,
        };
        self.land(ending);
    }

    async fn load(&mut self) -> Ended {
        if self.session.inner().state.lost_error().is_some() {
            return match self.look(None).await {
                Ok(Found::News(news)) => Ended::Revived(news),
                _ => Ended::StillLost,
            };
        }
        let stored = match self.read().await {
            Err(error) => return Ended::Unread(error),
            Ok(stored) => stored.and_then(Versioned::of),
        };
        if stored.is_some() {
            return Ended::Loaded(stored);
        }
        let Some(seed) = self.by.seed.take(&self.session.key) else { return Ended::Loaded(None) };
        let seed = self.versioned(seed);
        match self.save(&seed).await {
            Save::Saved => Ended::Loaded(Some(seed)),
            Save::Overtaken => Ended::Overtaken,
        }
    }

    async fn rotate(&mut self) -> Ended {
        let held = self.session.inner().state.held().cloned();
        let mut base = held.map(|held| Versioned { tokens: held.tokens.clone(), version: held.version });
        match self.look(base.as_ref()).await {
            Err(error) => return Ended::Failed(error),
            Ok(Found::Gone) => return Ended::Lost(Error::logged_out()),
            // To adopt the access token that is held already would only get it rejected once more.
            Ok(Found::News(news)) if expired(&news.tokens) || same_access(&news, base.as_ref()) => {
                base = Some(news);
            }
            Ok(Found::News(news)) => return Ended::Adopted(news),
            Ok(Found::Mine | Found::Replaced) => {}
        }
        loop {
            if self.overtaken() {
                return Ended::Overtaken;
            }
            let refresh_token = base.as_ref().and_then(|base| base.tokens.refresh.clone());
            let error = match self.refresh(refresh_token.as_ref()).await {
                Ok(tokens) => {
                    let tokens = tokens.succeeding(base.as_ref().map(|base| &base.tokens));
                    let tokens = self.versioned(tokens);
                    if self.save(&tokens).await == Save::Overtaken {
                        self.session.inherit(&self.by);
                        return Ended::Overtaken;
                    }
                    return Ended::Rotated { tokens, from: base };
                }
                Err(error) => error,
            };
            let GrantError::Terminal { cause } = error else { return Ended::Failed(failure(error)) };
            // The refused tokens came from the store, perhaps: if they turn up there again, they are no news.
            if let Some(refused) = &base {
                self.session
                    .inner()
                    .past
                    .get_or_insert_default()
                    .replaced
                    .add(refused.version, &refused.tokens);
            }
            let Some(news) = self.rescued(base.as_ref()).await else {
                return Ended::Lost(self.lost(refresh_token.as_ref(), cause));
            };
            if !expired(&news.tokens) {
                return Ended::Adopted(news);
            }
            base = Some(news);
        }
    }

    /// The tokens as this flight's client writes them.
    fn versioned(&self, tokens: Tokens) -> Versioned {
        let record = Record { tokens: Some(tokens.clone()) };
        Versioned { version: self.by.store.version(&record), tokens }
    }

    fn lost(&self, refused: Option<&Secret>, cause: Option<Cause>) -> Error {
        let reason = match refused.map(Secret::fingerprint) {
            None => LostReason::NoRefreshToken,
            refused if refused == self.maybe_spent => LostReason::RotationOutcomeUnknown,
            Some(_) => LostReason::Rejected,
        };
        Error::SessionLost { reason, cause }
    }

    /// Looks for tokens in the store that are newer than `base`. The store is not read while it lags behind the session,
    /// nor if nobody else writes to it.
    async fn look(&mut self, base: Option<&Versioned>) -> Result<Found, Error> {
        if self.session.writer.unsaved() || !self.by.store.outlives_session() {
            return Ok(Found::Mine);
        }
        let stored = self.read().await?;
        Ok(self
            .session
            .inner()
            .past
            .get_or_insert_default()
            .replaced
            .judge(base.map(|base| base.version), stored))
    }

    /// The refresh token was refused, perhaps because another holder has spent it a moment ago and saves now.
    async fn rescued(&mut self, base: Option<&Versioned>) -> Option<Versioned> {
        for pause in READ_AGAIN {
            if !self.by.store.outlives_session() {
                return None;
            }
            sleep(pause).await;
            if let Ok(Found::News(news)) = self.look(base).await {
                return Some(news);
            }
        }
        None
    }

    async fn read(&mut self) -> Result<Option<Stored>, Error> {
        loop {
            let (timed_out, cause) = match self.by.store.read(&self.session.key).await {
                Ok(stored) => {
                    self.session.writer.saw(stored.as_ref());
                    return Ok(stored);
                }
                Err(StoreError::Gone) if self.change_participant() => continue,
                Err(StoreError::Corrupt { cause }) => return Err(Error::StoreCorrupt { cause }),
                Err(StoreError::Failed { cause }) => (false, cause),
                Err(StoreError::TimedOut) => (true, None),
                Err(StoreError::Gone) => (false, None),
            };
            return Err(Error::Store { action: StoreAction::Read, timed_out, cause });
        }
    }

    /// Saves tokens that came from a refresh or a seed. A store that does not take them is the writer's concern: the
    /// tokens serve from memory.
    async fn save(&self, tokens: &Versioned) -> Save {
        let ticket = {
            let inner = self.session.inner();
            if inner.state.epoch() != self.epoch {
                return Save::Overtaken;
            }
            self.session.writer.want(tokens.stored())
        };
        let _reported = self.session.save(&self.by, ticket).await;
        if self.overtaken() { Save::Overtaken } else { Save::Saved }
    }

    pub(crate) fn overtaken(&self) -> bool {
        self.session.epoch() != self.epoch
    }

    pub(crate) fn change_participant(&mut self) -> bool {
        let Some(other) = self.session.another(&self.by) else { return false };
        self.hold = other.host.keep_process_alive();
        self.by = other;
        true
    }
}

fn same_access(news: &Versioned, base: Option<&Versioned>) -> bool {
    base.is_some_and(|base| base.tokens.access == news.tokens.access)
}

fn expired(tokens: &Tokens) -> bool {
    tokens.expires_at.is_some_and(|at| at <= clock::wall_ms())
}
