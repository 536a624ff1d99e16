//! A lease is dead by silence (§6): no clock of another machine is asked.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::fleet::record::{Id, Lease};
use crate::fleet::switches::{Rule, Switches};

/// The longest and the shortest pause between two reads of a waiter.
const POLL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How long one lease has not changed, as far as this process could see. It belongs to the session in the process, not to
/// a request: a request that gives up does not begin it anew (rule 6.3).
#[derive(Debug, Default)]
pub(super) struct Silence(Option<Watched>);

#[derive(Debug)]
struct Watched {
    id: Id,
    /// Compared only without rule 6.1.
    owner: Arc<str>,
    beat: u64,
    silent: Duration,
    /// The lease was seen unchanged until here.
    until: Instant,
}

impl Silence {
    /// A read that took from `begun` to `ended` showed this lease.
    pub(super) fn count(
        &mut self,
        lease: Option<&Lease>,
        begun: Instant,
        ended: Instant,
        switches: Switches,
    ) {
        let Some(lease) = lease else {
            self.0 = None;
            return;
        };
        match &mut self.0 {
            Some(watched) if watched.is(lease, switches) => {
                // A read that was late, because the store or this process was away, counts as two polls (rule 6.2).
                let most = if switches.keeps(Rule::R6_2) { poll(lease) * 2 } else { Duration::MAX };
                watched.silent += begun.saturating_duration_since(watched.until).min(most);
                watched.until = watched.until.max(begun);
                watched.id = lease.id;
            }
            _ => {
                let Lease { id, beat, .. } = *lease;
                let owner = Arc::clone(&lease.owner);
                self.0 = Some(Watched { id, owner, beat, silent: Duration::ZERO, until: ended });
            }
        }
    }

    /// True if this lease has been silent for too long, by the setting of its holder (rule 6.3).
    pub(super) fn is_dead(&self, lease: &Lease) -> bool {
        let watched = self.0.as_ref().filter(|watched| watched.id == lease.id);
        watched.is_some_and(|watched| watched.silent >= duration(lease).mul_f64(1.25))
    }
}

impl Watched {
    /// Not the version: side writes of others would keep a dead lease alive (rule 6.1).
    fn is(&self, lease: &Lease, switches: Switches) -> bool {
        let same = if switches.keeps(Rule::R6_1) { self.id == lease.id } else { self.owner == lease.owner };
        same && self.beat == lease.beat
    }
}

pub(super) fn duration(lease: &Lease) -> Duration {
    Duration::from_millis(lease.ms)
}

/// The longest pause between two reads of somebody who waits for this lease.
pub(super) fn poll(lease: &Lease) -> Duration {
    (duration(lease) / 10).clamp(POLL.0, POLL.1)
}

#[cfg(test)]
mod tests;
