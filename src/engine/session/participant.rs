//! What one client brings to the sessions it uses: a grant, a store, a program to tell, and its policy.
//!
//! Clients that share a session each bring their own; a flight uses those of the client that started it and, if
//! that client's environment ends under way, another's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::event::Event;
use crate::grant::Grant;
use crate::session::schedule::Policy;
use crate::store::Store;
use crate::token::Tokens;
use crate::wait::waiting_limit::WaitingLimit;

pub struct Participant {
    pub grant: Arc<dyn Grant>,
    pub store: Arc<dyn Store>,
    pub host: Arc<dyn Host>,
    pub policy: Policy,
    pub waiting: WaitingLimit,
    pub counters: Counters,
    pub seed: Seed,
    /// Set by `close()`: who waits in a queue leaves it.
    pub closed: CancellationToken,
}

/// Tokens for one session whose store has none. They serve once: a seed that came back after a logout would undo it.
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
}

/// The program around a session.
pub trait Host: Send + Sync {
    /// Delivered in order; never waits.
    fn emit(&self, event: Event);

    /// Keeps the program running until dropped.
    fn keep_process_alive(&self) -> KeepAlive;

    /// Keeps its callbacks until dropped, and the program no longer than it runs anyway.
    fn keep_callbacks_alive(&self) -> KeepAlive;

    /// Whether its callbacks can still be reached.
    fn alive(&self) -> bool;
}

pub type KeepAlive = Box<dyn Send + Sync>;

macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// Counts since the client was made.
        #[derive(Debug, Default)]
        pub struct Counters { $(pub $name: Counter),+ }
    };
}

counters!(
    requests,
    replays,
    retries,
    rotations,
    rotations_failed,
    adopted,
    reuse_suspected,
    ambiguous,
    persist_retries
);

#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
