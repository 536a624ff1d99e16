//! The sessions of one store: one for each key, which all clients of the store share.
//!
//! A session outlives its last client while it has something to remember. Else a loss, a pause or a spent refresh token
//! would be forgotten between two `client.session(key)`, or with the worker thread that had the only client.

pub mod keeper;
pub(super) mod resting;

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock, OnceLock, Weak};

use crate::clock;
use crate::clock::Instant;
use crate::lock::Lock;
use crate::parted_map::PartedMap;
use crate::session::Session;
use crate::session::identities::Identities;
use crate::session::past::LONG;
use crate::store::MemoryStore;
use resting::Resting;

/// The registries that clients share, from every worker thread of the process.
static SHARED: LazyLock<Lock<HashMap<StoreId, Arc<Registry>>>> = LazyLock::new(Lock::default);

/// Names the store that a client's sessions live in. Clients of one store have the sessions of equal keys in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoreId {
    /// The client's own, which it shares with nobody.
    Private,
    /// That of all clients of this name (the option `share`).
    Named(String),
    /// A store that other processes use too, and the option `share`. The text names the store: the path of its directory, or the
    /// hash of its URL and prefix. It never holds a password.
    Shared(String, Option<String>),
}

/// The sessions of one store.
#[derive(Default)]
pub struct Registry {
    sessions: Lock<Sessions>,
    /// The store of clients that are given no `getTokens` and `setTokens`.
    memory: Arc<MemoryStore>,
    identities: OnceLock<Arc<Identities>>,
}

#[derive(Default)]
struct Sessions {
    known: PartedMap<Arc<str>, Weak<Session>>,
    resting: Resting,
    /// When the last client left a session.
    left: Option<Instant>,
}

impl Registry {
    /// The registry of this store. A named one lives as long as a client, or a session that remembers.
    pub fn of(store: StoreId) -> Arc<Self> {
        if store == StoreId::Private {
            return Arc::default();
        }
        let mut shared = SHARED.lock();
        shared.retain(|_, registry| Arc::strong_count(registry) > 1 || registry.remembers());
        Arc::clone(shared.entry(store).or_default())
    }

    pub fn memory(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.memory)
    }

    /// Bounds how many identities of this store are in memory. `in_memory`: the store is [`Registry::memory`].
    pub fn identities(&self, most: usize, in_memory: bool) -> Arc<Identities> {
        let memory = in_memory.then(|| self.memory());
        let identities = self.identities.get_or_init(|| Arc::new(Identities::new(memory)));
        identities.allow(most);
        Arc::clone(identities)
    }

    /// Returns the session of this key, which one client more uses until [`Registry::leave`].
    pub(crate) fn session(&self, key: &str) -> Arc<Session> {
        let mut sessions = self.sessions.lock();
        let session = sessions.find(key).unwrap_or_else(|| sessions.make(key));
        session.clients.fetch_add(1, Relaxed);
        session
    }

    /// A client does not use this session any more.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        let mut sessions = self.sessions.lock();
        if session.clients.fetch_sub(1, Relaxed) > 1 {
            return;
        }
        let now = clock::uptime();
        sessions.left = Some(now);
        // A task that holds the session may still change what the session has to remember.
        if Arc::strong_count(session) > 1 || session.remembers_until(now) > now {
            sessions.resting.add(session, now);
        }
    }

    /// All sessions, those that rest too.
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        self.sessions.lock().known.values().filter_map(Weak::upgrade).collect()
    }

    /// How many sessions clients use.
    pub fn in_use(&self) -> usize {
        let sessions = self.sessions.lock();
        let living = sessions.known.values().filter(|session| session.strong_count() > 0).count();
        living.saturating_sub(sessions.resting.len())
    }

    /// True if the next client of this store must find what the last one has left.
    fn remembers(&self) -> bool {
        let (sessions, now) = (self.sessions.lock(), clock::uptime());
        let holds_tokens = || !self.memory.is_empty() && sessions.left.is_some_and(|left| now - left < LONG);
        sessions.resting.remembers(now) || holds_tokens()
    }
}

impl Sessions {
    fn find(&mut self, key: &str) -> Option<Arc<Session>> {
        match self.resting.take(key) {
            Some(rest) if rest.is_over(clock::uptime()) => None,
            Some(rest) => Some(rest.session),
            None => self.known.get(key).and_then(Weak::upgrade),
        }
    }

    fn make(&mut self, key: &str) -> Arc<Session> {
        let key: Arc<str> = key.into();
        let made = Arc::new(Session::new(Arc::clone(&key)));
        self.known.insert(key, Arc::downgrade(&made), |session| session.strong_count() > 0);
        made
    }
}

#[cfg(test)]
mod tests;
