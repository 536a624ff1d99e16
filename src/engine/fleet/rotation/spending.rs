//! The token that is spent under a lease.

use std::time::Duration;

use crate::clock::Instant;
use crate::dpop::Key;
use crate::fleet::record::{Id, Record};
use crate::secret::Secret;

pub(super) struct Spending {
    /// The state whose token it is.
    pub(super) base: Record,
    /// The candidates at the claim.
    pub(super) seen: Vec<Id>,
    pub(super) grace: Duration,
    /// The token may be spent: by a holder that died, or by a question without an answer.
    pub(super) doubtful: bool,
    pub(super) attempt: u32,
    pub(super) first_sent: Option<Instant>,
}

impl Spending {
    pub(super) fn new(record: &Record, grace: u64, doubtful: bool, attempt: u32) -> Self {
        let seen = record.candidates.iter().map(|candidate| candidate.id).collect();
        let grace = Duration::from_millis(grace);
        Self { base: record.bare(), seen, grace, doubtful, attempt, first_sent: None }
    }

    pub(super) fn token(&self) -> Option<&Secret> {
        self.base.tokens.as_ref()?.tokens.refresh.as_ref()
    }

    pub(super) fn bound(&self) -> Option<&Key> {
        Some(&self.base.tokens.as_ref()?.tokens.bound()?.key)
    }

    /// A candidate takes the place of the token that was refused.
    pub(super) fn promoted(&mut self, base: Record) {
        self.base = base;
        self.first_sent = None;
    }
}
