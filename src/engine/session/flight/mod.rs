//! One rotation, from the store and back to it.
//!
//! A flight is a task of its own. Callers wait for its one outcome, and may leave without touching the flight. The order
//! of the steps in [`Flight::rotate`] guarantees that no refresh token is spent twice and that none is lost:
//!
//! 1. [`adopt`]: read the store. Newer tokens there are adopted, and the flight ends.
//! 2. [`refresh`]: ask for new tokens. [`spent_tokens`](crate::session::past::spent_tokens) keeps two logins from sending the same refresh token.
//! 3. Save the new tokens, before anybody uses them.
//! 4. If the refresh token was refused: read the store again, because another process may have rotated a moment ago.
//! 5. [`finish`]: change the state, queue the hooks, wake the callers.
//!
//! Invariant: a flight that ends in another epoch than it began in changes nothing.

pub(super) mod adopt;
pub(super) mod finish;
mod refresh;
mod shared;

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::error::{Cause, Error};
use crate::event::{Event, Reason};
use crate::exit;
use crate::fleet::Mark;
use crate::grant::GrantError;
use crate::secret::{Fingerprint, Secret};
use crate::session::flight::finish::{Ended, failure};
use crate::session::held::{Held, Versioned};
use crate::session::participant::Participant;
use crate::session::participant::host::KeepAlive;
use crate::session::state::Purpose;
use crate::session::writer::Save;
use crate::session::{Inner, Session};
use crate::store::Record;
use crate::token::Tokens;
use crate::wait::outcome::Outcome;

/// A flight, as those who wait for it see it.
pub(crate) struct FlightHandle {
    pub(crate) purpose: Purpose,
    /// Somebody needs the outcome. An early rotation that nobody waits for is left to another process that rotates.
    pub(crate) awaited: AtomicBool,
    /// A logout that revokes its tokens has overtaken the flight, so that the tokens which the flight brings are revoked too.
    pub(crate) revokes: AtomicBool,
    /// How long other processes kept the flight waiting, ms.
    pub(crate) lease_wait_ms: AtomicU64,
    pub(crate) outcome: Outcome<Result<Option<Arc<Held>>, Error>>,
}

/// Starts a flight. The caller holds the session's lock and has seen that none is under way.
pub(crate) fn depart(
    session: &Arc<Session>,
    inner: &mut Inner,
    by: &Arc<Participant>,
    purpose: Purpose,
    reason: Reason,
) -> Arc<FlightHandle> {
    inner.state.begin_flight(purpose);
    if purpose == Purpose::Rotate {
        by.host.emit(&session.key, Event::RotationBegins { reason, epoch: inner.state.epoch() });
    }
    let handle = Arc::new(FlightHandle {
        purpose,
        awaited: AtomicBool::new(false),
        revokes: AtomicBool::new(false),
        lease_wait_ms: AtomicU64::new(0),
        outcome: Outcome::default(),
    });
    inner.flight = Some(Arc::clone(&handle));
    let flight = Flight {
        session: Arc::clone(session),
        by: Arc::clone(by),
        handle: Arc::clone(&handle),
        epoch: inner.state.epoch(),
        maybe_spent: inner.maybe_spent(),
        mark: inner.shared.as_ref().and_then(|shared| shared.mark),
        landed: false,
        hold: by.host.keep_process_alive(),
        exit: if purpose == Purpose::Rotate { by.hold_exit().map(Arc::new) } else { None },
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
    /// The refresh token of an earlier refresh that was sent and not answered.
    pub(crate) maybe_spent: Option<Fingerprint>,
    /// The state of a shared store that the session stands for, and at the flight's end that which it has learnt of.
    mark: Option<Mark>,
    pub(crate) landed: bool,
    /// Keeps the program running until the flight ends.
    hold: KeepAlive,
    /// Has the exit of the process wait for this rotation. The program keeps running until the flight ends, but it may be told to exit.
    exit: Option<Arc<exit::Hold>>,
    /// Dropped last, so that the program is released when `settled()` resolves.
    _under_way: TaskTrackerToken,
}

impl Flight {
    async fn fly(mut self) {
        let shared = self.by.fleet.as_ref().and_then(|_| self.session.member());
        let ended = match (self.handle.purpose, shared) {
            (Purpose::Load, Some(member)) => self.load_shared(&member).await,
            (Purpose::Rotate, _) if self.by.ending.is_cancelled() => Ended::Failed(Error::ClientClosed),
            (Purpose::Rotate, Some(member)) => self.rotate_shared(&member).await,
            (Purpose::Load, None) => self.load().await,
            (Purpose::Rotate, None) => {
                let Break(ended) = self.rotate().await;
                ended
            }
        };
        self.land(ended);
    }

    /// Every step either goes on or breaks with the flight's end.
    async fn rotate(&mut self) -> ControlFlow<Ended, Infallible> {
        let mut base = self.adopt().await?;
        loop {
            self.check_login()?;
            match self.refresh(base.as_ref().map(|base| &*base.tokens)).await {
                Ok(tokens) => return Break(self.commit(tokens, base).await),
                Err(GrantError::Terminal { cause }) => base = self.adopt_after_refusal(base, cause).await?,
                Err(GrantError::Malformed { refresh: Some(refresh), cause }) => {
                    return Break(self.keep(refresh, cause, base).await);
                }
                Err(error) => {
                    let sent = base.is_some_and(|base| base.tokens.refresh.is_some());
                    return Break(Ended::Failed(failure(error, sent)));
                }
            }
        }
    }

    fn check_login(&self) -> ControlFlow<Ended> {
        if self.overtaken() { Break(Ended::Overtaken) } else { Continue(()) }
    }

    async fn commit(&mut self, tokens: Tokens, base: Option<Versioned>) -> Ended {
        let tokens = self.versioned(tokens.succeeding(base.as_ref().map(|base| &*base.tokens)));
        // If a login overtakes this flight, `land` sees it.
        let _saved = self.save(&tokens).await;
        Ended::Rotated { tokens, from: base }
    }

    /// Keeps a refresh token whose access token is unusable. Without this the next refresh would send the spent one.
    async fn keep(&mut self, refresh: Secret, cause: Option<Cause>, base: Option<Versioned>) -> Ended {
        let tokens = match &base {
            Some(base) => base.tokens.with_refresh(refresh),
            None => Tokens::without_access(refresh),
        };
        let tokens = self.versioned(tokens);
        let error = failure(GrantError::Malformed { refresh: None, cause }, true);
        let _saved = self.save(&tokens).await;
        Ended::Kept { tokens, from: base, error }
    }

    /// Saves tokens that came from a refresh or a seed. If the store does not take them, they serve from memory and the
    /// writer repeats the write.
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

    /// The tokens with the version under which this flight's client writes them.
    fn versioned(&self, tokens: Tokens) -> Versioned {
        let tokens = Arc::new(tokens);
        let record = Record { tokens: Some(Arc::clone(&tokens)) };
        Versioned { version: self.by.store.version(&record), tokens }
    }

    /// Another login has begun.
    pub(crate) fn overtaken(&self) -> bool {
        self.session.epoch() != self.epoch
    }

    /// Goes on with another client of the same store. Returns false if there is none whose environment still runs.
    pub(crate) fn change_participant(&mut self) -> bool {
        let Some(other) = self.session.another(&self.by) else { return false };
        self.hold = other.host.keep_process_alive();
        self.by = other;
        true
    }
}
