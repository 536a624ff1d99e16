//! Calls into JavaScript that wait for a reply.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::call::{Arg, Call, Reply};
use super::kept_errors;
use super::pending::{Counter, Pending};
use super::{Item, Queue};
use engine::grant::Entered;

/// One environment's calls that JavaScript has not replied to.
pub(crate) struct Calls {
    pub(crate) queue: Arc<Queue>,
    numbers: Counter,
    waiting: Pending<oneshot::Sender<Reply>>,
}

/// A call under way.
pub(crate) struct PendingCall {
    pub(crate) number: u32,
    /// Fired when JavaScript enters the callback.
    pub(crate) entered: Entered,
    pub(crate) reply: oneshot::Receiver<Reply>,
}

impl Calls {
    pub(crate) fn new(queue: Arc<Queue>) -> Arc<Self> {
        Arc::new(Self { queue, numbers: Counter::new(), waiting: Pending::default() })
    }

    /// Returns `None` if the environment has ended.
    pub(crate) fn call(&self, client: u32, name: &'static str, args: Vec<Arg>) -> Option<PendingCall> {
        if self.queue.closed() {
            return None;
        }
        let number = self.numbers.next();
        let (sender, reply) = oneshot::channel();
        self.waiting.insert(number, sender);
        let entered = Entered::default();
        self.queue.push(Item::Call(Call { client, name, number, args, entered: entered.clone() }));
        if self.queue.closed() {
            self.close();
        }
        Some(PendingCall { number, entered, reply })
    }

    /// A reply that is late, or a second one, is dropped, so that JavaScript forgets the value it kept for the reply.
    pub(crate) fn reply(&self, number: u32, reply: Reply) {
        let unheard = match self.waiting.remove(number) {
            Some(waiting) => waiting.send(reply).err(),
            None => Some(reply),
        };
        if let Some(Reply::Failed { kept, .. }) = unheard {
            drop(kept_errors::cause(&self.queue, kept));
        }
    }

    /// The environment has ended: every call fails.
    pub(crate) fn close(&self) {
        drop(self.waiting.drain());
    }
}
