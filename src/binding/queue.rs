//! The way back to JavaScript: one ordered queue for each environment, drained in batches.
//!
//! Invariant: what is pushed first is delivered first. That alone gives the order of hooks: an `onRefreshed` pushed
//! before a replayed answer is delivered before it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::oneshot;

use super::call::{Arg, Call, Question, Reply};
use super::pending::Table;
use super::resolve::{Deferred, Settlement};
use super::threadsafe_function::Wake;
use super::upload::Channel;
use super::{callbacks, runtime};
use engine::error::Error;
use engine::grant::Entered;

/// Answers that wait for each other: enough to share one wake-up, few enough that JavaScript works on them while the
/// engine makes the next (measured; `docs/decisions/`).
const FULL_BATCH: usize = 16;

/// One environment's queue. Shared by its JavaScript thread and the engine.
pub(super) struct Queue {
    /// Tells environments apart; unique in the process.
    pub(super) id: u64,
    items: Mutex<Items>,
    wake: OnceLock<Arc<Wake>>,
    closed: AtomicBool,
    /// Questions that JavaScript has not answered yet, by call number.
    questions: Table<oneshot::Sender<Reply>>,
    calls: AtomicU32,
    /// How to end requests that came with a signal, by their number.
    aborts: Table<oneshot::Sender<()>>,
    /// Request bodies that JavaScript is making, by their number.
    uploads: Table<Arc<Channel>>,
}

#[derive(Default)]
struct Items {
    waiting: VecDeque<Item>,
    /// JavaScript has been woken, and drains until nothing waits.
    woken: bool,
}

pub(super) enum Item {
    Settle(Deferred, Result<Settlement, Error>),
    Call(Call),
    /// A flight begins or ends: it keeps the program running meanwhile.
    Hold(u32),
    Release(u32),
}

impl Queue {
    pub(super) fn new() -> Arc<Self> {
        static IDS: AtomicU32 = AtomicU32::new(1);
        Arc::new(Self {
            id: u64::from(IDS.fetch_add(1, Ordering::Relaxed)),
            items: Mutex::default(),
            wake: OnceLock::new(),
            closed: AtomicBool::new(false),
            questions: Table::default(),
            calls: AtomicU32::new(1),
            aborts: Table::default(),
            uploads: Table::default(),
        })
    }

    pub(super) fn attach(&self, wake: Arc<Wake>) {
        // A second one would be a second port on this queue, which the constructor rules out.
        drop(self.wake.set(wake));
    }

    pub(super) fn wake(&self) -> Option<&Wake> {
        self.wake.get().map(AsRef::as_ref)
    }

    /// Delivers `item` after all that were pushed before it. On the engine's thread JavaScript is woken once the tasks
    /// that can run have run, or when a batch is full: waking it for each answer cost a tenth of the thread's time.
    pub(super) fn push(self: &Arc<Self>, item: Item) {
        if self.closed() {
            return;
        }
        let waiting = {
            let mut items = self.items();
            items.waiting.push_back(item);
            if items.woken {
                return;
            }
            items.waiting.len()
        };
        if waiting >= FULL_BATCH || !runtime::soon(self, waiting == 1) {
            self.deliver();
        }
    }

    /// Wakes JavaScript if something waits and it has not been woken.
    pub(super) fn deliver(&self) {
        let mut items = self.items();
        if items.waiting.is_empty() || std::mem::replace(&mut items.woken, true) {
            return;
        }
        drop(items);
        if let Some(wake) = self.wake.get() {
            wake.call();
        }
    }

    pub(super) fn pop(&self) -> Option<Item> {
        let mut items = self.items();
        let next = items.waiting.pop_front();
        items.woken = next.is_some();
        next
    }

    /// Asks JavaScript something. None if its environment has ended.
    pub(super) fn ask(self: &Arc<Self>, client: u32, name: &'static str, args: Vec<Arg>) -> Option<Question> {
        if self.closed() {
            return None;
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed).max(1);
        let (sender, reply) = oneshot::channel();
        self.questions.insert(number, sender);
        let entered = Entered::default();
        self.push(Item::Call(Call { client, name, number, args, entered: entered.clone() }));
        if self.closed() {
            drop(self.questions.drain());
        }
        Some(Question { number, entered, reply })
    }

    /// Tells JavaScript something.
    pub(super) fn tell(self: &Arc<Self>, client: u32, name: &'static str, args: Vec<Arg>) {
        self.push(Item::Call(Call { client, name, number: 0, args, entered: Entered::default() }));
    }

    /// Late answers, and second ones, find nobody who waits. What JavaScript keeps for them, it may forget.
    pub(super) fn answer(self: &Arc<Self>, number: u32, reply: Reply) {
        let unheard = match self.questions.remove(number) {
            Some(waiting) => waiting.send(reply).err(),
            None => Some(reply),
        };
        if let Some(Reply::Failed { thrown, .. }) = unheard {
            drop(callbacks::kept(self, thrown));
        }
    }

    /// From now on, [`Queue::abort`] ends the request of this number.
    pub(super) fn abortable(self: &Arc<Self>, number: u32) -> Abortable {
        let (sender, aborted) = oneshot::channel();
        self.aborts.insert(number, sender);
        Abortable { queue: Arc::clone(self), number, aborted }
    }

    pub(super) fn abort(&self, number: u32) {
        if let Some(ending) = self.aborts.remove(number) {
            let _left = ending.send(());
        }
    }

    /// Has JavaScript make the body that it knows as `source`.
    pub(super) fn open_upload(self: &Arc<Self>, source: u32) -> Arc<Channel> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed).max(1);
        let channel = Arc::new(Channel::new(Arc::clone(self), number));
        self.uploads.insert(number, Arc::clone(&channel));
        self.tell(0, "openUpload", vec![Arg::Number(f64::from(source)), Arg::Number(f64::from(number))]);
        if self.closed() {
            channel.end(Err(Error::ClientClosed));
        }
        channel
    }

    pub(super) fn upload(&self, number: u32) -> Option<Arc<Channel>> {
        self.uploads.get(number)
    }

    pub(super) fn close_upload(&self, number: u32) {
        drop(self.uploads.remove(number));
    }

    /// The environment has ended: nothing is delivered any more, and nobody waits for its answers.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let left = std::mem::take(&mut self.items().waiting);
        drop(left);
        drop(self.questions.drain());
        for upload in self.uploads.drain().values() {
            upload.end(Err(Error::ClientClosed));
        }
    }

    pub(super) fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn items(&self) -> MutexGuard<'_, Items> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that [`Queue::abort`] can end, until dropped.
pub(super) struct Abortable {
    queue: Arc<Queue>,
    number: u32,
    aborted: oneshot::Receiver<()>,
}

impl Abortable {
    /// Never resolves unless the request is aborted.
    pub(super) async fn aborted(&mut self) {
        if (&mut self.aborted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Abortable {
    fn drop(&mut self) {
        drop(self.queue.aborts.remove(self.number));
    }
}
