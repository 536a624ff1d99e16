//! The small world, whole: two nodes, two rotations, one crash and one stop, each at every step of the protocol.
//!
//! A step is a poll of a node's task while a rotation is under way, because a process can be cut in two wherever it awaits.

use std::time::Duration;

use super::cluster::run;
use super::judge::judge;
use super::register::Faults;
use super::schedule::{Answers, NodeSetup, Profile, Schedule, Sends};
use super::server::Policy;
use super::time::NodeId;
use crate::fleet::Switches;

/// A fault of the small world: at which step, and to which node.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) step: u64,
    pub(super) node: NodeId,
}

const LEASE: Duration = Duration::from_secs(1);
const STOP: Duration = Duration::from_secs(3);
const RESTART: Duration = Duration::from_millis(500);

/// The rotations in which faults happen. Later ones show that the nodes have agreed.
const ROTATIONS: usize = 2;

fn schedule(policy: Policy) -> Schedule {
    let grace = if policy.has_grace() { Duration::from_secs(8) } else { Duration::ZERO };
    let node = |rate| NodeSetup {
        rate,
        offset: Duration::ZERO,
        lease: LEASE,
        grace,
        refresh_deadline: Duration::from_secs(2),
        is_newer: false,
    };
    let latency = (Duration::from_millis(2), Duration::from_millis(2));
    Schedule {
        seed: 1,
        profile: Profile::Mixed,
        nodes: vec![node(1.0), node(1.05)],
        policy,
        grace,
        lifetime: Duration::from_secs(2),
        ends_access: true,
        register: Faults::none(latency),
        outages: Vec::new(),
        has_locks: false,
        has_watch: false,
        roll_out: None,
        answers: Answers::default(),
        sends: Sends::default(),
        events: Vec::new(),
        faults_end: Duration::from_secs(8),
        end: Duration::from_secs(28),
    }
}

/// Runs the small world with these faults. Returns how many steps it had, and what it violated.
pub(super) fn small(
    policy: Policy,
    switches: Switches,
    crash: Option<At>,
    stop: Option<At>,
) -> (u64, Vec<String>) {
    let mut steps = 0;
    let evidence = run(&schedule(policy), switches, false, |cluster, _| {
        if !cluster.is_rotating() || cluster.server.rotations() > ROTATIONS {
            return;
        }
        let here = |at: Option<At>| at.filter(|at| at.step == steps);
        if let Some(At { node, .. }) = here(crash) {
            cluster.crash(node, RESTART);
        }
        if let Some(At { node, .. }) = here(stop) {
            cluster.stop(node, STOP);
        }
        steps += 1;
    });
    (steps, judge(&evidence).violations)
}

/// All places of one crash and one stop. Each violation names its place. `only` chooses the steps of the crash.
pub(super) fn search(policy: Policy, switches: Switches, only: impl Fn(u64) -> bool) -> (u64, Vec<String>) {
    let (mut runs, mut violations) = (0, Vec::new());
    let mut tried = |crash: Option<At>, stop: Option<At>| {
        let (steps, found) = small(policy, switches, crash, stop);
        runs += 1;
        let place = format!("{policy:?}, crash {crash:?}, stop {stop:?}");
        violations.extend(found.into_iter().map(|violation| format!("{place}: {violation}")));
        steps
    };
    let places = |until: u64| (0..until).flat_map(|step| [0, 1].map(|node| At { step, node }));
    let steps = tried(None, None);
    for stop in places(steps) {
        tried(None, Some(stop));
    }
    for crash in places(steps).filter(|crash| only(crash.step)) {
        let steps = tried(Some(crash), None);
        for stop in places(steps) {
            tried(Some(crash), Some(stop));
        }
    }
    (runs, violations)
}
