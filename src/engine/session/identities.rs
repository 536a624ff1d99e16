//! Limits how many identities have their tokens in memory. This holds for a grant that needs no human, because it brings new tokens
//! whenever they are needed.
//!
//! Invariant: an identity that rotates, or whose tokens are not saved yet, stays. So does a login in a store in memory, because
//! nothing could bring it back.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

use lru::LruCache;

use crate::lock::Lock;
use crate::session::Session;
use crate::store::MemoryStore;

/// How many of the oldest identities are looked at when one is added. If all of them are busy, there is one too many for a while.
const TRIES: usize = 16;

pub struct Identities {
    most: AtomicUsize,
    /// Where the tokens are, if no other store keeps them.
    memory: Option<Arc<MemoryStore>>,
    known: Lock<Known>,
}

struct Known {
    /// In the order in which they got tokens. A session that was used since then is put back once.
    by_turn: LruCache<Arc<str>, Weak<Session>>,
    /// Those in memory whose tokens came with a login.
    logins: HashSet<Arc<str>>,
}

/// The fate of a session that is to forget its tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Let {
    Go,
    /// Used since it was looked at last.
    Used,
    Busy,
}

impl Identities {
    /// `memory`: the store, if that is in memory.
    pub fn new(memory: Option<Arc<MemoryStore>>) -> Self {
        let known = Known { by_turn: LruCache::unbounded(), logins: HashSet::new() };
        Self { most: AtomicUsize::new(0), memory, known: Lock::new(known) }
    }

    /// Clients of one store have one bound, the greatest of theirs.
    pub(super) fn allow(&self, most: usize) {
        self.most.fetch_max(most, Relaxed);
    }

    /// This identity has got tokens. Lets others go, if they are too many.
    pub(super) fn keep(&self, session: &Arc<Session>) {
        let mut known = self.known.lock();
        if known.logins.contains(&*session.key) {
            return;
        }
        known.by_turn.put(Arc::clone(&session.key), Arc::downgrade(session));
        self.shrink(&mut known.by_turn);
    }

    /// A login (or a seed) brings the tokens of this identity; false: a logout.
    pub(super) fn log_in(&self, key: &Arc<str>, is_login: bool) {
        if self.memory.is_none() {
            return;
        }
        let mut known = self.known.lock();
        if is_login {
            known.by_turn.pop(&**key);
            known.logins.insert(Arc::clone(key));
        } else {
            known.logins.remove(&**key);
        }
    }

    fn shrink(&self, by_turn: &mut LruCache<Arc<str>, Weak<Session>>) {
        let mut used = None;
        for _ in 0..TRIES {
            if by_turn.len() <= self.most.load(Relaxed) {
                return;
            }
            let Some((key, session)) = by_turn.pop_lru() else { return };
            match self.let_go(&key, &session, false) {
                Let::Go => {}
                verdict => {
                    if verdict == Let::Used && used.is_none() {
                        used = Some(Arc::clone(&key));
                    }
                    by_turn.put(key, session);
                }
            }
        }
        // All of them are in use: then the one that has waited longest.
        if let Some((key, session)) = used.and_then(|key| by_turn.pop_entry(&*key))
            && self.let_go(&key, &session, true) != Let::Go
        {
            by_turn.put(key, session);
        }
    }

    fn let_go(&self, key: &Arc<str>, session: &Weak<Session>, also_used: bool) -> Let {
        let verdict = session.upgrade().map_or(Let::Go, |session| session.let_go(also_used));
        if let (Let::Go, Some(memory)) = (verdict, &self.memory) {
            memory.forget(key);
        }
        verdict
    }
}
