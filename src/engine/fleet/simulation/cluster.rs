//! Builds the world of a schedule, runs it, and collects the evidence.

use std::sync::Arc;
use std::time::Duration;

use super::keys::RollOut;
use super::log::{Entries, Log};
use super::node::Node;
use super::register::{Database, Operation, Outage, Written};
use super::schedule::{Event, Schedule};
use super::server::{Redemption, Server};
use super::time::{Executor, Interruption, Moment, NodeClock, NodeId, Owner, World};
use crate::clock;
use crate::clock::Instant;
use crate::fleet::{Fleet, Sealed, Settings, Switches};
use crate::lock::Lock;
use crate::store::Register;

pub(super) struct Cluster {
    pub(super) world: World,
    pub(super) schedule: Schedule,
    pub(super) server: Arc<Server>,
    pub(super) log: Arc<Log>,
    database: Arc<Database>,
    switches: Switches,
    start: Instant,
    places: Lock<Vec<Place>>,
}

/// Where processes run, one after the other.
#[derive(Clone, Default)]
struct Place {
    lives: u32,
    running: Option<Arc<Node>>,
}

/// What the judge judges.
pub(super) struct Evidence {
    pub(super) schedule: Schedule,
    /// In the order in which they left, because a process decides then. On the way one may overtake another.
    pub(super) redemptions: Vec<Redemption>,
    pub(super) interruptions: Vec<Interruption>,
    pub(super) operations: Vec<Operation>,
    pub(super) outages: Vec<Outage>,
    /// Who read a copy that was behind, and when.
    pub(super) stale: Vec<(NodeId, Moment)>,
    pub(super) written: Vec<Written>,
    pub(super) log: Entries,
    /// Refresh tokens that the server would take now.
    pub(super) good: Vec<String>,
    /// The processes that run at the end.
    pub(super) alive: Vec<(NodeId, u32)>,
    /// How often tasks of nodes ran.
    pub(super) polls: u64,
    pub(super) trace: Vec<String>,
}

/// Runs a schedule. `before_poll` may stop and crash nodes at a poll that it chooses.
pub(super) fn run(
    schedule: &Schedule,
    switches: Switches,
    traced: bool,
    mut before_poll: impl FnMut(&Arc<Cluster>, u64),
) -> Evidence {
    let mut executor = Executor::new(schedule.seed, traced);
    let cluster = Cluster::new(executor.world(), schedule.clone(), switches);
    cluster.begin();
    executor.run(schedule.end, |poll| before_poll(&cluster, poll));
    let mut redemptions = cluster.server.ledger();
    redemptions.sort_by_key(|redemption| redemption.left);
    let evidence = Evidence {
        schedule: schedule.clone(),
        redemptions,
        interruptions: cluster.world.interruptions(),
        operations: cluster.database.operations(),
        outages: cluster.database.outages(),
        stale: cluster.database.stale(),
        written: cluster.database.written(),
        log: cluster.log.entries(),
        good: cluster.server.good(),
        alive: cluster.alive(),
        polls: executor.polls(),
        trace: cluster.world.trace(),
    };
    // Nodes and their cluster hold each other.
    cluster.places.lock().clear();
    evidence
}

impl Cluster {
    fn new(world: World, schedule: Schedule, switches: Switches) -> Arc<Self> {
        let log = Arc::<Log>::default();
        let database = Database::new(
            world.clone(),
            schedule.register.clone(),
            schedule.outages.clone(),
            schedule.faults_end,
            (schedule.has_locks, schedule.has_watch),
            schedule.roll_out.as_ref().map(RollOut::opener),
            Arc::clone(&log),
        );
        let server = Server::new(
            world.clone(),
            schedule.policy,
            schedule.grace,
            schedule.lifetime,
            schedule.ends_access,
        );
        let places = Lock::new(vec![Place::default(); schedule.nodes.len()]);
        Arc::new(Self { world, schedule, server, log, database, switches, start: clock::now(), places })
    }

