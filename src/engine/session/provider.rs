//! What one client brings to the sessions it uses: a grant, a store, a program to tell, and its policy.
//!
//! Clients that share a session each bring their own; a flight uses those of the client that started it and, if
//! that client's environment ends under way, another's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::queue::Queue;
use super::schedule::Policy;
use super::signal::Signal;
use crate::engine::event::Event;
use crate::engine::grant::Grant;
use crate::engine::store::Store;
use crate::engine::token::Tokens;

pub struct Provider {
    pub grant: Arc<dyn Grant>,
    pub store: Arc<dyn Store>,
    pub host: Arc<dyn Host>,
    pub policy: Policy,
    pub queue: Queue,
    pub counters: Counters,
    pub seed: Seed,
    /// Set by `close()`: who waits in a queue leaves it.
    pub closed: Signal,
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
    fn hold(&self) -> Hold;

    /// Keeps its callbacks until dropped, and the program no longer than it runs anyway.
    fn keep(&self) -> Hold;

    /// Whether its callbacks can still be reached.
    fn alive(&self) -> bool;
}

pub type Hold = Box<dyn Send + Sync>;

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
