//! The tokens of one generation of one login, as a session holds them and requests use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Instant;
use crate::store::{Record, Stored, Version};
use crate::token::Tokens;

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
        Self { epoch: held.epoch, generation: held.generation }
    }
}

#[derive(Debug)]
pub struct Held {
    pub tokens: Arc<Tokens>,
    pub(crate) version: Version,
    pub epoch: u64,
    pub generation: u64,
    pub expires: Option<Instant>,
    pub lifetime: Option<Duration>,
    /// These tokens came out of a refresh of this session, rather than from the store or a login.
    pub from_refresh: bool,
    accepted: AtomicBool,
}

impl Held {
    /// `now` and `wall` (epoch ms) are the moment at which the tokens arrived.
    pub(crate) fn new(from: Versioned, stamp: Stamp, from_refresh: bool, now: Instant, wall: u64) -> Self {
        let Versioned { tokens, version } = from;
        let Stamp { epoch, generation } = stamp;
        // The wall clock is read once, on arrival. From then on only monotonic time counts, so that a clock that
        // jumps by a day neither expires a good token nor keeps a dead one.
        let lifetime = tokens.lifetime(wall);
        let expires = lifetime.map(|left| now + left);
        let accepted = AtomicBool::new(false);
        Self { tokens, version, epoch, generation, expires, lifetime, from_refresh, accepted }
    }

    /// The same access token with another refresh token.
    pub(crate) fn renewed(&self, Versioned { tokens, version }: Versioned) -> Self {
        let accepted = AtomicBool::new(self.accepted());
        let Self { epoch, generation, expires, lifetime, from_refresh, .. } = *self;
        Self { tokens, version, epoch, generation, expires, lifetime, from_refresh, accepted }
    }

    pub fn expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|at| now >= at)
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
