//! The knowledge that this process has of one session, and how a read changes it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::error::Cause;
use crate::fleet::commit::{Commit, Decision};
use crate::fleet::judge::{Knowledge, Verdict, judge};
use crate::fleet::record::{Cooldown, Id, Lease, Record};
use crate::fleet::silence::Silence;
use crate::fleet::{Fleet, Mark, State};
use crate::token::Tokens;

/// How many own leases that have ended are remembered.
const ENDED: usize = 16;

#[derive(Default)]
pub(super) struct Known {
    /// Without lease, intent and cool-down.
    record: Option<Record>,
    arrived: Option<Arrived>,
    /// When the last read or write began that showed `record` in the store.
    confirmed: Option<Instant>,
    /// Tokens that the server gave and the store has not taken.
    unsaved: Option<Unsaved>,
    /// The tokens of a commit that a login overtook.
    superseded: Option<Arc<Tokens>>,
    /// The commit whose refresh token this process has sent, and may have spent.
    spent: Option<Id>,
    /// The commit whose refresh token the server has refused.
    refused: Option<Refused>,
    ended: VecDeque<Ended>,
    silence: Silence,
    /// Waited out from the first sight of its id (§11).
    cooldown: Option<(Id, Instant)>,
}

struct Unsaved {
    commit: Arc<Commit>,
    /// Freed when the tokens are saved. Else others take the holder for dead, and send its token again (rule 6.4).
    _lock: Option<Box<dyn Send + Sync>>,
}

#[derive(Clone)]
pub(super) struct Refused {
    commit: Id,
    pub(super) cause: Option<Cause>,
}

#[derive(Clone, Copy)]
struct Arrived {
    at: Instant,
    seen_before: Option<Instant>,
}

/// A lease of this process that may be in the store although its rotation has ended.
struct Ended {
    lease: Id,
    /// Its intent says nothing: the token was not sent, not spent, or refused.
    clear: bool,
}

impl Known {
    pub(super) fn state(&self) -> Option<State> {
        let (record, arrived) = (self.record.as_ref()?, self.arrived?);
        Some(State {
            mark: record.mark(),
            generation: record.generation,
            tokens: record.tokens.as_ref().map(|kept| Arc::clone(&kept.tokens)),
            lifetime: record.tokens.as_ref().and_then(|kept| kept.lifetime),
            arrived: arrived.at,
            seen_before: arrived.seen_before,
            lost: record.lost.map(|lost| lost.reason),
            unsaved: self.unsaved.is_some(),
        })
    }

    pub(super) fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    pub(super) fn mark(&self) -> Option<Mark> {
        self.record.as_ref().map(Record::mark)
    }

    pub(super) fn unsaved(&self) -> bool {
        self.unsaved.is_some()
    }

    pub(super) fn take_superseded(&mut self) -> Option<Arc<Tokens>> {
        self.superseded.take()
    }

    /// A read that took from `begun` to `now` brought `stored`. Returns what is to be written over it: tokens that are not
    /// saved yet, a state that the store has forgotten, or a candidate.
    pub(super) fn weigh(
        &mut self,
        stored: Option<&Record>,
        (begun, now): (Instant, Instant),
        fleet: &Fleet,
    ) -> Option<Box<Record>> {
        let switches = fleet.settings.switches;
        self.silence.count(stored.and_then(|stored| stored.lease.as_ref()), begun, now, switches);
        if let Some(Cooldown { id, ms }) = stored.and_then(|stored| stored.cooldown)
            && self.cooldown.is_none_or(|(known, _)| known != id)
        {
            self.cooldown = Some((id, now + Duration::from_millis(ms)));
        }
        if let Some(Unsaved { commit, .. }) = &self.unsaved {
            match commit.decide(stored, switches) {
                Decision::Write(next) => return Some(next),
                Decision::Done => self.unsaved = None,
                Decision::Superseded => {
                    self.superseded = Some(commit.tokens());
                    self.unsaved = None;
                }
            }
        }
        match judge(self.knowledge(now, fleet), stored, switches) {
            Verdict::Older(write) | Verdict::Fork(write) => return Some(write),
            Verdict::Nobody => self.record = None,
            Verdict::Same | Verdict::Adopt => match stored {
                Some(stored) => {
                    let seen_before = self.seen_before(stored);
                    self.take(stored, begun, Arrived { at: now, seen_before });
                }
                None => self.record = None,
            },
        }
        None
    }

