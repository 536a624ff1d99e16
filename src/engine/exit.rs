//! The exit of the process waits for what must be stored first. Without this wait the exit would lose tokens that have just
//! come from the server.
//!
//! Work takes a [`Hold`]; the program's last thread calls [`wait`]. The work goes on in the engine's thread meanwhile.

use std::collections::BTreeMap;
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock;

/// A pause that the exit waits for is no longer than this.
const SHORT_PAUSE: Duration = Duration::from_millis(50);

static PROCESS: LazyLock<Exit> = LazyLock::new(Exit::default);

/// One process, with what its exit waits for.
#[derive(Default)]
struct Exit {
    /// How many pieces of work are under way, by how long the exit waits for each.
    held: Mutex<BTreeMap<Duration, usize>>,
    released: Condvar,
    begun: CancellationToken,
}

/// The exit waits while this value lives, for the time that was given at most.
#[derive(Debug)]
pub struct Hold(Duration);

/// The exit does not wait for the [`Hold`] while this value lives.
#[derive(Debug)]
pub struct Idle<'a>(&'a Hold);

/// None: the time is zero, so that the exit does not wait.
pub fn hold(time: Duration) -> Option<Hold> {
    (!time.is_zero()).then(|| {
        PROCESS.add(time);
        Hold(time)
    })
}

/// True if the exit would wait now.
pub fn is_held() -> bool {
    PROCESS.is_held()
}

/// Blocks until nothing is held any more, or until each time has passed. Nothing else may be left to do on this thread.
pub fn wait() {
    PROCESS.wait();
}

/// Cancelled once the exit waits: work that begins then may not be finished.
pub fn begun() -> CancellationToken {
    PROCESS.begun.clone()
}

/// A pause before something is tried again. It is shorter once the exit waits.
pub async fn pause(time: Duration) {
    tokio::select! {
        biased;
        () = tokio::time::sleep(time) => {}
        () = async {
            PROCESS.begun.cancelled().await;
            tokio::time::sleep(SHORT_PAUSE).await;
        } => {}
    }
}

impl Hold {
    /// For work that waits for others and has nothing to lose meanwhile.
    pub fn idle(&self) -> Idle<'_> {
        PROCESS.remove(self.0);
        Idle(self)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        PROCESS.remove(self.0);
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        PROCESS.add(self.0.0);
    }
}

impl Exit {
    fn add(&self, time: Duration) {
        *self.held().entry(time).or_default() += 1;
    }

    fn remove(&self, time: Duration) {
        let mut held = self.held();
        if let Some(count) = held.get_mut(&time) {
            *count -= 1;
            if *count == 0 {
                held.remove(&time);
            }
        }
        drop(held);
        self.released.notify_all();
    }

    fn is_held(&self) -> bool {
        !self.held().is_empty()
    }

    fn wait(&self) {
        self.begun.cancel();
        let begun = clock::now();
        let mut held = self.held();
        while let Some((&longest, _)) = held.last_key_value() {
            let left = longest.saturating_sub(clock::now() - begun);
            if left.is_zero() {
                return;
            }
            let waited = self.released.wait_timeout(held, left);
            held = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<Duration, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(crate) mod tests;
