//! The tokens of one identity, and the rotation that keeps them valid. Nothing here knows of HTTP.
//!
//! [`state`] decides, [`flight`] rotates, [`writer`] saves. Requests call the methods in this file and in [`credential`];
//! programs call those in [`login`].
//!
//! Invariant: the state is read and changed only under its lock, and the lock is never held across an `await`.

mod credential;
mod endpoints;
mod flight;
pub(crate) mod held;
pub mod identities;
mod letting_go;
mod login;
pub mod participant;
mod past;
pub mod registry;
mod revoke;
pub mod schedule;
mod shared;
mod state;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::clock;
use crate::clock::Instant;
use crate::error::Error;
use crate::event::Reason;
use crate::secret::Secret;
use crate::wait::arrival::Arrival;
use flight::FlightHandle;
use held::Versioned;
use participant::Participant;
use past::{InTurns, Past};
use shared::Shared;
use state::{Rejected, State};
use writer::Writer;

pub use credential::Credential;
pub use endpoints::Endpoint;
pub use held::{Held, Stamp};
pub use state::{Purpose, Sending};

pub struct Session {
    key: Arc<str>,
    inner: Mutex<Inner>,
    writer: Writer,
    /// Counts flights, and failed writes that keep the program running until they are repeated. Made with the first of
    /// them, because most sessions rest.
    under_way: OnceLock<TaskTracker>,
    /// How many clients use this session. Only the registry counts.
    clients: AtomicU32,
}

struct Inner {
    state: State,
    flight: Option<Arc<FlightHandle>>,
    /// Absent until the first rotation or the second login, because most sessions rest before either.
    past: Option<Box<Past>>,
    /// Present if other processes use the store too.
    shared: Option<Box<Shared>>,
    /// Every client that uses this session: a flight goes on with another one if its own client's environment ends. No
    /// `Vec`, because there is mostly one, and a hundred thousand sessions have this field.
    participants: Box<[Weak<Participant>]>,
}

impl Inner {
    /// The time by which the state decides.
    fn now(&self) -> Instant {
        if let Some(held) = self.state.held() {
            held.compare();
        }
        clock::uptime()
    }
}

/// How a request goes on whose token was rejected.
#[derive(Debug)]
pub enum Verdict {
    /// Send the request again, with these tokens.
    Replay(Arc<Held>),
    /// Send the request again after this pause, with the same token, because not every server knows the token yet.
    Again(Duration),
    /// Return the rejection to the program.
    GiveBack,
}