    /// This record was written. It is known from now on, unless something newer is.
    pub(super) fn wrote(&mut self, record: &Record, (begun, now): (Instant, Instant), fleet: &Fleet) {
        self.unsaved.take_if(|unsaved| {
            record.trail.contains(&unsaved.commit.id) || record.has_candidate(unsaved.commit.id)
        });
        if !matches!(
            judge(self.knowledge(now, fleet), Some(record), fleet.settings.switches),
            Verdict::Older(_)
        ) {
            self.take(record, begun, Arrived { at: now, seen_before: None });
        }
    }

    /// The store has failed to take these tokens. They serve from memory, unless this process knows another state by now.
    pub(super) fn keep(&mut self, commit: &Arc<Commit>, lock: Option<Box<dyn Send + Sync>>, now: Instant) {
        let base = commit.base.mark();
        match self.mark() {
            Some(mark) if mark.login != base.login => return,
            Some(mark) if mark != base => {}
            _ => {
                let confirmed = self.confirmed;
                self.take(&commit.over(&commit.base), now, Arrived { at: now, seen_before: None });
                self.confirmed = confirmed;
            }
        }
        self.unsaved = Some(Unsaved { commit: Arc::clone(commit), _lock: lock });
    }

    fn take(&mut self, record: &Record, begun: Instant, arrived: Arrived) {
        if self.mark() != Some(record.mark()) {
            self.arrived = Some(arrived);
        }
        self.record = Some(record.bare());
        self.confirmed = Some(begun);
    }

    /// The last read that showed an older generation of this login.
    fn seen_before(&self, stored: &Record) -> Option<Instant> {
        let known = self.record.as_ref()?;
        let older = known.login.id == stored.login.id && known.generation < stored.generation;
        self.confirmed.filter(|_| older)
    }

    fn knowledge(&self, now: Instant, fleet: &Fleet) -> Knowledge<'_> {
        let record = self.record.as_ref();
        let confirmed = fleet
            .register
            .tombstone_life()
            .is_none_or(|life| self.confirmed.is_some_and(|at| now.saturating_duration_since(at) < life / 2));
        let spent = record.is_some_and(|record| self.spent == Some(record.commit));
        Knowledge { record, confirmed, spent }
    }

    /// The refresh token of `commit` is sent now.
    pub(super) fn sends(&mut self, commit: Id) {
        self.spent = Some(commit);
    }

    /// It turned out that it was not spent.
    pub(super) fn unspent(&mut self) {
        self.spent = None;
    }

    pub(super) fn refuse(&mut self, commit: Id, cause: Option<Cause>) {
        self.refused = Some(Refused { commit, cause });
    }

    /// The server's refusal of the refresh token of `commit`.
    pub(super) fn refusal(&self, commit: Id) -> Option<Refused> {
        self.refused.clone().filter(|refused| refused.commit == commit)
    }

    /// `clear`: the intent of this lease says nothing, because the token was not sent, not spent, or refused.
    pub(super) fn end(&mut self, lease: Id, clear: bool) {
        self.ended.truncate(ENDED - 1);
        self.ended.push_front(Ended { lease, clear });
    }

    /// True if nobody needs to wait for this lease (rule 6.3).
    pub(super) fn is_dead(&self, lease: &Lease) -> bool {
        self.ended.iter().any(|ended| ended.lease == lease.id) || self.silence.is_dead(lease)
    }

    /// True if an intent of this claim is none (rule 5.2).
    pub(super) fn is_clear(&self, claim: Id) -> bool {
        self.ended.iter().any(|ended| ended.lease == claim && ended.clear)
    }

    pub(super) fn cool_down(&mut self, id: Id, until: Instant) {
        self.cooldown = Some((id, until));
    }

    /// How long this cool-down goes on.
    pub(super) fn left(&self, cooldown: Cooldown, now: Instant) -> Duration {
        let known = self.cooldown.filter(|(id, _)| *id == cooldown.id);
        known.map_or(Duration::ZERO, |(_, until)| until.saturating_duration_since(now))
    }
}
