//! Tokens in use are compared with the store, in the background (rule 4.4): when that begins, and when the store is read.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::clock::Instant;
use crate::session::participant::Participant;
use crate::session::shared::Shared;
use crate::session::{Inner, Session};

/// How often tokens in use are confirmed where the store tells of changes, in case that it misses one.
const CONFIRM_WATCHED: Duration = Duration::from_secs(30);

impl Shared {
    fn is_due(&self, by: &Participant, now: Instant) -> bool {
        self.confirmed.is_none_or(|at| now - at >= by.policy.confirm_every)
    }
}

impl Inner {
    /// The tokens held are used now. Returns true if they have to be confirmed.
    pub(in crate::session) fn wants_confirmation(&mut self, by: &Participant, now: Instant) -> bool {
        let is_free = self.flight.is_none();
        self.shared.as_mut().is_some_and(|shared| {
            shared.in_use = true;
            is_free
                && !shared.confirming
                && shared.unstored.is_none()
                && (shared.watched || shared.is_due(by, now))
        })
    }
}

impl Session {
    /// Compares the tokens held with the store, in the background (rule 4.4), because [`Inner::wants_confirmation`] said so. While
    /// the session is in use, and the store tells of changes, it does so at each change.
    pub(in crate::session) fn confirm(self: &Arc<Self>, inner: &mut Inner, by: &Arc<Participant>) {
        if let Some(shared) = &mut inner.shared {
            shared.confirming = true;
            tokio::spawn(Confirming { session: Arc::clone(self), by: Arc::clone(by) }.run());
        }
    }
}

/// A confirmation under way, until it is dropped.
struct Confirming {
    session: Arc<Session>,
    by: Arc<Participant>,
}

impl Confirming {
    async fn run(self) {
        let Some((fleet, member)) = self.session.shared(&self.by) else { return };
        loop {
            // Before the read, so that no change is missed.
            let changed = fleet.register.watch(&self.session.key);
            if self.wants_read(changed.is_some()) {
                let read = member.look(fleet).await;
                self.has_read(read.is_ok());
                if read.is_err() {
                    return;
                }
            }
            let Some(changed) = changed else { return };
            tokio::select! {
                biased;
                () = self.by.closed.cancelled() => return,
                () = changed => {}
                () = sleep(CONFIRM_WATCHED) => if !self.is_in_use() { return },
            }
        }
    }

    fn wants_read(&self, watched: bool) -> bool {
        let mut inner = self.session.inner();
        let now = inner.now();
        // A flight reads for itself, and what it writes is a change too.
        let is_free = inner.flight.is_none();
        inner.shared.as_mut().is_some_and(|shared| {
            shared.watched = watched;
            is_free && (watched || shared.is_due(&self.by, now))
        })
    }

    fn has_read(&self, succeeded: bool) {
        if succeeded {
            self.session.follow(&self.by);
        }
        let mut inner = self.session.inner();
        let now = inner.now();
        if let Some(shared) = &mut inner.shared {
            shared.confirmed = Some(now);
            // A store that is down is not read for each request.
            shared.watched &= succeeded;
        }
    }

    /// True if somebody has used the tokens since the last call.
    fn is_in_use(&self) -> bool {
        let mut inner = self.session.inner();
        inner.shared.as_mut().is_some_and(|shared| std::mem::take(&mut shared.in_use))
    }
}

impl Drop for Confirming {
    /// Also after a panic. Else the session would never be confirmed again.
    fn drop(&mut self) {
        if let Some(shared) = &mut self.session.inner().shared {
            shared.confirming = false;
        }
    }
}
