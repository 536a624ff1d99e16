//! The tokens of one identity, and the rotation that keeps them valid. Nothing here knows of HTTP.
//!
//! [`state`] decides, [`flight`] rotates, [`writer`] saves. Requests call the methods in this file.
//!
//! Invariant: the state is read and changed only under its lock, and the lock is never held across an `await`.

pub mod counters;
mod endpoints;
mod flight;
pub(crate) mod held;
pub mod host;
pub mod participant;
mod past;
pub mod registry;
mod resting;
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
use crate::error::{Error, StoreAction};
use crate::secret::Secret;
use crate::store::{Record, Stored};
use crate::token::Tokens;
use crate::wait::arrival::Arrival;
use flight::FlightHandle;
use held::Versioned;
use participant::Participant;
use past::Past;
use shared::Shared;
use state::{Acquire, Rejected, State};
use writer::Writer;

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

/// The way to valid tokens.
enum Reach {
    Held(Arc<Held>),
    /// No login is there.
    Anonymous(Stamp),
    /// This flight brings the tokens.
    Coming(Arc<FlightHandle>),
}

/// The tokens that a request is sent with, or none.
#[derive(Debug)]
pub enum Credential {
    Tokens(Arc<Held>),
    /// No login is there. See [`schedule::Policy::anonymous`].
    Anonymous(Stamp),
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

    /// Returns valid tokens for a request that was made in `epoch`. Waits for a rotation only if there are none.
    pub async fn token(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
        number: Arrival,
    ) -> Result<Arc<Held>, Error> {
        match self.credential(by, epoch, number).await? {
            Credential::Tokens(held) => Ok(held),
            Credential::Anonymous(_) => Err(Error::logged_out()),
        }
    }

    /// Like [`Session::token`], for a request that may go out without a token.
    pub async fn credential(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
        number: Arrival,
    ) -> Result<Credential, Error> {
        loop {
            let flight = match self.reach(by, epoch)? {
                Reach::Held(held) => return Ok(Credential::Tokens(held)),
                Reach::Anonymous(stamp) => return Ok(Credential::Anonymous(stamp)),
                Reach::Coming(flight) => flight,
            };
            let brought = match wait(by, &flight, number).await {
                // The store cannot be read, but the request may be for a page that is open to everybody.
                Err(Error::Store { .. } | Error::StoreCorrupt { .. })
                    if by.policy.anonymous && flight.purpose == Purpose::Load =>
                {
                    return Ok(Credential::Anonymous(Stamp { epoch, generation: 0 }));
                }
                brought => brought?,
            };
            // The caller had no token, so that it may have that of another login. The store of a lost session showed one.
            if let Some(held) = brought.as_ref().filter(|held| held.epoch != epoch) {
                return Ok(Credential::Tokens(Arc::clone(held)));
            }
            if flight.purpose == Purpose::Load
                && brought.is_none()
                && let Some(error) = self.lost_error()
            {
                return Err(error);
            }
            // Tokens of a rotation are used even if they have expired on their way. Else tokens with a very short life would
            // be rotated for ever.
            if let (Purpose::Rotate, Some(held)) = (flight.purpose, brought) {
                return Ok(Credential::Tokens(held));
            }
        }
    }

    /// Like [`Session::token`], but returns None where that would wait.
    pub fn token_at_hand(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
    ) -> Result<Option<Arc<Held>>, Error> {
        Ok(match self.reach(by, epoch)? {
            Reach::Held(held) => Some(held),
            Reach::Anonymous(_) | Reach::Coming(_) => None,
        })
    }

    /// The credential for a request of `epoch` (`None`: of now), if giving it needs no waiting and starts no flight.
    ///
    /// Made for JavaScript's thread, which has no runtime to start a flight on and never waits for the lock.
    pub fn credential_now(&self, by: &Participant, epoch: Option<u64>) -> Option<Credential> {
        let mut inner = self.inner.try_lock().ok()?;
        let now = inner.now();
        match inner.state.acquire(epoch.unwrap_or(inner.state.epoch()), &by.policy, now) {
            Acquire::Use(_) | Acquire::Anonymous(_) if inner.wants_confirmation(by, now) => None,
            Acquire::Use(held) => Some(Credential::Tokens(held)),
            Acquire::Anonymous(stamp) => Some(Credential::Anonymous(stamp)),
            _ => None,
        }
    }

