//! Virtual time, and the chance that a seed decides.
//!
//! Invariant: nothing here reads a clock or draws from another source than the seed, so that a seed repeats its run.

mod clock;
mod executor;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::lock::Lock;

pub(super) use clock::NodeClock;
pub(super) use executor::Executor;

/// Time since the world began, which no node knows.
pub(super) type Moment = Duration;
pub(super) type NodeId = usize;

/// A task of the world survives every node: a request that has left a node goes on without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    World,
    Node(NodeId),
}

/// The handle by which tasks sleep, draw, spawn, and stop nodes.
#[derive(Clone)]
pub(super) struct World(Arc<Lock<Shared>>);

struct Shared {
    now: Moment,
    /// Names tasks and timers in the order in which they were made.
    next: u64,
    rng: StdRng,
    timers: BTreeMap<(Moment, u64), Waker>,
    spawned: Vec<(Owner, BoxFuture<'static, ()>)>,
    crashed: Vec<NodeId>,
    stopped: BTreeMap<NodeId, Moment>,
    interruptions: Vec<Interruption>,
    trace: Option<Vec<String>>,
}

/// A time in which a node did not run. A crash has no end: the node that starts again is another process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interruption {
    pub(super) node: NodeId,
    pub(super) from: Moment,
    /// None: a crash.
    pub(super) until: Option<Moment>,
}

impl World {
    fn new(seed: u64, traced: bool) -> Self {
        Self(Arc::new(Lock::new(Shared {
            now: Duration::ZERO,
            next: 0,
            rng: StdRng::seed_from_u64(seed),
            timers: BTreeMap::new(),
            spawned: Vec::new(),
            crashed: Vec::new(),
            stopped: BTreeMap::new(),
            interruptions: Vec::new(),
            trace: traced.then(Vec::new),
        })))
    }

    pub(super) fn now(&self) -> Moment {
        self.0.lock().now
    }

    pub(super) fn spawn(&self, owner: Owner, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().spawned.push((owner, Box::pin(task)));
    }

    pub(super) fn sleep(&self, time: Duration) -> Sleep {
        Sleep { world: self.clone(), at: self.now() + time, id: None }
    }

    pub(super) fn draw<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().rng)
    }

    pub(super) fn chance(&self, probability: f64) -> bool {
        probability > 0.0 && self.draw(|rng| rng.random_bool(probability))
    }

    /// A time within the range, in microseconds.
    pub(super) fn between(&self, (shortest, longest): (Duration, Duration)) -> Duration {
        self.draw(|rng| rng.random_range(shortest..=longest))
    }

    /// Drops all tasks of a node, and with them its memory.
    pub(super) fn crash(&self, node: NodeId) {
        self.resume(node);
        let mut shared = self.0.lock();
        let from = shared.now;
        shared.crashed.push(node);
        shared.interruptions.push(Interruption { node, from, until: None });
    }

    /// The node's tasks are not polled until it is resumed. Its clock goes on.
    pub(super) fn stop(&self, node: NodeId) {
        let mut shared = self.0.lock();
        let now = shared.now;
        shared.stopped.entry(node).or_insert(now);
    }

    pub(super) fn resume(&self, node: NodeId) {
        let mut shared = self.0.lock();
        let until = shared.now;
        if let Some(from) = shared.stopped.remove(&node) {
            shared.interruptions.push(Interruption { node, from, until: Some(until) });
        }
    }

    fn is_stopped(&self, node: NodeId) -> bool {
        self.0.lock().stopped.contains_key(&node)
    }

    pub(super) fn interruptions(&self) -> Vec<Interruption> {
        self.0.lock().interruptions.clone()
    }

    /// Adds a line to the trace, if there is one.
    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        let mut shared = self.0.lock();
        let now = shared.now;
        if let Some(trace) = &mut shared.trace {
            trace.push(format!("{:>10.3} {}", now.as_secs_f64(), line()));
        }
    }

    pub(super) fn trace(&self) -> Vec<String> {
        self.0.lock().trace.clone().unwrap_or_default()
    }

    fn number(&self) -> u64 {
        let mut shared = self.0.lock();
        shared.next += 1;
        shared.next
    }

    /// Goes to the next timer. False: there is none before `end`.
    fn advance(&self, end: Moment) -> bool {
        let mut shared = self.0.lock();
        match shared.timers.first_key_value() {
            Some(((at, _), _)) if *at <= end => {
                let ((at, _), waker) = shared.timers.pop_first().expect("the timer that was just seen");
                shared.now = shared.now.max(at);
                waker.wake();
                true
            }
            _ => {
                shared.now = end;
                false
            }
        }
    }
}

pub(super) struct Sleep {
    world: World,
    at: Moment,
    id: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.world.now() >= this.at {
            return Poll::Ready(());
        }
        let id = *this.id.get_or_insert_with(|| this.world.number());
        this.world.0.lock().timers.insert((this.at, id), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.world.0.lock().timers.remove(&(self.at, id));
        }
    }
}
