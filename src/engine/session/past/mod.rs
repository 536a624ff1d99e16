//! The memory of a session: tokens that it does not hold any more, and how long a session without a client remembers.

mod replaced;
pub(super) mod spent_tokens;

use std::time::Duration;

use crate::clock::Instant;
use crate::secret::Fingerprint;
use crate::session::state::Status;
use crate::session::{Inner, Session};
use spent_tokens::SpentTokens;

pub(super) use replaced::{Replaced, outdated};

/// How long a session without a client remembers its tokens, those that it has spent, and its failures. No replica of a
/// store lags longer behind.
const SHORT: Duration = Duration::from_secs(10 * 60);

/// How long a session without a client remembers its end, or tokens that are stored nowhere.
pub(super) const LONG: Duration = Duration::from_secs(24 * 3600);

/// What a session knows of tokens that it does not hold any more.
#[derive(Default)]
pub(super) struct Past {
    pub(super) replaced: Replaced,
    /// A refresh token that was sent and not answered, so that it may be spent.
    pub(super) maybe_spent: Option<Fingerprint>,
    pub(super) spent_tokens: SpentTokens,
}

impl Inner {
    pub(super) fn past(&mut self) -> &mut Past {
        self.past.get_or_insert_default()
    }

    pub(super) fn maybe_spent(&self) -> Option<Fingerprint> {
        self.past.as_ref().and_then(|past| past.maybe_spent)
    }

    pub(super) fn set_maybe_spent(&mut self, token: Option<Fingerprint>) {
        if token != self.maybe_spent() {
            self.past().maybe_spent = token;
        }
    }

    /// True if the store knows all that this session knows.
    fn has_no_past(&self) -> bool {
        let from_refresh = self.state.held().is_some_and(|held| held.from_refresh);
        self.past.is_none() && self.flight.is_none() && self.state.epoch() == 0 && !from_refresh
    }
}

impl Session {
    /// Until when a session remembers that no client has used `since`.
    pub(super) fn remembers_until(&self, since: Instant) -> Instant {
        let inner = self.inner();
        match inner.state.status() {
            Status::Lost { .. } => since + LONG,
            Status::CoolingDown { until, .. } => since.max(*until) + SHORT,
            _ if self.writer.unsaved() => since + LONG,
            _ if inner.has_no_past() => since,
            _ => since + SHORT,
        }
    }
}
