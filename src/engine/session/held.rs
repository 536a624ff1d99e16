//! The tokens of one generation of one login, as a session holds them and requests use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{self, Instant};
use crate::store::{Record, Stored, Version};
use crate::token::{MAX_LIFETIME, Tokens};

/// Tokens, and the version under which the store has them or is to have them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Versioned {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) version: Version,
}

impl Versioned {
    /// None for a tombstone.
    pub(crate) fn of(Stored { record, version }: Stored) -> Option<Self> {
        record.tokens.map(|tokens| Self { tokens, version })
    }

    pub(crate) fn stored(&self) -> Stored {
        Stored { record: Record { tokens: Some(Arc::clone(&self.tokens)) }, version: self.version }
    }
}

/// Names the tokens that a request carried: the login, and the rotation within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub epoch: u64,
    pub generation: u64,
}

impl Stamp {
    pub fn of(held: &Held) -> Self {
        Self { epoch: held.epoch(), generation: held.generation }
    }
}

#[derive(Debug)]
pub struct Held {
    pub tokens: Arc<Tokens>,
    pub(crate) version: Version,
    epoch: u32,
    pub generation: u64,
    pub(crate) arrived: Instant,
    /// The same moment in epoch ms. Every span is reckoned from it, because a hundred thousand sessions hold tokens.
    arrived_ms: u64,
    /// These tokens came out of a refresh of this session, rather than from the store or a login.
    pub from_refresh: bool,
    accepted: AtomicBool,
    /// The wall clock was past the end of these tokens.
    ran_out: AtomicBool,
    /// A caller has asked for these tokens since [`Held::take_use`].
    used: AtomicBool,
}

impl Held {
    /// `now` ([`crate::clock::uptime`]) and `wall` (epoch ms) are the moment at which the tokens arrived.
    pub(crate) fn new(from: Versioned, stamp: Stamp, from_refresh: bool, now: Instant, wall: u64) -> Self {
        let Versioned { tokens, version } = from;
        let Stamp { epoch, generation } = stamp;
        Self {
            tokens,
            version,
            epoch: u32::try_from(epoch).unwrap_or(u32::MAX),
            generation,
            arrived: now,
            arrived_ms: wall,
            from_refresh,
            accepted: AtomicBool::default(),
            ran_out: AtomicBool::default(),
            used: AtomicBool::default(),
        }
    }

    /// The same access token with another refresh token.
    pub(crate) fn renewed(&self, Versioned { tokens, version }: Versioned) -> Self {
        let Self { epoch, generation, arrived, arrived_ms, from_refresh, .. } = *self;
        Self {
            tokens,
            version,
            epoch,
            generation,
            arrived,
            arrived_ms,
            from_refresh,
            accepted: AtomicBool::new(self.accepted()),
            ran_out: AtomicBool::new(self.ran_out.load(Ordering::Relaxed)),
            used: AtomicBool::default(),
        }
    }

    pub fn epoch(&self) -> u64 {
        self.epoch.into()
    }

    /// From the arrival on. None: unknown.
    pub fn lifetime(&self) -> Option<Duration> {
        self.tokens.lifetime(self.arrived_ms)
    }

    /// From then on the server wants these tokens to be rotated.
    pub(crate) fn refresh_at(&self) -> Option<Instant> {
        let at = self.tokens.refresh_at()?.get();
        let left = Duration::from_millis(at.saturating_sub(self.arrived_ms)).min(MAX_LIFETIME);
        let since = Duration::from_millis(self.arrived_ms.saturating_sub(at));
        Some(self.arrived.checked_sub(since).unwrap_or(self.arrived) + left)
    }

    pub(crate) fn expires(&self) -> Option<Instant> {
        self.lifetime().map(|left| self.arrived + left)
    }

    /// True if either clock has passed the end: `now`, which no step of the wall clock moves, or the wall clock when
    /// [`Held::compare`] saw it last, which alone knows that a virtual machine was stopped.
    pub fn expired(&self, now: Instant) -> bool {
        self.ran_out.load(Ordering::Relaxed) || self.expires().is_some_and(|at| now >= at)
    }

    /// Compares the end of these tokens with the wall clock. A clock that is stepped forward costs one refresh, because the
    /// tokens that come then end by the stepped clock.
    pub(crate) fn compare(&self) {
        if self.tokens.expires_at().is_some_and(|at| clock::wall_ms() >= at) {
            self.ran_out.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn use_now(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// True if somebody has asked for these tokens since the last call.
    pub(crate) fn take_use(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }

    /// A server accepted this token: a later rejection means that it expired, not that it never worked.
    pub fn accept(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    pub fn accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
pub(crate) mod tests;