    fn reach(self: &Arc<Self>, by: &Arc<Participant>, epoch: u64) -> Result<Reach, Error> {
        let mut inner = self.inner();
        let now = inner.now();
        let acquired = inner.state.acquire(epoch, &by.policy, now);
        match acquired {
            Acquire::Wait(_) => {}
            Acquire::UseAndRotate(_) if inner.may_rotate_early(now) => self.rotate_ahead(&mut inner, by),
            _ if inner.wants_confirmation(by, now) => self.confirm(&mut inner, by),
            _ => {}
        }
        match acquired {
            Acquire::Use(held) | Acquire::UseAndRotate(held) => Ok(Reach::Held(held)),
            Acquire::Anonymous(stamp) => Ok(Reach::Anonymous(stamp)),
            Acquire::Fail(error) => Err(error),
            Acquire::Wait(purpose) => Ok(Reach::Coming(self.depart(&mut inner, by, purpose))),
        }
    }

    /// A server rejected the token of this sending. Waits for the rotation, if one is needed.
    pub async fn rejected(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        sending: Sending,
        number: Arrival,
    ) -> Result<Verdict, Error> {
        let Sending { stamp, .. } = sending;
        let flight = {
            let mut inner = self.inner();
            let now = inner.now();
            match inner.state.rejected(sending, &by.policy, now) {
                Rejected::Replay => None,
                Rejected::GiveBack => return Ok(Verdict::GiveBack),
                Rejected::Again(pause) => return Ok(Verdict::Again(pause)),
                Rejected::Fail(error) => return Err(error),
                Rejected::Load => Some(self.depart(&mut inner, by, Purpose::Load)),
                Rejected::Wait => Some(self.depart(&mut inner, by, Purpose::Rotate)),
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
            Ok(None) if loaded && !self.is_lost() => Box::pin(self.rejected(by, sending, number)).await,
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
            self.depart(&mut inner, by, Purpose::Rotate)
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

    /// Logs in, or without tokens logs out: in memory at once, then in the store. A flight of the login before ends without
    /// touching this one.
    pub async fn login(self: &Arc<Self>, by: &Arc<Participant>, tokens: Option<Tokens>) -> Result<(), Error> {
        let ticket = self.begin_login(by, tokens);
        self.store_login(by, ticket).await
    }

    /// Logs in in memory, without a runtime. Returns the ticket for [`Session::store_login`].
    pub fn begin_login(&self, by: &Arc<Participant>, tokens: Option<Tokens>) -> u64 {
        let record = Record { tokens: tokens.map(Arc::new) };
        let next = Stored { version: by.store.version(&record), record };
        let from = Versioned::of(next.clone());
        let (flight, ticket) = {
            let inner = &mut *self.inner();
            // A late write of the login before may still put its tokens into the store. They must not count as news.
            if let Some(held) = inner.state.held() {
                inner.past.get_or_insert_default().replaced.add_unspent(&held.tokens);
            }
            if let Some(newest) = self.writer.newest() {
                inner.past().replaced.add_unspent(&newest.tokens);
            }
            if let (Some(from), Some(past)) = (&from, &mut inner.past) {
                past.replaced.remove(&from.tokens);
            }
            inner.set_maybe_spent(None);
            by.seed.take(&self.key);
            inner.state.login(&by.policy, |stamp| from.map(|from| fresh(from, stamp, false)));
            if let Some(shared) = &mut inner.shared {
                shared.log_in(next.version);
            }
            (inner.flight.take(), self.writer.want(next))
        };
        if let Some(flight) = flight {
            flight.outcome.set(Err(Error::logged_out()));
        }
        ticket
    }

    pub async fn store_login(self: &Arc<Self>, by: &Arc<Participant>, ticket: u64) -> Result<(), Error> {
        self.inherit(by);
        self.save(by, ticket).await.map(drop).map_err(|failed| failed.told(StoreAction::Write))
    }

    /// If a login brought a refresh token that an earlier login has spent, refreshes now, so that the store gets the
    /// successor of that token.
    fn inherit(self: &Arc<Self>, by: &Arc<Participant>) {
        let mut inner = self.inner();
        let epoch = inner.state.epoch();
        let refresh = inner.state.held().and_then(|held| held.tokens.refresh.as_ref());
        if refresh.zip(inner.past.as_ref()).is_some_and(|(token, past)| past.spent_tokens.spent(token, epoch))
        {
            self.depart(&mut inner, by, Purpose::Rotate);
        }
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
            self.depart(&mut inner, by, Purpose::Load)
        };
        wait(by, &flight, Arrival::draw()).await.map(drop)
    }

    /// Starts a flight that nobody waits for, unless one is under way.
    fn rotate_ahead(self: &Arc<Self>, inner: &mut Inner, by: &Arc<Participant>) {
        if inner.flight.is_none() {
            flight::depart(self, inner, by, Purpose::Rotate);
        }
    }

    /// Returns the flight under way, or starts one, for somebody who waits for it.
    fn depart(
        self: &Arc<Self>,
        inner: &mut Inner,
        by: &Arc<Participant>,
        purpose: Purpose,
    ) -> Arc<FlightHandle> {
        let flight = match &inner.flight {
            Some(flight) => Arc::clone(flight),
            None => flight::depart(self, inner, by, purpose),
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
