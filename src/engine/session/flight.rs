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
//! [`super::question`] is step 2, [`super::landing`] step 4.
//!
//! Invariant: a flight that lands in another epoch than it started in changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::landing::{Ending, failure};
use super::news::News;
use super::outcome::Outcome;
use super::provider::{Hold, Provider};
use super::signal::Counted;
use super::state::Purpose;
use super::{Inner, Session};
use crate::engine::clock;
use crate::engine::error::{Cause, Error, LostReason, StoreAction};
use crate::engine::grant::GrantError;
use crate::engine::secret::{Fingerprint, Secret};
use crate::engine::store::StoreError;
use crate::engine::token::{Held, Tokens};

/// When a refused refresh token's store is read again: another holder may have rotated a moment ago and be saving.
const READ_AGAIN: [Duration; 3] =
    [Duration::from_millis(25), Duration::from_millis(50), Duration::from_millis(100)];

/// What callers wait for.
pub(super) struct Flight {
    pub(super) purpose: Purpose,
    pub(super) outcome: Outcome<Result<Option<Arc<Held>>, Error>>,
}

/// Starts a flight. The caller holds the session's lock and has seen that none is under way.
pub(super) fn depart(
    session: &Arc<Session>,
    inner: &mut Inner,
    by: &Arc<Provider>,
    purpose: Purpose,
) -> Arc<Flight> {
    inner.state.take_off(purpose);
    let flight = Arc::new(Flight { purpose, outcome: Outcome::default() });
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

/// A flight under way.
pub(super) struct Trip {
    pub(super) session: Arc<Session>,
    pub(super) by: Arc<Provider>,
    pub(super) flight: Arc<Flight>,
    pub(super) epoch: u64,
    /// The refresh token of an earlier refresh that was sent and never answered.
    pub(super) doubtful: Option<Fingerprint>,
    pub(super) landed: bool,
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
                    if self.save(&tokens).await {
                        return Ending::Rotated { tokens, from: held };
                    }
                    self.session.inherit(&self.by);
                    return Ending::Overtaken;
                }
                Err(error) => error,
            };
            let GrantError::Terminal { cause } = error else { return Ending::Failed(failure(error)) };
            let Some(tokens) = self.rescued(held.as_ref()).await else {
                return Ending::Lost(self.lost(refresh_token.as_ref(), cause));
            };
            // What was refused came from the store, perhaps: if it turns up there again, it is no news.
            if let Some(refused) = &held {
                self.session.inner().superseded.add(refused);
            }
            if !expired(&tokens) {
                return Ending::Adopted(tokens);
            }
            held = Some(tokens);
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

    pub(super) fn overtaken(&self) -> bool {
        self.session.epoch() != self.epoch
    }

    pub(super) fn change_provider(&mut self) -> bool {
        let Some(other) = self.session.another(&self.by) else { return false };
        self.hold = other.host.hold();
        self.by = other;
        true
    }
}

fn expired(tokens: &Tokens) -> bool {
    tokens.expires_at.is_some_and(|at| at <= clock::wall_ms())
}
