//! The state of a session and its transitions, without a clock, I/O or locks.
//!
//! Invariants, which tests/model.rs checks in any order of events: at most one flight is under way; tokens of one epoch
//! never follow those of a later epoch; a generation is refreshed at most once, unless the refresh failed; `Lost` ends only
//! with [`State::login`].

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::error::Error;
use crate::session::held::{Held, Stamp};
use crate::session::schedule;
use crate::session::schedule::Policy;

/// A fresh token that is rejected before any server accepted it is refreshed once more, because it may have expired on its
/// way. After the second such rejection in a row, callers get their 401s for [`IGNORE_REJECTIONS_FOR`], because a refresh
/// does not help.
const MAX_USELESS_REFRESHES: u32 = 2;

/// How long rejections of tokens that no server has accepted start no refresh.
pub const IGNORE_REJECTIONS_FOR: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct State {
    status: Status,
    epoch: u64,
    generation: u64,
    held: Option<Arc<Held>>,
    /// The tokens that the flight under way replaces, after [`State::forget`] took them from requests.
    forgotten: Option<Arc<Held>>,
    /// While a flight is under way, no request is sent with a token that was rejected.
    held_was_rejected: bool,
    /// How many flights in a row have failed: it decides the length of the cool-down.
    failures: u32,
    /// How many refreshes in a row brought a token that was rejected before any server accepted it.
    useless_refreshes: u32,
    rejections_ignored_until: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// The store has not been read yet.
    Unread,
    /// There are no tokens. The next request refreshes without a refresh token.
    Empty,
    Ready,
    /// A flight is under way. `overdue`: its answer is late, and callers fail instead of waiting.
    Rotating {
        overdue: Option<Duration>,
    },
    CoolingDown {
        until: Instant,
        error: Box<Error>,
    },
    /// Every call fails with this error until the next login.
    Lost(Box<Error>),
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

/// The next step of a caller whose token was rejected.
#[derive(Debug)]
pub enum Rejected {
    /// Send the request again with the newer tokens that are held.
    Replay,
    /// Wait for the rotation, then send the request again.
    Wait,
    /// Read the store first, because it may hold tokens that the session does not know.
    Load,
    /// Return the rejection to the program.
    GiveBack,
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
            forgotten: None,
            held_was_rejected: false,
            failures: 0,
            useless_refreshes: 0,
            rejections_ignored_until: None,
        }
    }

    pub fn status(&self) -> &Status {
        &self.status
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    pub fn held(&self) -> Option<&Arc<Held>> {
        self.held.as_ref()
    }

    /// The error of every call until the next login, if the session is lost.
    pub fn lost_error(&self) -> Option<&Error> {
        if let Status::Lost(error) = &self.status { Some(error) } else { None }
    }

    /// The stamp of the tokens held. If there are none, their absence has a stamp too.
    pub fn stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch, generation: self.generation }
    }

    /// The credential of a request that was made in `epoch`. It never gets the tokens of a later login.
    pub fn acquire(&self, epoch: u64, policy: &Policy, now: Instant) -> Acquire {
        if epoch != self.epoch {
            return Acquire::Fail(Error::logged_out());
        }
        let usable = self.held.as_ref().filter(|held| !held.expired(now));
        match &self.status {
            Status::Empty | Status::CoolingDown { .. } | Status::Lost(_)
                if policy.anonymous && self.held.is_none() =>
            {
                Acquire::Anonymous(self.stamp())
            }
            Status::Lost(error) => Acquire::Fail(Error::clone(error)),
            Status::Unread => Acquire::Wait(Purpose::Load),
            Status::Empty => Acquire::Wait(Purpose::Rotate),
            Status::Rotating { overdue } => match (usable, overdue) {
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

    /// A server rejected the token that `stamp` names, or a request that had none.
    pub fn rejected(&mut self, stamp: Stamp, policy: &Policy, now: Instant) -> Rejected {
        if stamp.epoch != self.epoch {
            return Rejected::GiveBack;
        }
        if stamp.generation < self.generation && self.held.is_some() {
            return Rejected::Replay;
        }
        match &self.status {
            Status::Unread => return Rejected::Load,
            // A request with a lost token is over. A request without a token asks whether somebody has logged in.
            Status::Lost(_) if policy.anonymous => {
                return if stamp == self.stamp() { Rejected::Load } else { Rejected::GiveBack };
            }
            Status::Lost(error) => return Rejected::Fail(Error::clone(error)),
            Status::Rotating { overdue } => {
                self.held_was_rejected = true;
                return overdue
                    .map_or(Rejected::Wait, |after| Rejected::Fail(Error::RefreshTimeout { after }));
            }
            Status::CoolingDown { until, error } if now < *until => {
                return Rejected::Fail(cooling(error, *until, now));
            }
            _ => {}
        }
        if self.ignores_rejections(now) {
            return Rejected::GiveBack;
        }
        self.held_was_rejected = true;
        Rejected::Wait
    }

    /// A token was rejected before any server accepted it, for the second time in a row: a refresh does not help.
    fn ignores_rejections(&mut self, now: Instant) -> bool {
        let Some(held) =
            self.held.as_ref().filter(|held| held.from_refresh && !held.accepted() && !held.expired(now))
        else {
            self.useless_refreshes = 0;
            self.rejections_ignored_until = None;
            return false;
        };
        debug_assert_eq!(held.generation, self.generation);
        if self.useless_refreshes + 1 < MAX_USELESS_REFRESHES {
            return false;
        }
        let until = *self.rejections_ignored_until.get_or_insert(now + IGNORE_REJECTIONS_FOR);
        if now >= until {
            self.rejections_ignored_until = None;
        }
        now < until
    }

    /// True if `client.rotate()` may start a rotation, or join the flight under way.
    pub fn may_rotate(&self, now: Instant) -> Result<(), Error> {
        match &self.status {
            Status::Lost(error) => Err(Error::clone(error)),
            Status::Rotating { overdue: Some(after) } => Err(Error::RefreshTimeout { after: *after }),
            Status::CoolingDown { until, error } if now < *until => Err(cooling(error, *until, now)),
            _ => Ok(()),
        }
    }

    /// A flight begins. No other flight is under way.
    pub fn begin_flight(&mut self, purpose: Purpose) {
        debug_assert!(!matches!(self.status, Status::Rotating { .. }));
        if purpose == Purpose::Rotate {
            self.status = Status::Rotating { overdue: None };
        }
    }

    /// The flight's answer is late: after `after`, its callers got an error.
    pub fn overdue(&mut self, epoch: u64, after: Duration) {
        if let (true, Status::Rotating { overdue }) = (epoch == self.epoch, &mut self.status) {
            *overdue = Some(after);
        }
    }

    /// Requests stop using the tokens held. No login is there until a rotation or a login brings new tokens.
    pub fn forget(&mut self) {
        self.forgotten = self.held.take().or_else(|| self.forgotten.take());
    }

    /// The store was read for the first time.
    pub fn loaded(&mut self, held: Option<Held>) {
        self.status = if held.is_some() { Status::Ready } else { Status::Empty };
        self.generation = held.as_ref().map_or(self.generation, |held| held.generation);
        self.held = held.map(Arc::new);
    }

    /// A rotation was saved, or newer tokens in the store were adopted.
    pub fn rotated(&mut self, held: Held) {
        debug_assert_eq!(held.epoch, self.epoch);
        let old = self.forgotten.take().or_else(|| self.held.clone());
        let never_accepted = old.is_some_and(|old| old.from_refresh && !old.accepted());
        self.useless_refreshes =
            if self.held_was_rejected && never_accepted { self.useless_refreshes + 1 } else { 0 };
        self.rejections_ignored_until = None;
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
        self.forgotten = None;
        let until = now + pause(self.failures);
        let told = cooling(&error, until, now);
        self.status = Status::CoolingDown { until, error: Box::new(error) };
        self.held_was_rejected = false;
        told
    }

    /// The store could not be read for the first time. The next request tries again.
    pub fn unread(&mut self) {
        self.status = Status::Unread;
    }

    pub fn lost(&mut self, error: Error) {
        self.status = Status::Lost(Box::new(error));
        self.held_was_rejected = false;
        if self.held.take().or_else(|| self.forgotten.take()).is_some() {
            // Else a request without a token would have the stamp of the lost tokens.
            self.generation += 1;
        }
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
                None => Status::Lost(Box::new(Error::logged_out())),
            },
            epoch: self.epoch,
            generation: self.generation,
            held: held.map(Arc::new),
            ..Self::new()
        };
        self.epoch
    }

    /// The stamp of the next tokens of this epoch.
    pub fn next_stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch, generation: self.generation + 1 }
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