impl Session {
    pub fn new(key: Arc<str>) -> Self {
        Self {
            key,
            inner: Mutex::new(Inner {
                state: State::new(),
                flight: None,
                past: None,
                shared: None,
                participants: Box::default(),
            }),
            writer: Writer::default(),
            under_way: OnceLock::new(),
            clients: AtomicU32::new(0),
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// The epoch of a request that is made now.
    pub fn epoch(&self) -> u64 {
        self.inner().state.epoch()
    }

    /// `by` uses this session from now on.
    pub fn join(&self, by: &Arc<Participant>) {
        let mut inner = self.inner();
        if by.fleet.is_some() {
            inner.shared.get_or_insert_with(|| Box::new(Shared::new(&self.key)));
        }
        let known = std::mem::take(&mut inner.participants);
        let others =
            known.into_iter().filter(|known| known.strong_count() > 0 && known.as_ptr() != Arc::as_ptr(by));
        inner.participants = others.chain([Arc::downgrade(by)]).collect();
    }

    /// A server rejected the token of this sending. `claims`: it wants to see these in the next token. Waits for the rotation,
    /// if one is needed.
    pub async fn rejected(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        sending: Sending,
        claims: Option<Secret>,
        number: Arrival,
    ) -> Result<Verdict, Error> {
        let Sending { stamp, .. } = sending;
        let flight = {
            let mut inner = self.inner();
            let now = inner.now();
            let rejected = match claims {
                None => inner.state.rejected(sending, &by.policy, now),
                Some(claims) => match inner.want_claims(claims, stamp, now) {
                    Ok(asked) => inner.state.challenged(sending, asked, now),
                    Err(InTurns) => Rejected::GiveBack,
                },
            };
            match rejected {
                Rejected::Replay => None,
                Rejected::GiveBack => return Ok(Verdict::GiveBack),
                Rejected::Again(pause) => return Ok(Verdict::Again(pause)),
                Rejected::Fail(error) => return Err(error),
                Rejected::Load => Some(self.depart(&mut inner, by, Purpose::Load, Reason::Rejected)),
                Rejected::Wait => Some(self.depart(&mut inner, by, Purpose::Rotate, Reason::Rejected)),
            }
        };
        let brought = match &flight {
            Some(flight) => wait(by, flight, number).await,
            // The tokens held now may have expired too.
            None => self.token(by, stamp.epoch, number).await.map(Some),
        };
        let loaded = flight.as_ref().is_some_and(|flight| flight.purpose == Purpose::Load);
        match brought {
            // The request had no token, so that it may be sent with the token of any login.
            Ok(Some(held)) if loaded => Ok(Verdict::Replay(held)),
            _ if self.epoch() != stamp.epoch => Ok(Verdict::GiveBack),
            Ok(None) if loaded && !self.is_lost() => Box::pin(self.rejected(by, sending, None, number)).await,
            Ok(None) => Ok(Verdict::GiveBack),
            Ok(Some(held)) => Ok(Verdict::Replay(held)),
            Err(error) => Err(error),
        }
    }

    fn is_lost(&self) -> bool {
        self.lost_error().is_some()
    }

    fn lost_error(&self) -> Option<Error> {
        self.inner().state.lost_error().cloned()
    }

    /// The access token held, and its stamp. Never waits.
    pub fn now(&self) -> (Option<Arc<Held>>, Stamp) {
        let inner = self.inner();
        (inner.state.held().cloned(), inner.state.stamp())
    }

    /// A server accepted the token of this sending.
    pub fn accepted(&self, sending: Sending) {
        self.inner().state.accepted(sending);
    }

    /// Rotates now. With `rejected`, rotates only if that is still the access token.
    pub async fn rotate(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        rejected: Option<&Secret>,
    ) -> Result<Arc<Held>, Error> {
        let epoch = self.epoch();
        self.load(by).await?;
        let flight = {
            let mut inner = self.inner();
            match (inner.state.held(), rejected) {
                (Some(held), Some(rejected))
                    if held.tokens.access != *rejected && !held.tokens.access.expose().is_empty() =>
                {
                    return Ok(Arc::clone(held));
                }
                // The login of another process, which the store has shown just now.
                (Some(held), _) if inner.state.epoch() != epoch => return Ok(Arc::clone(held)),
                _ => {}
            }
            inner.state.may_rotate(inner.now())?;
            self.depart(&mut inner, by, Purpose::Rotate, Reason::Asked)
        };
        wait(by, &flight, Arrival::draw()).await?.ok_or_else(Error::logged_out)
    }

    /// Returns the tokens held, also if they have expired.
    pub async fn tokens(self: &Arc<Self>, by: &Arc<Participant>) -> Result<Option<Arc<Held>>, Error> {
        let epoch = self.epoch();
        let loaded = self.load(by).await;
        // After a login meanwhile, the read of the store does not count.
        if self.epoch() == epoch {
            loaded?;
        }
        Ok(self.inner().state.held().cloned())
    }

    /// Resolves when no flight is under way and the newest tokens are saved. A write that fails is waited for while it keeps
    /// the program running.
    pub async fn settled(&self) {
        if let Some(under_way) = self.under_way.get() {
            under_way.wait().await;
        }
    }

    /// Counts as under way until the value is dropped.
    fn enter(&self) -> TaskTrackerToken {
        let under_way = self.under_way.get_or_init(|| {
            let tracker = TaskTracker::new();
            // Else a wait would not end when nothing is under way.
            tracker.close();
            tracker
        });
        under_way.token()
    }

    async fn load(self: &Arc<Self>, by: &Arc<Participant>) -> Result<(), Error> {
        let flight = {
            let mut inner = self.inner();
            if !inner.state.wants_load(inner.now()) {
                return Ok(());
            }
            self.depart(&mut inner, by, Purpose::Load, Reason::Expired)
        };
        wait(by, &flight, Arrival::draw()).await.map(drop)
    }

    /// Starts a flight that nobody waits for, unless one is under way.
    fn rotate_ahead(self: &Arc<Self>, inner: &mut Inner, by: &Arc<Participant>) {
        if inner.flight.is_none() {
            flight::depart(self, inner, by, Purpose::Rotate, Reason::Ahead);
        }
    }

    /// Returns the flight under way, or starts one, for somebody who waits for it.
    fn depart(
        self: &Arc<Self>,
        inner: &mut Inner,
        by: &Arc<Participant>,
        purpose: Purpose,
        reason: Reason,
    ) -> Arc<FlightHandle> {
        let flight = match &inner.flight {
            Some(flight) => Arc::clone(flight),
            None => flight::depart(self, inner, by, purpose, reason),
        };
        flight.awaited.store(true, Relaxed);
        flight
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns another client whose environment still runs.
    fn another(&self, than: &Arc<Participant>) -> Option<Arc<Participant>> {
        let inner = self.inner();
        let mut living = inner.participants.iter().filter_map(Weak::upgrade);
        living.find(|participant| !Arc::ptr_eq(participant, than) && participant.host.alive())
    }
}

/// Waits for a flight, within the client's limit of waiting requests.
async fn wait(by: &Participant, flight: &FlightHandle, number: Arrival) -> Result<Option<Arc<Held>>, Error> {
    if by.closed.is_cancelled() {
        return Err(Error::ClientClosed);
    }
    let _place = by.waiting.enter()?;
    tokio::select! {
        biased;
        outcome = flight.outcome.wait(number) => outcome,
        () = by.closed.cancelled() => Err(Error::ClientClosed),
    }
}

/// Tokens that arrive now.
fn fresh(from: Versioned, stamp: Stamp, from_refresh: bool) -> Held {
    Held::new(from, stamp, from_refresh, clock::uptime(), clock::wall_ms())
}
