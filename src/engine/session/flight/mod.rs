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

use crate::clock;
use crate::error::{Cause, Error, LostReason, StoreAction};
use crate::grant::GrantError;
use crate::secret::{Fingerprint, Secret};
use crate::session::flight::adopt::News;
use crate::session::flight::finish::{Ended, failure};
use crate::session::participant::{KeepAlive, Participant};
use crate::session::signal::Counted;
use crate::session::state::Purpose;
use crate::session::{Inner, Session};
use crate::store::StoreError;
use crate::token::{Held, Tokens};
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
        maybe_spent: inner.maybe_spent,
        landed: false,
        hold: by.host.keep_process_alive(),
        _under_way: session.flights.enter(),
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
    _under_way: Counted,
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
            return match self.news(None).await {
                Ok(News::Newer(tokens)) => Ended::Revived(tokens),
                _ => Ended::StillLost,
            };
        }
        match self.read().await {
            Err(error) => Ended::Unread(error),
            Ok(Some(tokens)) => Ended::Loaded(Some(tokens)),
            Ok(None) => match self.by.seed.take(&self.session.key) {
                Some(seed) if self.save(&seed).await => Ended::Loaded(Some(seed)),
                Some(_) => Ended::Overtaken,
                None => Ended::Loaded(None),
            },
        }
    }

    async fn rotate(&mut self) -> Ended {
        let mut held = self.session.inner().state.held().map(|held| held.tokens.clone());
        match self.news(held.as_ref()).await {
            Err(error) => return Ended::Failed(error),
            Ok(News::Cleared) => return Ended::Lost(Error::logged_out()),
            // Rotating for an access token that is held already would only get it rejected once more.
            Ok(News::Newer(tokens)) if expired(&tokens) || same_access(&tokens, held.as_ref()) => {
                held = Some(tokens);
            }
            Ok(News::Newer(tokens)) => return Ended::Adopted(tokens),
            Ok(News::None) => {}
        }
        loop {
            if self.overtaken() {
                return Ended::Overtaken;
            }
            let refresh_token = held.as_ref().and_then(|tokens| tokens.refresh.clone());
            let error = match self.refresh(refresh_token.as_ref()).await {
                Ok(tokens) => {
                    let tokens = tokens.succeeding(held.as_ref());
                    if self.save(&tokens).await {
                        return Ended::Rotated { tokens, from: held };
                    }
                    self.session.inherit(&self.by);
                    return Ended::Overtaken;
                }
                Err(error) => error,
            };
            let GrantError::Terminal { cause } = error else { return Ended::Failed(failure(error)) };
            // What was refused came from the store, perhaps: if it turns up there again, it is no news.
            if let Some(refused) = &held {
                self.session.inner().superseded.add(refused);
            }
            let Some(tokens) = self.rescued(held.as_ref()).await else {
                return Ended::Lost(self.lost(refresh_token.as_ref(), cause));
            };
            if !expired(&tokens) {
                return Ended::Adopted(tokens);
            }
            held = Some(tokens);
        }
    }

    fn lost(&self, refused: Option<&Secret>, cause: Option<Cause>) -> Error {
        let reason = match refused.map(Secret::fingerprint) {
            None => LostReason::NoRefreshToken,
            refused if refused == self.maybe_spent => LostReason::RotationOutcomeUnknown,
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
                Err(StoreError::Gone) if self.change_participant() => continue,
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

fn same_access(tokens: &Tokens, held: Option<&Tokens>) -> bool {
    held.is_some_and(|held| held.access == tokens.access)
}

fn expired(tokens: &Tokens) -> bool {
    tokens.expires_at.is_some_and(|at| at <= clock::wall_ms())
}
