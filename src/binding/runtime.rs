//! The one thread that the engine runs on, for all of the process's environments.
//!
//! A current-thread runtime on a thread of its own: requests are short and mostly wait, so a second worker would only
//! add hand-overs between cores (`docs/decisions/`). It starts with the first client and ends with the process.

use std::sync::OnceLock;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Job = Box<dyn FnOnce() + Send>;

static JOBS: OnceLock<UnboundedSender<Job>> = OnceLock::new();

/// Starts `task` on the engine's thread. Tasks start in the order of these calls; a burst of them wakes the thread
/// once. False if the thread could not be started: then the task was dropped.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> bool {
    let jobs = JOBS.get_or_init(start);
    jobs.send(Box::new(move || drop(tokio::spawn(task)))).is_ok()
}

fn start() -> UnboundedSender<Job> {
    let (sender, mut jobs) = unbounded_channel::<Job>();
    let engine = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async move {
            while let Some(job) = jobs.recv().await {
                job();
            }
        });
    };
    // If the thread cannot start, the receiver is dropped with its closure, and every send says so.
    drop(std::thread::Builder::new().name("token-rotator".into()).spawn(engine));
    sender
}
