//! Places on the wire: a limit of requests at once. The next place goes to the request with the lowest arrival number.
//!
//! Invariant: while a request waits, no place is free.

use crate::lock::Lock;
use crate::wait::arrival::Arrival;
use crate::wait::waitlist::WaitList;

#[derive(Debug)]
pub struct Gate(Lock<Line>);

#[derive(Debug)]
struct Line {
    free: usize,
    waiting: WaitList,
}

impl Line {
    fn take(&mut self) -> bool {
        let free = self.free > 0;
        self.free -= usize::from(free);
        free
    }
}

/// A place on the wire, until it is dropped.
#[derive(Debug)]
pub struct Place<'a>(&'a Gate);

impl Gate {
    pub fn new(places: usize) -> Self {
        Self(Lock::new(Line { free: places.max(1), waiting: WaitList::default() }))
    }

    /// Returns a place if one is free.
    pub fn try_enter(&self) -> Option<Place<'_>> {
        self.0.lock().take().then(|| Place(self))
    }

    pub async fn enter(&self, number: Arrival) -> Place<'_> {
        let given = {
            let mut line = self.0.lock();
            if line.take() {
                return Place(self);
            }
            line.waiting.join(number)
        };
        let waiter = Waiter { gate: self, number };
        // Never an error: the list keeps the sender until a place comes with it.
        let _given = given.await;
        waiter.admitted()
    }

    fn leave(&self) {
        let mut line = self.0.lock();
        // A request that has left meanwhile hands the place on: see `Waiter`.
        if !line.waiting.wake_next() {
            line.free += 1;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Waits in the list until it is admitted or dropped.
struct Waiter<'a> {
    gate: &'a Gate,
    number: Arrival,
}

impl<'a> Waiter<'a> {
    fn admitted(self) -> Place<'a> {
        let gate = self.gate;
        std::mem::forget(self);
        Place(gate)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let given = !self.gate.0.lock().waiting.leave(self.number);
        if given {
            self.gate.leave();
        }
    }
}

#[cfg(test)]
mod tests;
