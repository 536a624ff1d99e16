//! A lease while it is held (§7).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Instant;
use crate::fleet::documents::Stored;
use crate::fleet::record::{Id, Record};
use crate::fleet::switches::{Bug, Rule, Switches};
use crate::fleet::{Fleet, Settings};
use crate::grant::Permit;
use crate::lock::Lock;

pub(super) struct Holding {
    pub(super) lease: Id,
    pub(super) claimed: Instant,
    held: Arc<Lock<Held>>,
    /// Locked while this process writes, so that a renewal and another write do not meet.
    pub(super) writing: Mutex<()>,
    /// Held to the end (rule 6.4).
    lock: Lock<Option<Box<dyn Send + Sync>>>,
}

struct Held {
    stored: Stored,
    /// The time before the last successful write of the lease.
    fresh_since: Instant,
    /// Somebody else has the lease.
    taken: bool,
}

impl Holding {
    pub(super) fn new(
        lease: Id,
        stored: Stored,
        fresh_since: Instant,
        lock: Option<Box<dyn Send + Sync>>,
    ) -> Self {
        let held = Arc::new(Lock::new(Held { stored, fresh_since, taken: false }));
        Self { lease, claimed: fresh_since, held, writing: Mutex::default(), lock: Lock::new(lock) }
    }

    /// For a holder that goes on in the background.
    pub(super) fn take_lock(&self) -> Option<Box<dyn Send + Sync>> {
        self.lock.lock().take()
    }

    pub(super) fn stored(&self) -> Stored {
        self.held.lock().stored.clone()
    }

    /// A read has shown this record, which holds the lease.
    pub(super) fn saw(&self, stored: Stored) {
        self.held.lock().stored = stored;
    }

    /// The lease was written, from `begun` on.
    pub(super) fn wrote(&self, stored: Stored, begun: Instant) {
        let mut held = self.held.lock();
        held.stored = stored;
        held.fresh_since = begun;
    }

    pub(super) fn take(&self) {
        self.held.lock().taken = true;
    }

    pub(super) fn is_taken(&self) -> bool {
        self.held.lock().taken
    }

    /// By the id of the claim: the same owner's next claim is another lease.
    pub(super) fn is_mine(&self, record: &Record, switches: Switches) -> bool {
        let Some(lease) = &record.lease else { return false };
        if switches.has(Bug::FenceByOwner) || switches.has(Bug::ConstantOwner) {
            let held = self.held.lock();
            return held.stored.record.lease.as_ref().is_some_and(|held| held.owner == lease.owner);
        }
        lease.id == self.lease
    }

    /// True if the token may be sent now: the lease is young enough that nobody takes it for dead before the answer (rule
    /// 7.3). Half a lease, because clocks differ in their speed.
    pub(super) fn is_fresh(&self, now: Instant, settings: &Settings) -> bool {
        self.held.lock().is_younger_than(longest(settings), now)
    }

    /// [`Holding::is_fresh`] for a sender that awaits something before it sends.
    pub(super) fn permit(&self, fleet: &Fleet) -> Permit {
        let (held, clock, longest) =
            (Arc::clone(&self.held), Arc::clone(&fleet.clock), longest(&fleet.settings));
        Permit::new(move || held.lock().is_younger_than(longest, clock.now()))
    }
}

impl Held {
    fn is_younger_than(&self, longest: Duration, now: Instant) -> bool {
        !self.taken && now.saturating_duration_since(self.fresh_since) < longest
    }
}

fn longest(settings: &Settings) -> Duration {
    if settings.switches.keeps(Rule::R7_3) { settings.lease() / 2 } else { settings.lease() }
}
