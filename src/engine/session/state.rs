//! The state of a session and its transitions, without a clock, I/O or locks.
//!
//! Invariants, which tests/model/ checks in any order of events:
//!
//! - At most one flight is under way.
//! - Tokens of one epoch never follow those of a later epoch.
//! - A generation is refreshed at most once, unless the refresh failed.
//! - `Lost` ends only with [`State::login`].
//! - A refusing endpoint starts no refresh by its 401 while other endpoints accept the token.

mod rejection;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::error::{Error, LostReason};
use crate::session::endpoints::{Endpoint, Endpoints};
use crate::session::held::{Held, Stamp};
use crate::session::schedule;
use crate::session::schedule::Policy;

pub use rejection::Rejected;
#[cfg(test)]
pub use rejection::{IGNORE_REJECTIONS_FOR, YOUNG};

/// How often the store of a lost session is read while somebody asks for tokens, because another process may have logged in.
pub const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// One sending of a request: with which token, and to which endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    pub stamp: Stamp,
    pub endpoint: Endpoint,
    /// The endpoint had rejected this request with an older token.
    pub replayed: bool,
}

#[derive(Debug)]
pub struct State {
    status: Status,
    epoch: u32,
    generation: u64,
    held: Option<Arc<Held>>,
    /// While a flight is under way, no request is sent with a token that was rejected.
    held_was_rejected: bool,
    /// How many flights in a row have failed: it decides the length of the cool-down.
    failures: u16,
    endpoints: Endpoints,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// The store has not been read yet.
    Unread,
    /// There are no tokens. The next request refreshes without a refresh token.
    Empty,
    Ready,
    /// A flight is under way.
    Rotating {
        /// Its answer is late, and callers fail instead of waiting.
        overdue: Option<Duration>,
        /// [`State::forget`] took the tokens that the flight replaces from requests.
        forgot: bool,
    },
    CoolingDown {
        until: Instant,
        error: Box<Error>,
    },
    /// No refresh is made until the next login. If the refresh token was refused ahead of expiry, the access token still
    /// serves; without one, every call fails with this error.
    Lost {
        error: Box<Error>,
        /// When the store was read last.
        looked: Option<Instant>,
    },
}

/// The next step of a caller that needs a token.
#[derive(Debug)]
pub enum Acquire {
    Use(Arc<Held>),
    /// The token expires soon: use it, and rotate in the background.
    UseAndRotate(Arc<Held>),
    /// Send the request without a token, because nobody is logged in.
    Anonymous(Stamp),
    Wait(Purpose),
    Fail(Error),
}

/// The purpose of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To read the store, and no more.
    Load,
    Rotate,
}

impl State {
    pub fn new() -> Self {
        Self {
            status: Status::Unread,
            epoch: 0,
            generation: 0,
            held: None,
            held_was_rejected: false,
            failures: 0,
            endpoints: Endpoints::default(),
        }
    }

    pub fn status(&self) -> &Status {
        &self.status
    }

    pub fn epoch(&self) -> u64 {
        self.epoch.into()
    }

    pub fn held(&self) -> Option<&Arc<Held>> {
        self.held.as_ref()
    }

    /// The error of every call until the next login, if the session is lost.
    pub fn lost_error(&self) -> Option<&Error> {
        if let Status::Lost { error, .. } = &self.status { Some(error) } else { None }
    }

    /// True if the store is to be read before anything else is decided.
    pub fn wants_load(&self, now: Instant) -> bool {
        match self.status {
            Status::Unread => true,
            Status::Lost { looked, .. } => looked.is_none_or(|at| now - at >= LOOK_AGAIN),
            _ => false,
        }
    }

