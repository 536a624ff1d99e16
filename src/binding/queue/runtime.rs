//! The one thread that the engine runs on, for all of the process's environments.
//!
//! One thread, because a second would only add hand-overs between cores. It starts with the first client.

use std::sync::OnceLock;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Job = Box<dyn FnOnce() + Send>;

/// Tasks between two looks at the network. tokio's 61 would take seconds while one connection sends without end.
const NETWORK_EVERY: u32 = 16;

static JOBS: OnceLock<UnboundedSender<Job>> = OnceLock::new();

/// Starts the task that `make` makes, in the order of these calls; a burst of them wakes the thread once. `make` crosses,
/// because it is smaller than its task. If the thread could not be started, `make` is dropped.
pub(crate) fn spawn<F>(make: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let jobs = JOBS.get_or_init(start);
    // A dropped `make` drops its `Settler`, which rejects the promise.
    let _sent = jobs.send(Box::new(move || drop(tokio::spawn(make()))));
}

fn start() -> UnboundedSender<Job> {
    let (sender, mut jobs) = unbounded_channel::<Job>();
    let engine = move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let Ok(runtime) = builder.enable_all().event_interval(NETWORK_EVERY).build() else { return };
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
