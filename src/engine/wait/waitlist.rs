//! Waiting in the order of arrival numbers, rather than in the order in which the waits began.
//!
//! A request that comes back to be replayed would otherwise wait behind ten thousand requests that were made after it.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use crate::wait::arrival::Arrival;

/// Plain data: the lock is its owner's, so that joining and looking are one step.
#[derive(Debug, Default)]
pub struct WaitList(BTreeMap<Arrival, oneshot::Sender<()>>);

impl WaitList {
    /// The receiver resolves when it is woken. Its owner leaves the list if it stops waiting.
    pub fn join(&mut self, number: Arrival) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        self.0.insert(number, wake);
        woken
    }

    /// Returns false if it has been woken already.
    pub fn leave(&mut self, number: Arrival) -> bool {
        self.0.remove(&number).is_some()
    }

    /// Wakes the lowest number. Returns false if nobody waits.
    pub fn wake_next(&mut self) -> bool {
        self.0.pop_first().map(|(_, wake)| wake.send(())).is_some()
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
