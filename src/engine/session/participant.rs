//! One client, as the sessions that it uses see it.
//!
//! Clients that share a session have a participant each. A flight uses that of the client which started it. If the
//! environment of that client ends under way, the flight goes on with another client's participant.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::fleet::Fleet;
use crate::grant::Grant;
use crate::session::counters::Counters;
use crate::session::host::Host;
use crate::session::schedule::Policy;
use crate::store::Store;
use crate::token::Tokens;
use crate::wait::waiting_limit::WaitingLimit;

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
    pub seed: Seed,
    /// Cancelled by `close()`, so that requests stop waiting.
    pub closed: CancellationToken,
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
