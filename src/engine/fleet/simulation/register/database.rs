//! The register itself, which all nodes share.
//!
//! Invariant: it compares and replaces in one step. Only [`Database::roll_back`] breaks the order of writes.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use tokio::sync::Notify;

use super::super::log::Log;
use super::super::time::{Moment, NodeId, World};
use super::Connection;
use super::faults::{Fate, Faults, Outage};
use super::view::View;
use crate::fleet::Seal;
use crate::lock::Lock;
use crate::store::{Document, Version};

/// One operation of a node, as the judge needs it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) node: NodeId,
    pub(crate) from: Moment,
    pub(crate) until: Moment,
    pub(crate) sound: bool,
}

impl Operation {
    pub(crate) fn time(&self) -> Duration {
        self.until.saturating_sub(self.from)
    }
}

/// A document that was stored, by whom and when. Node None: by a roll-back.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) at: Moment,
    pub(crate) node: Option<NodeId>,
    pub(crate) content: Option<Content>,
}

impl Written {
    /// None: nothing is stored.
    pub(crate) fn view(&self) -> Option<&View> {
        show(self.content.as_ref())
    }
}

/// A document, and what it says.
#[derive(Clone)]
pub(crate) struct Content {
    pub(super) document: Document,
    pub(crate) view: Arc<View>,
}

/// The register itself, which all nodes share.
pub(crate) struct Database {
    pub(super) world: World,
    pub(super) faults: Faults,
    /// Faults end here.
    pub(super) sound_from: Moment,
    /// Nodes share a machine, so that they see each other's locks.
    pub(super) has_locks: bool,
    /// It tells of changes.
    pub(super) has_watch: bool,
    pub(super) changed: Notify,
    /// For records that are sealed.
    opener: Option<Arc<Seal>>,
    pub(super) log: Arc<Log>,
    pub(super) state: Lock<State>,
}

#[derive(Default)]
pub(super) struct State {
    written: Vec<Written>,
    outages: Vec<Outage>,
    pub(super) operations: Vec<Operation>,
    /// Who read a copy that was behind, and when.
    pub(super) stale: Vec<(NodeId, Moment)>,
    in_a_row: Vec<u32>,
    pub(super) is_locked: bool,
}

impl Database {
    pub(crate) fn new(
        world: World,
        faults: Faults,
        outages: Vec<Outage>,
        sound_from: Moment,
        (has_locks, has_watch): (bool, bool),
        opener: Option<Arc<Seal>>,
        log: Arc<Log>,
    ) -> Arc<Self> {
        Arc::new(Self {
            world,
            faults,
            sound_from,
            has_locks,
            has_watch,
            changed: Notify::new(),
            opener,
            log,
            state: Lock::new(State { outages, ..State::default() }),
        })
    }

    pub(crate) fn connection(self: &Arc<Self>, node: NodeId, life: u32, is_newer: bool) -> Connection {
        Connection { database: Arc::clone(self), node, life, is_newer }
    }

    /// Puts the state of `to` back, as a restored backup does.
    pub(crate) fn roll_back(&self, to: Moment) {
        let content = self.at(to);
        self.world.note(|| {
            format!("the register goes back to {:.3}: {:?}", to.as_secs_f64(), show(content.as_ref()))
        });
        self.state.lock().written.push(Written { at: self.world.now(), node: None, content });
        self.changed.notify_waiters();
    }

    pub(crate) fn written(&self) -> Vec<Written> {
        self.state.lock().written.clone()
    }

    pub(crate) fn stale(&self) -> Vec<(NodeId, Moment)> {
        self.state.lock().stale.clone()
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.state.lock().operations.clone()
    }

    pub(super) fn at(&self, moment: Moment) -> Option<Content> {
        let state = self.state.lock();
        state.written.iter().rfind(|written| written.at <= moment).and_then(|written| written.content.clone())
    }

    pub(super) fn swap(&self, node: NodeId, expected: Option<Version>, next: &Document) -> bool {
        let mut state = self.state.lock();
        let stored = state.written.last().and_then(|written| written.content.as_ref());
        let stored = stored.map(|content| content.document.version);
        if stored == Some(next.version) {
            return true;
        }
        if stored != expected {
            self.world.note(|| format!("register: a write of node {node} conflicts"));
            return false;
        }
        let content =
            Content { document: next.clone(), view: Arc::new(View::of(next, self.opener.as_deref())) };
        self.world.note(|| format!("register: node {node} writes {:?}", content.view));
        state.written.push(Written { at: self.world.now(), node: Some(node), content: Some(content) });
        self.changed.notify_waiters();
        true
    }

    /// The outages that were planned, and those that began with a write.
    pub(crate) fn outages(&self) -> Vec<Outage> {
        self.state.lock().outages.clone()
    }

    pub(super) fn cut_off(&self, node: NodeId, time: Duration) {
        let from = self.world.now();
        let until = (from + time).min(self.sound_from);
        self.world.note(|| format!("register: node {node} is cut off until {:.3}", until.as_secs_f64()));
        self.state.lock().outages.push(Outage { from, until, node: Some(node), hangs: false });
    }

    pub(super) fn is_cut_off(&self, node: NodeId) -> Option<Outage> {
        let now = self.world.now();
        let state = self.state.lock();
        let mut outages = state.outages.iter();
        let is_now = |outage: &&Outage| {
            (outage.from..outage.until).contains(&now) && outage.node.is_none_or(|whose| whose == node)
        };
        outages.find(is_now).cloned()
    }

    pub(super) fn fate(&self, node: NodeId) -> Fate {
        let Faults { fails, fails_applied, hangs, late_by, breaks, broken_for, most_in_a_row, .. } =
            self.faults;
        let mut state = self.state.lock();
        if state.in_a_row.len() <= node {
            state.in_a_row.resize(node + 1, 0);
        }
        if self.world.now() >= self.sound_from || state.in_a_row[node] >= most_in_a_row {
            state.in_a_row[node] = 0;
            return Fate::Sound;
        }
        state.in_a_row[node] += 1;
        let drawn: f64 = self.world.draw(Rng::random);
        if drawn < fails {
            return Fate::Fails;
        }
        if drawn < fails + fails_applied {
            return Fate::FailsApplied;
        }
        if drawn < fails + fails_applied + hangs {
            return Fate::Hangs(self.world.chance(0.7).then(|| self.world.between(late_by)));
        }
        if drawn < fails + fails_applied + hangs + breaks {
            return Fate::Breaks(self.world.between(broken_for));
        }
        state.in_a_row[node] = 0;
        Fate::Sound
    }

    pub(super) fn latency(&self) -> Duration {
        let faults = &self.faults;
        let is_slow = self.world.now() < self.sound_from && self.world.chance(faults.slow);
        self.world.between(if is_slow { faults.slow_latency } else { faults.latency })
    }
}

fn show(content: Option<&Content>) -> Option<&View> {
    content.map(|content| &*content.view)
}