    fn begin(self: &Arc<Self>) {
        for node in 0..self.schedule.nodes.len() {
            self.start(node);
        }
        self.happen(Event::Login { node: 0 });
        let cluster = Arc::clone(self);
        self.world.spawn(Owner::World, async move {
            for (at, event) in cluster.schedule.events.clone() {
                cluster.world.sleep(at.saturating_sub(cluster.world.now())).await;
                cluster.happen(event);
            }
        });
    }

    pub(super) fn has_faults(&self) -> bool {
        self.world.now() < self.schedule.faults_end
    }

    fn start(self: &Arc<Self>, id: NodeId) {
        let life = {
            let place = &mut self.places.lock()[id];
            place.lives += 1;
            place.lives
        };
        let node = Node::new(Arc::clone(self), id, life, self.fleet(id, life));
        self.world.note(|| format!("node {id} starts, life {life}"));
        self.places.lock()[id].running = Some(Arc::clone(&node));
        node.start();
    }

    fn fleet(self: &Arc<Self>, id: NodeId, life: u32) -> Fleet {
        let setup = &self.schedule.nodes[id];
        let mut register: Arc<dyn Register> = Arc::new(self.database.connection(id, life, setup.is_newer));
        if let Some(roll_out) = &self.schedule.roll_out {
            register = Arc::new(Sealed { register, keys: roll_out.seal(id, self.world.now()).into() });
        }
        Fleet {
            register,
            clock: Arc::new(NodeClock::new(self.world.clone(), self.start, setup.offset, setup.rate)),
            settings: Settings {
                lease: setup.lease,
                grace: setup.grace,
                refresh_deadline: setup.refresh_deadline,
                max_retries: 2,
                store_deadline: Duration::from_secs(2),
                // Two containers of one host look alike.
                owner: format!("host {}", id / 2).into(),
                switches: self.switches,
            },
        }
    }

    fn running(&self, id: NodeId) -> Option<Arc<Node>> {
        self.places.lock()[id].running.clone()
    }

    fn alive(&self) -> Vec<(NodeId, u32)> {
        let places = self.places.lock();
        let lives = places.iter().enumerate();
        lives.filter(|(_, place)| place.running.is_some()).map(|(id, place)| (id, place.lives)).collect()
    }

    /// True while a node has a flight.
    pub(super) fn is_rotating(&self) -> bool {
        let places = self.places.lock();
        places.iter().filter_map(|place| place.running.as_ref()).any(|node| node.is_flying())
    }

    fn happen(self: &Arc<Self>, event: Event) {
        match event {
            Event::Crash { node, restart_after } => Self::crash(self, node, restart_after),
            Event::Deploy { node } => self.crash(node, Duration::from_millis(50)),
            Event::Stop { node, time } => self.stop(node, time),
            Event::RollBack { by } => self.database.roll_back(self.world.now().saturating_sub(by)),
            Event::Login { node } | Event::Logout { node } => {
                let Some(running) = self.running(node) else { return };
                let tokens = matches!(event, Event::Login { .. }).then(|| self.server.login());
                self.world.spawn(Owner::Node(node), running.login(tokens));
            }
        }
    }

    /// The node's process ends, and another one starts later.
    pub(super) fn crash(self: &Arc<Self>, id: NodeId, restart_after: Duration) {
        if self.places.lock()[id].running.take().is_none() {
            return;
        }
        self.world.note(|| format!("node {id} crashes"));
        self.world.crash(id);
        let cluster = Arc::clone(self);
        self.world.spawn(Owner::World, async move {
            cluster.world.sleep(restart_after).await;
            cluster.start(id);
        });
    }

    pub(super) fn stop(&self, id: NodeId, time: Duration) {
        if self.running(id).is_none() {
            return;
        }
        self.world.note(|| format!("node {id} is stopped for {:.3}", time.as_secs_f64()));
        self.world.stop(id);
        let world = self.world.clone();
        self.world.spawn(Owner::World, async move {
            world.sleep(time).await;
            world.note(|| format!("node {id} goes on"));
            world.resume(id);
        });
    }
}
