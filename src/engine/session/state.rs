//! What a session is, as pure transitions: no clock, no I/O, no locks.
//!
//! Invariants, which the property tests drive: at most one flight is under way; tokens of one epoch never follow
//! those of a later one; a generation is refreshed from at most once unless that refresh failed; `Lost` ends only
//! with [`State::login`].

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::error::Error;
use crate::session::held::{Held, Stamp};
use crate::session::schedule;
use crate::session::schedule::Policy;

/// A generation that came from a refresh and that no server ever accepted is refreshed from once more, in case it expired on the way. The
/// second one in a row says that refreshing does not help; then rejections are the caller's for [`BARRED_FOR`].
const UNACCEPTED_LIMIT: u32 = 2;

/// How long rejections of never accepted tokens start no refresh.
pub const BARRED_FOR: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct State {
    status: Status,
    epoch: u64,
    generation: u64,
    held: Option<Arc<Held>>,
    /// The tokens that the flight under way replaces, though requests do not use them any more.
    forgotten: Option<Arc<Held>>,
    /// The held token was rejected: while a flight is under way, no request is sent with it.
    suspect: bool,
    /// Flights in a row that failed, for the length of the cool-down.
    failures: u32,
    /// Minted generations in a row that were rejected before any was accepted.
    unaccepted: u32,
    rejections_ignored_until: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Nothing is known until the store is read.
    Unread,
    /// No tokens: the next request refreshes with no refresh token.
    Empty,
    Ready,
    /// A flight is under way. `overdue`: its answer is late, and nobody waits for it any more.
    Rotating {
        overdue: Option<Duration>,
    },
    CoolingDown {
        until: Instant,
        error: Box<Error>,
    },
    /// Every call fails with this one error until the next login.
    Lost(Box<Error>),
}

/// What a caller that needs a token does now.
#[derive(Debug)]
pub enum Acquire {
    Use(Arc<Held>),
    /// Use it, and rotate in the background: it expires soon.
    UseAndRotate(Arc<Held>),
    /// Nobody is logged in: send without a token.
    Anonymous(Stamp),
    Wait(Purpose),
    Fail(Error),
}

/// What a caller whose token was rejected does now.
#[derive(Debug)]
pub enum Rejected {
    /// Newer tokens are held: send again.
    Replay,
    /// Wait for the rotation, then send again.
    Wait,
    /// Read the store first: it may hold tokens that the session does not know.
    Load,
    /// The rejection is the caller's.
    GiveBack,
    Fail(Error),
}

