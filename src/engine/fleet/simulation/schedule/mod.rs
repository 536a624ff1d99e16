//! A world and its faults.

mod draw;

use std::time::Duration;

use super::keys::RollOut;
use super::register::{Faults, Outage};
use super::server::Policy;
use super::time::{Moment, NodeId};

/// Which faults a world has most of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Mixed,
    RollBacks,
    /// Writes that fail, hang, or are applied late.
    Ambiguous,
    /// Writes that are applied, and whose writer is cut off before it hears of that. Others go on from them meanwhile, as rule 3.3
    /// has it; a write that only fails is asked for within 50 ms, when the others have no reason yet to rotate again.
    Breaks,
    /// Several processes that each believe to hold the lease.
    Holders,
    /// Logins and logouts, with outages and roll-backs.
    Logins,
    /// None of the reasons of §15, so that no token may be redeemed twice.
    Clean,
}

impl Profile {
    pub(super) const ALL: [Self; 7] = [
        Self::Mixed,
        Self::RollBacks,
        Self::Ambiguous,
        Self::Breaks,
        Self::Holders,
        Self::Logins,
        Self::Clean,
    ];
}

#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) seed: u64,
    pub(super) profile: Profile,
    pub(super) nodes: Vec<NodeSetup>,
    pub(super) policy: Policy,
    /// Of the server.
    pub(super) grace: Duration,
    /// Of an access token.
    pub(super) lifetime: Duration,
    /// A rotation ends the access token before it.
    pub(super) ends_access: bool,
    pub(super) register: Faults,
    pub(super) outages: Vec<Outage>,
    /// All nodes are processes of one machine.
    pub(super) has_locks: bool,
    /// The register tells of changes.
    pub(super) has_watch: bool,
    /// Records are sealed, and the key changes.
    pub(super) roll_out: Option<RollOut>,
    pub(super) answers: Answers,
    pub(super) sends: Sends,
    pub(super) events: Vec<(Moment, Event)>,
    pub(super) faults_end: Moment,
    pub(super) end: Moment,
}

#[derive(Clone, Debug)]
pub(super) struct NodeSetup {
    /// Of its clock, 0.9 to 1.1.
    pub(super) rate: f64,
    pub(super) offset: Duration,
    pub(super) lease: Duration,
    /// The setting `rotationGrace`; zero for servers without one.
    pub(super) grace: Duration,
    pub(super) refresh_deadline: Duration,
    /// It runs a later release, whose records have a field that this one does not know (rule 2.2).
    pub(super) is_newer: bool,
}

/// How an authorization server answers: probabilities for each request.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) slow: f64,
    /// The request arrives and is processed, and its answer does not arrive.
    pub(super) lost_after: f64,
    /// The request does not arrive, and its sender cannot tell.
    pub(super) lost_before: f64,
    pub(super) too_many: f64,
    pub(super) unavailable: f64,
    /// No connection.
    pub(super) refused: f64,
}

/// What happens to a node while it sends: probabilities for each send.
#[derive(Clone, Debug, Default)]
pub(super) struct Sends {
    /// Between the last check and the kernel's send.
    pub(super) stop_before: f64,
    pub(super) stop_after: f64,
    pub(super) crash_before: f64,
    pub(super) crash_after: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Crash {
        node: NodeId,
        restart_after: Duration,
    },
    Stop {
        node: NodeId,
        time: Duration,
    },
    /// The register goes back by so much.
    RollBack {
        by: Duration,
    },
    /// The node's process is replaced by one with other keys.
    Deploy {
        node: NodeId,
    },
    Login {
        node: NodeId,
    },
    Logout {
        node: NodeId,
    },
}

impl Schedule {
    /// How long a node waits for an answer, in the world's time.
    pub(super) fn patience(&self, node: NodeId) -> Duration {
        self.nodes[node].refresh_deadline.div_f64(self.nodes[node].rate)
    }

    /// The lease that a node writes (rule 6.5).
    pub(super) fn lease(&self, node: NodeId) -> Duration {
        let NodeSetup { lease, grace, .. } = self.nodes[node];
        if grace.is_zero() { lease } else { lease.min((grace / 3).max(Duration::from_secs(1))) }
    }

    /// How long a stop lasts that meets a node while it sends.
    pub(super) fn stop_time(&self, node: NodeId) -> (Duration, Duration) {
        let lease = self.nodes[node].lease;
        (lease, lease * 4)
    }
}
