//! The one thread that the engine runs on, for all of the process's environments.
//!
//! A current-thread runtime on a thread of its own: requests are short and mostly wait, so a second worker would only
//! add hand-overs between cores (`docs/decisions/`). It starts with the first client and ends with the process.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    /// On the engine's thread: the queues whose JavaScript is woken soon.
    static DUE: RefCell<Option<Due>> = const { RefCell::new(None) };
}

/// A queue that can be told to deliver its items.
pub(crate) trait Deliver: Send + Sync {
    fn deliver(&self);
}

struct Due {
    queues: Vec<Arc<dyn Deliver>>,
    any: Arc<Notify>,
}

/// Tasks between two looks at the network. tokio's 61 would take seconds while one connection sends without end.
const NETWORK_EVERY: u32 = 16;

static JOBS: OnceLock<UnboundedSender<Job>> = OnceLock::new();

/// Starts the task that `make` makes, on the engine's thread. Tasks start in the order of these calls; a burst of them
/// wakes the thread once. `make` crosses instead of its task, because a task is larger and mostly empty until it runs. If
/// the thread could not be started, `make` is dropped.
pub(crate) fn spawn<F>(make: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let jobs = JOBS.get_or_init(start);
    // A dropped `make` drops its `Settler`, which rejects the promise.
    let _sent = jobs.send(Box::new(move || drop(tokio::spawn(make()))));
}

/// Delivers `queue` once the tasks that can run now have run. `first` is false if an earlier call asked for that. Returns
/// false on any other thread than the engine's, because no such tasks run there.
pub(crate) fn deliver_soon<Q: Deliver + 'static>(queue: &Arc<Q>, first: bool) -> bool {
    DUE.with_borrow_mut(|due| {
        let Some(due) = due else { return false };
        if first {
            due.queues.push(Arc::clone(queue) as Arc<dyn Deliver>);
            due.any.notify_one();
        }
        true
    })
}

/// An ordinary task, which runs after those that could run when it was woken. To wait until the thread is idle instead
/// would delay all answers while one connection keeps the thread busy.
async fn deliver(any: Arc<Notify>) {
    loop {
        any.notified().await;
        let due = DUE.with_borrow_mut(|due| due.as_mut().map(|due| std::mem::take(&mut due.queues)));
        for queue in due.unwrap_or_default() {
            queue.deliver();
        }
    }
}

fn start() -> UnboundedSender<Job> {
    let (sender, mut jobs) = unbounded_channel::<Job>();
    let engine = move || {
        let any = Arc::new(Notify::new());
        DUE.set(Some(Due { queues: Vec::new(), any: Arc::clone(&any) }));
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let Ok(runtime) = builder.enable_all().event_interval(NETWORK_EVERY).build() else { return };
        runtime.block_on(async move {
            tokio::spawn(deliver(any));
            while let Some(job) = jobs.recv().await {
                job();
            }
        });
    };
    // If the thread cannot start, the receiver is dropped with its closure, and every job with it.
    drop(std::thread::Builder::new().name("token-rotator".into()).spawn(engine));
    sender
}