    /// The stamp of the tokens held. If there are none, their absence has a stamp too.
    pub fn stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch(), generation: self.generation }
    }

    /// The credential of a request that was made in `epoch`. It never gets the tokens of a later login.
    pub fn acquire(&self, epoch: u64, policy: &Policy, now: Instant) -> Acquire {
        if epoch != self.epoch() {
            return Acquire::Fail(Error::logged_out());
        }
        let usable = self.held.as_ref().filter(|held| !held.expired(now));
        match &self.status {
            Status::Empty | Status::CoolingDown { .. } if policy.anonymous && self.held.is_none() => {
                Acquire::Anonymous(self.stamp())
            }
            Status::Lost { .. } if policy.anonymous && usable.is_none() => Acquire::Anonymous(self.stamp()),
            Status::Lost { error, .. } => match usable {
                Some(held) => Acquire::Use(Arc::clone(held)),
                None if self.wants_load(now) => Acquire::Wait(Purpose::Load),
                None => Acquire::Fail(Error::clone(error)),
            },
            Status::Unread => Acquire::Wait(Purpose::Load),
            Status::Empty => Acquire::Wait(Purpose::Rotate),
            Status::Rotating { overdue, .. } => match (usable, overdue) {
                (Some(held), _) if !self.held_was_rejected => Acquire::Use(Arc::clone(held)),
                (_, Some(after)) => Acquire::Fail(Error::RefreshTimeout { after: *after }),
                (_, None) => Acquire::Wait(Purpose::Rotate),
            },
            Status::CoolingDown { until, error } if now < *until => match usable {
                Some(held) => Acquire::Use(Arc::clone(held)),
                None => Acquire::Fail(cooling(error, *until, now)),
            },
            Status::Ready | Status::CoolingDown { .. } => match usable {
                Some(held) if schedule::due_ahead(held, policy, now) => {
                    Acquire::UseAndRotate(Arc::clone(held))
                }
                Some(held) => Acquire::Use(Arc::clone(held)),
                None => Acquire::Wait(Purpose::Rotate),
            },
        }
    }

    /// True if `client.rotate()` may start a rotation, or join the flight under way.
    pub fn may_rotate(&self, now: Instant) -> Result<(), Error> {
        match &self.status {
            Status::Lost { error, .. } => Err(Error::clone(error)),
            Status::Rotating { overdue: Some(after), .. } => Err(Error::RefreshTimeout { after: *after }),
            Status::CoolingDown { until, error } if now < *until => Err(cooling(error, *until, now)),
            _ => Ok(()),
        }
    }

    /// A flight begins. No other flight is under way.
    pub fn begin_flight(&mut self, purpose: Purpose) {
        debug_assert!(!matches!(self.status, Status::Rotating { .. }));
        if purpose == Purpose::Rotate {
            self.status = Status::Rotating { overdue: None, forgot: false };
        }
    }

    /// The flight's answer is late: after `after`, its callers got an error.
    pub fn overdue(&mut self, epoch: u64, after: Duration) {
        if let (true, Status::Rotating { overdue, .. }) = (epoch == self.epoch(), &mut self.status) {
            *overdue = Some(after);
        }
    }

    /// Requests stop using the tokens held. No login is there until a rotation or a login brings new tokens.
    pub fn forget(&mut self) {
        if let (Some(_), Status::Rotating { forgot, .. }) = (self.held.take(), &mut self.status) {
            *forgot = true;
        }
    }

    /// The store was read for the first time.
    pub fn loaded(&mut self, held: Option<Held>) {
        self.status = if held.is_some() { Status::Ready } else { Status::Empty };
        self.generation = held.as_ref().map_or(self.generation, |held| held.generation);
        self.held = held.map(Arc::new);
    }

    /// A rotation was saved, or newer tokens in the store were adopted.
    pub fn rotated(&mut self, held: Held) {
        debug_assert_eq!(held.epoch(), self.epoch());
        self.endpoints.rotated();
        self.generation = held.generation;
        self.held = Some(Arc::new(held));
        self.status = Status::Ready;
        self.held_was_rejected = false;
        self.failures = 0;
    }

    /// The refresh token was replaced, and the access token was not: `renew` gets the tokens held, or the stamp for the first.
    pub fn renewed(&mut self, renew: impl FnOnce(Option<&Held>, Stamp) -> Held) {
        let held = renew(self.held.as_deref(), self.next_stamp());
        self.generation = held.generation;
        self.held = Some(Arc::new(held));
    }

    /// A flight ended without tokens, and the session goes on after a pause. Returns the error for its callers.
    pub fn cooled(&mut self, error: Error, now: Instant, pause: impl FnOnce(u32) -> Duration) -> Error {
        self.failures = self.failures.saturating_add(1);
        let until = now + pause(self.failures.into());
        let told = cooling(&error, until, now);
        self.status = Status::CoolingDown { until, error: Box::new(error) };
        self.held_was_rejected = false;
        told
    }

    /// The tokens held are forgotten. The store is read before the next use.
    pub fn let_go(&mut self) {
        debug_assert_eq!(self.status, Status::Ready);
        self.held = None;
        self.status = Status::Unread;
    }

    /// The store could not be read for the first time. The next request tries again.
    pub fn unread(&mut self) {
        self.status = Status::Unread;
    }

    /// No refresh is made any more. An access token that is still valid serves on, unless it was rejected or somebody has
    /// logged out. The store was read a moment ago.
    pub fn lost(&mut self, error: Error, now: Instant) {
        let logged_out = matches!(error, Error::SessionLost { reason: LostReason::LoggedOut, .. });
        let serves = self.held.as_ref().is_some_and(|held| !held.expired(now));
        if logged_out || self.held_was_rejected || !serves {
            self.drop_held();
        }
        self.status = Status::Lost { error: Box::new(error), looked: Some(now) };
        self.held_was_rejected = false;
    }

    /// The store of a lost session was read, and has no other login. None: it is read again for each call.
    pub fn still_lost(&mut self, at: Option<Instant>) {
        if let Status::Lost { looked, .. } = &mut self.status {
            *looked = at;
        }
    }

    /// A rotation ended, and the tokens held are good for now.
    pub fn unchanged(&mut self) {
        if matches!(self.status, Status::Rotating { .. }) {
            self.status = if self.held.is_some() { Status::Ready } else { Status::Empty };
            self.held_was_rejected = false;
        }
    }

    /// Returns true if there were tokens.
    fn drop_held(&mut self) -> bool {
        let forgot = matches!(self.status, Status::Rotating { forgot: true, .. });
        let had_tokens = self.held.take().is_some() || forgot;
        // Else a request without a token would have the stamp of the lost tokens.
        self.generation += u64::from(had_tokens);
        had_tokens
    }

    /// Begins another login, or without tokens a logout. Returns the new epoch.
    pub fn login(&mut self, policy: &Policy, tokens: impl FnOnce(Stamp) -> Option<Held>) -> u64 {
        self.epoch += 1;
        self.generation += 1;
        let held = tokens(self.stamp());
        *self = Self {
            status: match held {
                Some(_) => Status::Ready,
                None if policy.anonymous => Status::Empty,
                None => Status::Lost { error: Box::new(Error::logged_out()), looked: None },
            },
            epoch: self.epoch,
            generation: self.generation,
            held: held.map(Arc::new),
            ..Self::new()
        };
        self.epoch()
    }

    /// The stamp of the next tokens of this epoch.
    pub fn next_stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch(), generation: self.generation + 1 }
    }
}

/// The error of a cool-down, with the rest of its pause.
fn cooling(error: &Error, until: Instant, now: Instant) -> Error {
    let mut error = error.clone();
    if let Error::Refresh(failure) = &mut error {
        failure.retry_after = Some(until.saturating_duration_since(now));
    }
    error
}
