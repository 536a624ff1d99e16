//! The one thread that the engine runs on, for all of the process's environments.
//!
//! A current-thread runtime on a thread of its own: requests are short and mostly wait, so a second worker would only
//! add hand-overs between cores (`docs/decisions/`). It starts with the first client and ends with the process.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::queue::Queue;

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    /// On the engine's thread: the queues whose JavaScript is to be woken before the thread sleeps.
    static DUE: RefCell<Option<Vec<Arc<Queue>>>> = const { RefCell::new(None) };
}

static JOBS: OnceLock<UnboundedSender<Job>> = OnceLock::new();

/// Starts the task that `make` makes, on the engine's thread. Tasks start in the order of these calls; a burst of them
/// wakes the thread once. Only what `make` holds crosses: a task is larger, and most of it empty until it runs. If the
/// thread could not be started, `make` is dropped.
pub(super) fn spawn<F>(make: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let jobs = JOBS.get_or_init(start);
    // What `make` holds says so itself if it is dropped: see `Settler`.
    let _sent = jobs.send(Box::new(move || drop(tokio::spawn(make()))));
}

/// Delivers `queue` before this thread sleeps, if `first` asks for it. False on any other thread than the engine's,
/// which never comes to rest here.
pub(super) fn at_rest(queue: &Arc<Queue>, first: bool) -> bool {
    DUE.with_borrow_mut(|due| {
        let Some(due) = due else { return false };
        if first {
            due.push(Arc::clone(queue));
        }
        true
    })
}

fn rest() {
    let due = DUE.with_borrow_mut(|due| due.as_mut().map(std::mem::take)).unwrap_or_default();
    for queue in due {
        queue.deliver();
    }
}

fn start() -> UnboundedSender<Job> {
    let (sender, mut jobs) = unbounded_channel::<Job>();
    let engine = move || {
        DUE.set(Some(Vec::new()));
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let Ok(runtime) = builder.enable_all().on_thread_park(rest).build() else { return };
        runtime.block_on(async move {
            while let Some(job) = jobs.recv().await {
                job();
            }
        });
    };
    // If the thread cannot start, the receiver is dropped with its closure, and every job with it.
    drop(std::thread::Builder::new().name("token-rotator".into()).spawn(engine));
    sender
}