/// What a flight is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Only find out what the store holds.
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
            suspect: false,
            failures: 0,
            unaccepted: 0,
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

    /// Why no token comes until the next login.
    pub fn lost_error(&self) -> Option<&Error> {
        if let Status::Lost(error) = &self.status { Some(error) } else { None }
    }

    /// Names the tokens held, or their absence.
    pub fn stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch, generation: self.generation }
    }

    /// What a request born in `epoch` may send. It never gets the tokens of a login that came after it.
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
                (Some(held), _) if !self.suspect => Acquire::Use(Arc::clone(held)),
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
            // Requests with the token that was lost are over. One without a token asks whether somebody has logged in.
            Status::Lost(_) if policy.anonymous => {
                return if stamp == self.stamp() { Rejected::Load } else { Rejected::GiveBack };
            }
            Status::Lost(error) => return Rejected::Fail(Error::clone(error)),
            Status::Rotating { overdue } => {
                self.suspect = true;
                return overdue
                    .map_or(Rejected::Wait, |after| Rejected::Fail(Error::RefreshTimeout { after }));
            }
            Status::CoolingDown { until, error } if now < *until => {
                return Rejected::Fail(cooling(error, *until, now));
            }
            _ => {}
        }
        if self.barred(now) {
            return Rejected::GiveBack;
        }
        self.suspect = true;
        Rejected::Wait
    }

    /// A token was rejected that no server ever took, for the second time in a row: another refresh would not help.
    fn barred(&mut self, now: Instant) -> bool {
        let Some(held) =
            self.held.as_ref().filter(|held| held.from_refresh && !held.accepted() && !held.expired(now))
        else {
            self.unaccepted = 0;
            self.rejections_ignored_until = None;
            return false;
        };
        debug_assert_eq!(held.generation, self.generation);
        if self.unaccepted + 1 < UNACCEPTED_LIMIT {
            return false;
        }
        let until = *self.rejections_ignored_until.get_or_insert(now + BARRED_FOR);
        if now >= until {
            self.rejections_ignored_until = None;
        }
        now < until
    }

    /// Whether a rotation that was asked for by name may start, or join the one under way.
    pub fn demand(&self, now: Instant) -> Result<(), Error> {
        match &self.status {
            Status::Lost(error) => Err(Error::clone(error)),
            Status::Rotating { overdue: Some(after) } => Err(Error::RefreshTimeout { after: *after }),
            Status::CoolingDown { until, error } if now < *until => Err(cooling(error, *until, now)),
            _ => Ok(()),
        }
    }

    /// A flight begins. Only called when none is under way.
    pub fn take_off(&mut self, purpose: Purpose) {
        debug_assert!(!matches!(self.status, Status::Rotating { .. }));
        if purpose == Purpose::Rotate {
            self.status = Status::Rotating { overdue: None };
        }
    }

    /// The flight's answer is late: its waiters were sent away after `after`.
    pub fn overdue(&mut self, epoch: u64, after: Duration) {
        if let (true, Status::Rotating { overdue }) = (epoch == self.epoch, &mut self.status) {
            *overdue = Some(after);
        }
    }

    /// The tokens held are not used any more: nobody is logged in until a rotation or a login brings others.
    pub fn forget(&mut self) {
        self.forgotten = self.held.take().or_else(|| self.forgotten.take());
    }

    /// The store was read and holds what the session should go on with.
    pub fn loaded(&mut self, held: Option<Held>) {
        self.status = if held.is_some() { Status::Ready } else { Status::Empty };
        self.generation = held.as_ref().map_or(self.generation, |held| held.generation);
        self.held = held.map(Arc::new);
    }

    /// A rotation was committed, or another holder's was adopted.
    pub fn rotated(&mut self, held: Held) {
        debug_assert_eq!(held.epoch, self.epoch);
        let old = self.forgotten.take().or_else(|| self.held.clone());
        let never_taken = old.is_some_and(|old| old.from_refresh && !old.accepted());
        self.unaccepted = if self.suspect && never_taken { self.unaccepted + 1 } else { 0 };
        self.rejections_ignored_until = None;
        self.generation = held.generation;
        self.held = Some(Arc::new(held));
        self.status = Status::Ready;
        self.suspect = false;
        self.failures = 0;
    }

    /// A flight ended with no tokens, and the session goes on. Returns the error for its waiters.
    pub fn cooled(&mut self, error: Error, now: Instant, pause: impl FnOnce(u32) -> Duration) -> Error {
        self.failures = self.failures.saturating_add(1);
        self.forgotten = None;
        let until = now + pause(self.failures);
        let told = cooling(&error, until, now);
        self.status = Status::CoolingDown { until, error: Box::new(error) };
        self.suspect = false;
        told
    }

    /// The store could not be read for the first time: the next request tries again.
    pub fn unread(&mut self) {
        self.status = Status::Unread;
    }

    pub fn lost(&mut self, error: Error) {
        self.status = Status::Lost(Box::new(error));
        self.held = None;
        self.suspect = false;
        // So that the stamp of a request without a token is not that of the lost tokens.
        self.generation += 1;
    }

    /// Another login, or with None a logout. Returns the new epoch.
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

    /// The stamp that the next tokens of this epoch will bear.
    pub fn next_stamp(&self) -> Stamp {
        Stamp { epoch: self.epoch, generation: self.generation + 1 }
    }
}

/// The cool-down's error, with what is left of it.
fn cooling(error: &Error, until: Instant, now: Instant) -> Error {
    let mut error = error.clone();
    if let Error::Refresh(failure) = &mut error {
        failure.retry_after = Some(until.saturating_duration_since(now));
    }
    error
}
