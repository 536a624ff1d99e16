//! Runs the tasks of several nodes on one thread, in an order that the seed decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use futures_util::future::BoxFuture;
use rand::Rng;

use super::{Moment, Owner, World};
use crate::lock::Lock;

/// A run that needs more polls of nodes' tasks has a loop that does not wait.
const MOST_POLLS: u64 = 1_000_000;

pub(crate) struct Executor {
    world: World,
    tasks: BTreeMap<u64, Task>,
    ready: Arc<Lock<BTreeSet<u64>>>,
    /// Ready tasks of stopped nodes.
    held: BTreeSet<u64>,
    polls: u64,
}

struct Task {
    owner: Owner,
    future: BoxFuture<'static, ()>,
    waker: Waker,
}

impl Task {
    fn is_stopped(&self, world: &World) -> bool {
        matches!(self.owner, Owner::Node(node) if world.is_stopped(node))
    }
}

struct TaskWaker {
    id: u64,
    ready: Arc<Lock<BTreeSet<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.lock().insert(self.id);
    }
}

impl Executor {
    pub(crate) fn new(seed: u64, traced: bool) -> Self {
        Self {
            world: World::new(seed, traced),
            tasks: BTreeMap::new(),
            ready: Arc::default(),
            held: BTreeSet::new(),
            polls: 0,
        }
    }

    pub(crate) fn world(&self) -> World {
        self.world.clone()
    }

    /// Runs until `end`. `before_poll` gets the number of each poll of a node's task, and may crash or stop nodes.
    pub(crate) fn run(&mut self, end: Moment, mut before_poll: impl FnMut(u64)) {
        loop {
            self.obey();
            let Some(id) = self.pick() else {
                if self.world.advance(end) {
                    continue;
                }
                return;
            };
            if let Some(Task { owner: Owner::Node(_), .. }) = self.tasks.get(&id) {
                assert!(self.polls < MOST_POLLS, "the nodes do not come to rest");
                before_poll(self.polls);
                self.polls += 1;
                self.obey();
            }
            self.poll(id);
        }
    }

    /// Does what tasks asked for while they ran: a task cannot drop itself.
    fn obey(&mut self) {
        let crashed = std::mem::take(&mut self.world.0.lock().crashed);
        for node in crashed {
            // Dropped without the lock, because timers of the dropped futures take it.
            self.tasks.retain(|_, task| task.owner != Owner::Node(node));
        }
        let spawned = std::mem::take(&mut self.world.0.lock().spawned);
        for (owner, future) in spawned {
            let id = self.world.number();
            let waker = Waker::from(Arc::new(TaskWaker { id, ready: Arc::clone(&self.ready) }));
            self.tasks.insert(id, Task { owner, future, waker });
            self.ready.lock().insert(id);
        }
        if !self.held.is_empty() {
            let Self { world, tasks, .. } = self;
            let is_held = |id: &u64| tasks.get(id).is_some_and(|task| task.is_stopped(world));
            let (held, resumed): (BTreeSet<u64>, BTreeSet<u64>) =
                std::mem::take(&mut self.held).into_iter().partition(is_held);
            self.held = held;
            self.ready.lock().extend(resumed);
        }
    }

    fn pick(&self) -> Option<u64> {
        let mut ready = self.ready.lock();
        let place = match ready.len() {
            0 => return None,
            1 => 0,
            several => self.world.draw(|rng| rng.random_range(0..several)),
        };
        let id = *ready.iter().nth(place)?;
        ready.remove(&id);
        Some(id)
    }

    fn poll(&mut self, id: u64) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if task.is_stopped(&self.world) {
            self.held.insert(id);
            return;
        }
        let waker = task.waker.clone();
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks.remove(&id);
        }
    }

    /// How often a task of a node was polled.
    pub(crate) fn polls(&self) -> u64 {
        self.polls
    }
}
