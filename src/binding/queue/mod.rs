//! The way back to JavaScript: one ordered queue for each environment, drained in batches.
//!
//! Invariant: what is pushed first is delivered first. That alone gives the order of hooks: an `onRefreshed` pushed
//! before a replayed answer is delivered before it.

pub(crate) mod ahead;
pub(crate) mod call;
pub(crate) mod kept_errors;
pub(crate) mod pending;
pub(crate) mod runtime;
pub(crate) mod threadsafe_function;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use self::ahead::Ahead;
use self::call::{Arg, Call, PendingCall, Reply};
use self::pending::{Counter, Pending};
use self::threadsafe_function::ThreadsafeFunction;
use crate::binding::changes::Changes;
use crate::binding::values::Settlement;
use crate::binding::values::napi_value::Deferred;
use engine::error::Error;
use engine::grant::{Entered, Permit};
use engine::lock::Lock;

/// Items that wait for each other: enough to share one wake-up, few enough that JavaScript works on them while the
/// engine makes the next (measured; `docs/decisions/`).
const FULL_BATCH: usize = 16;

/// The queues of all environments of the process.
static ALL: Lock<Vec<Weak<Queue>>> = Lock::new(Vec::new());

/// One environment's queue. Its JavaScript thread and the engine share it.
pub(crate) struct Queue {
    /// Tells environments apart; unique in the process.
    pub(crate) id: u64,
    items: Lock<Items>,
    /// Has JavaScript drain the queue.
    pub(crate) pump: Arc<ThreadsafeFunction>,
    closed: AtomicBool,
    pub(crate) ahead: Arc<Ahead>,
    /// Calls that JavaScript has entered and not replied to.
    pub(crate) replies: Pending<oneshot::Sender<Reply>>,
    /// Of registers with a `watch`, by the number of their client's callbacks.
    pub(crate) changes: Pending<Arc<Changes>>,
}

#[derive(Default)]
struct Items {
    waiting: VecDeque<Item>,
    /// JavaScript was woken and drains until the queue is empty.
    woken: bool,
    /// JavaScript is in the call that was popped last.
    calling: bool,
}

pub(crate) enum Item {
    Settle(Deferred, Result<Settlement, Error>),
    Call(Call),
    /// The program keeps running until the matching `FlightEnds`.
    FlightBegins,
    FlightEnds,
}

impl Queue {
    pub(crate) fn new(pump: Arc<ThreadsafeFunction>) -> Arc<Self> {
        static IDS: Counter = Counter::new();
        let id = u64::from(IDS.next());
        let (closed, ahead) = (AtomicBool::new(false), Arc::default());
        let (items, replies, changes) = (Lock::default(), Pending::default(), Pending::default());
        let queue = Arc::new(Self { id, items, pump, closed, ahead, replies, changes });
        let mut all = ALL.lock();
        all.retain(|queue| queue.strong_count() > 0);
        all.push(Arc::downgrade(&queue));
        queue
    }

    /// Delivers `item` after all that were pushed before it. The engine's thread wakes JavaScript after the tasks that can
    /// run now, or when a batch is full: waking it for each item cost a tenth of the thread's time.
    pub(crate) fn push(self: &Arc<Self>, item: Item) {
        let waiting = {
            let mut items = self.items.lock();
            // Under the lock, because `close` drops only items that it finds.
            if self.closed() {
                drop(items);
                return drop(item);
            }
            if let Item::Call(_) = item {
                self.ahead.enter();
            }
            items.waiting.push_back(item);
            if items.woken {
                return;
            }
            items.waiting.len()
        };
        match Handle::try_current() {
            Ok(engine) if waiting < FULL_BATCH => {
                if waiting == 1 {
                    let queue = Arc::clone(self);
                    drop(engine.spawn(async move { queue.deliver() }));
                }
            }
            _ => self.deliver(),
        }
    }

    /// Wakes JavaScript if an item waits and JavaScript was not woken before.
    fn deliver(&self) {
        let mut items = self.items.lock();
        if items.waiting.is_empty() || std::mem::replace(&mut items.woken, true) {
            return;
        }
        drop(items);
        self.pump.call();
    }

    pub(crate) fn pop(&self) -> Option<Item> {
        let mut items = self.items.lock();
        // Not before the call has returned: a hook's own call would be answered before those that are settled with it.
        if std::mem::take(&mut items.calling) {
            self.ahead.leave();
        }
        let next = items.waiting.pop_front();
        items.woken = next.is_some();
        items.calling = matches!(next, Some(Item::Call(_)));
        next
    }

    /// Calls JavaScript. If the environment ends before the reply, no reply comes and the receiver says so.
    pub(crate) fn call(self: &Arc<Self>, client: u32, name: &'static str, args: Vec<Arg>) -> PendingCall {
        self.call_with(client, name, args, Permit::default())
    }

    /// [`Queue::call`], unless the permit is lost before JavaScript comes to it. Then nothing is called, and the reply says so.
    pub(crate) fn call_with(
        self: &Arc<Self>,
        client: u32,
        name: &'static str,
        args: Vec<Arg>,
        permit: Permit,
    ) -> PendingCall {
        static NUMBERS: Counter = Counter::new();
        let (reply, receiver) = oneshot::channel();
        let (number, entered) = (NUMBERS.next(), Entered::default());
        let call = Call { client, name, number, args, permit, entered: entered.clone(), reply: Some(reply) };
        self.push(Item::Call(call));
        PendingCall { number, entered, reply: receiver }
    }

    /// Calls JavaScript without waiting for a reply.
    pub(crate) fn notify(self: &Arc<Self>, client: u32, name: &'static str, args: Vec<Arg>) {
        self.push(Item::Call(Call::notice(client, name, args)));
    }

    /// The environment has ended: nothing is delivered any more, and no reply comes.
    pub(crate) fn close(&self) {
        let left = {
            let mut items = self.items.lock();
            self.closed.store(true, Ordering::Release);
            std::mem::take(&mut items.waiting)
        };
        // After the lock is released, because the drop of a kept error calls JavaScript.
        drop(left);
        drop(self.replies.drain());
    }

    /// The process ends, and with it every environment.
    pub(crate) fn close_all() {
        let all = std::mem::take(&mut *ALL.lock());
        for queue in all.iter().filter_map(Weak::upgrade) {
            queue.close();
        }
    }

    pub(crate) fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
