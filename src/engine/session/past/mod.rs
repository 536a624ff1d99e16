//! The memory of a session: tokens that it does not hold any more, and how long a session without a client remembers.

mod claims;
mod replaced;
pub(super) mod spent_tokens;

use std::time::Duration;

use crate::clock::Instant;
use crate::secret::Fingerprint;
use crate::session::state::Status;
use crate::session::{Inner, Session};
use crate::token::Tokens;
use claims::Claims;
use spent_tokens::SpentTokens;

pub(super) use claims::InTurns;
pub(super) use replaced::{Replaced, outdated};

/// How long a session without a client remembers its tokens, those that it has spent, and its failures. No replica of a
/// store lags longer behind.
const SHORT: Duration = Duration::from_secs(10 * 60);

/// How long a session without a client remembers its end, or tokens that are stored nowhere.
pub(super) const LONG: Duration = Duration::from_secs(24 * 3600);

/// A session's memory of tokens that it does not hold any more.
#[derive(Default)]
pub(super) struct Past {
    pub(super) replaced: Replaced,
    /// A refresh token that was sent and not answered, so that it may be spent.
    pub(super) maybe_spent: Option<Fingerprint>,
    pub(super) spent_tokens: SpentTokens,
    /// The last tokens that a refresh brought after another login had overtaken it.
    superseded: Option<u64>,
    claims: Option<Box<Claims>>,
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

    /// True if nobody uses the tokens that a refresh with `from` has brought, because of another login. Once for the same
    /// tokens: a login with the refresh token of `from` waits for the answer of that refresh too.
    pub(super) fn supersedes(&mut self, tokens: &Tokens, from: Option<&Tokens>) -> bool {
        let sent = from.and_then(|from| from.refresh.as_ref());
        let is_used = self.state.held().is_some_and(|held| {
            let refresh = held.tokens.refresh.as_ref();
            held.tokens.access == tokens.access
                || refresh.is_some() && (refresh == sent || refresh == tokens.refresh.as_ref())
        });
        let name = Some(replaced::name(tokens.refresh.as_ref().unwrap_or(&tokens.access)));
        !is_used && std::mem::replace(&mut self.past().superseded, name) != name
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
