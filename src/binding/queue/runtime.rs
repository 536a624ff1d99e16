//! The one thread that the engine runs on, for all of the process's environments.
//!
//! One thread, because a second would only add hand-overs between cores. It starts with the first client.

use std::io;
use std::sync::OnceLock;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use engine::error::Error;
use engine::fault::Fault;

type Job = Box<dyn FnOnce() + Send>;

/// The way to the engine's thread.
pub(crate) struct Engine(UnboundedSender<Job>);

/// Tasks between two looks at the network. tokio's 61 would take seconds while one connection sends without end.
const NETWORK_EVERY: u32 = 16;

/// Starts the engine's thread if it does not run. If the system has no thread to spare, the next call tries again.
pub(crate) fn engine() -> Result<&'static Engine, Error> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let none = |_| Error::Network { subject: "the network".into(), fault: Fault::NoThread };
    let started = Engine::start().map_err(none)?;
    // The threads of two environments that start at once: the one that is dropped here ends.
    Ok(ENGINE.get_or_init(|| started))
}

impl Engine {
    /// Starts the task that `make` makes, in the order of these calls; a burst of them wakes the thread once. `make` crosses,
    /// because it is smaller than its task.
    pub(crate) fn spawn<F>(&self, make: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let _sent = self.0.send(Box::new(move || drop(tokio::spawn(make()))));
    }

    fn start() -> io::Result<Self> {
        let (sender, mut jobs) = unbounded_channel::<Job>();
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().event_interval(NETWORK_EVERY).build()?;
        std::thread::Builder::new().name("token-rotator".into()).spawn(move || {
            runtime.block_on(async move {
                while let Some(job) = jobs.recv().await {
                    job();
                }
            });
        })?;
        Ok(Self(sender))
    }
}
