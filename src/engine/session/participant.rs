//! One client, as the sessions that it uses see it.
//!
//! Clients that share a session have a participant each. A flight uses that of the client which started it. If the
//! environment of that client ends under way, the flight goes on with another client's participant.

pub mod counters;
pub mod host;

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::exit;
use crate::fleet::Fleet;
use crate::grant::Grant;
use crate::session::identities::Identities;
use crate::session::schedule::Policy;
use crate::store::Store;
use crate::token::Tokens;
use crate::wait::waiting_limit::WaitingLimit;
use counters::Counters;
use host::Host;

pub struct Participant {
    pub grant: Arc<dyn Grant>,
    /// The store of this process alone. Unused beside a fleet.
    pub store: Arc<dyn Store>,
    /// The store that other processes use too.
    pub fleet: Option<Arc<Fleet>>,
    pub host: Arc<dyn Host>,
    pub policy: Policy,
    pub waiting: WaitingLimit,
    pub counters: Counters,
    /// Bounds how many identities are in memory. None: their tokens are those of people.
    pub identities: Option<Arc<Identities>>,
    pub seed: Seed,
    /// Cancelled by `close()`, so that requests stop waiting.
    pub closed: CancellationToken,
    /// Cancelled once the process ends, so that no refresh token is sent whose successor might not be stored ([`exit::begun`]).
    pub ending: CancellationToken,
}

impl Participant {
    /// True if its store is written without the program, and so also after the program's environment has ended.
    pub(super) fn stores_alone(&self) -> bool {
        self.fleet.as_ref().is_some_and(|fleet| !fleet.register.needs_program())
    }

    /// Has the exit of the process wait while the value lives. None: the program's end is the end of this work.
    pub(super) fn hold_exit(&self) -> Option<exit::Hold> {
        if self.stores_alone() { exit::hold(self.policy.drain_on_exit) } else { None }
    }
}

/// Tokens for one session whose store has none (the option `tokens`). They are taken once, because a seed that came back
/// after a logout would undo the logout.
#[derive(Debug)]
pub struct Seed {
    session: Arc<str>,
    tokens: Mutex<Option<Tokens>>,
}

impl Seed {
    pub fn new(session: Arc<str>, tokens: Option<Tokens>) -> Self {
        Self { session, tokens: Mutex::new(tokens) }
    }

    pub fn take(&self, session: &str) -> Option<Tokens> {
        if *self.session != *session {
            return None;
        }
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The seed could not be stored.
    pub(super) fn put_back(&self, tokens: Tokens) {
        *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
    }
}
