//! The sessions that no client uses and that remember something, in the order in which their clients left.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::clock::Instant;
use crate::session::Session;

/// The most sessions that rest in one registry: the oldest is forgotten first. They weigh some 10 MB.
pub(in crate::session) const MAX_RESTING: usize = 10_000;

/// How many of the oldest sessions are looked at when one is added. With one, their number would never fall.
const LOOKS: usize = 2;

#[derive(Default)]
pub(super) struct Resting {
    by_turn: BTreeMap<u64, Rest>,
    turns: HashMap<Arc<str>, u64>,
    last_turn: u64,
}

pub(super) struct Rest {
    pub(super) session: Arc<Session>,
    since: Instant,
}

impl Rest {
    /// True if the session has nothing to remember any more. A task that still holds the session may change that.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        !self.is_held() && self.session.remembers_until(self.since) <= now
    }

    fn is_held(&self) -> bool {
        Arc::strong_count(&self.session) > 1
    }
}

impl Resting {
    pub(super) fn len(&self) -> usize {
        self.by_turn.len()
    }

    pub(super) fn remembers(&self, now: Instant) -> bool {
        self.by_turn.values().any(|rest| !rest.is_over(now))
    }

    pub(super) fn add(&mut self, session: &Arc<Session>, now: Instant) {
        self.push(Rest { session: Arc::clone(session), since: now });
        for _ in 0..LOOKS {
            let Some((_, oldest)) = self.by_turn.first_key_value() else { return };
            let full = self.len() > MAX_RESTING;
            if !full && !oldest.is_over(now) {
                return;
            }
            let key = Arc::clone(&oldest.session.key);
            match self.take(&key) {
                // Its tokens may not be saved yet.
                Some(rest) if rest.is_held() => self.push(rest),
                _ => {}
            }
        }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Rest> {
        let turn = self.turns.remove(key)?;
        self.by_turn.remove(&turn)
    }

    fn push(&mut self, rest: Rest) {
        self.last_turn += 1;
        self.turns.insert(Arc::clone(&rest.session.key), self.last_turn);
        self.by_turn.insert(self.last_turn, rest);
    }
}
