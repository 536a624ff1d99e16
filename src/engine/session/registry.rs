//! The sessions in use: one for each key of a store, which all clients of the store share.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use crate::session::Session;
use crate::store::MemoryStore;

/// The registries that clients share, from every worker thread of the process.
static SHARED: LazyLock<Mutex<HashMap<StoreId, Weak<Registry>>>> = LazyLock::new(Mutex::default);

/// Names the store that a client's sessions live in. Clients of one store have the sessions of equal keys in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoreId {
    /// The client's own, which it shares with nobody.
    Private,
    /// That of all clients of this name (the option `share`).
    Named(String),
}

/// The sessions of one store.
#[derive(Default)]
pub struct Registry {
    sessions: Mutex<HashMap<Arc<str>, Weak<Session>>>,
    /// The store of clients that are given no `getTokens` and `setTokens`.
    memory: Arc<MemoryStore>,
}

impl Registry {
    /// The registry of this store.
    pub fn of(store: StoreId) -> Arc<Self> {
        if store == StoreId::Private {
            return Arc::default();
        }
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = shared.get(&store).and_then(Weak::upgrade) {
            return found;
        }
        shared.retain(|_, registry| registry.strong_count() > 0);
        let made = Arc::<Self>::default();
        shared.insert(store, Arc::downgrade(&made));
        made
    }

    pub fn memory(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.memory)
    }

    /// Returns the session of this key. It lives as long as a client, a request or a flight uses it. Its tokens live in
    /// the store.
    pub fn session(&self, key: &str) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = sessions.get(key).and_then(Weak::upgrade) {
            return found;
        }
        if sessions.len() == sessions.capacity() {
            sessions.retain(|_, session| session.strong_count() > 0);
        }
        let key: Arc<str> = key.into();
        let made = Arc::new(Session::new(Arc::clone(&key)));
        sessions.insert(key, Arc::downgrade(&made));
        made
    }

    /// The sessions in use now.
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.values().filter_map(Weak::upgrade).collect()
    }
}

#[cfg(test)]
mod tests;
