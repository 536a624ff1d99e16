//! How many requests wait for a rotation.
//!
//! The waiting itself is a [`crate::wait::outcome::Outcome`] of the flight; this bounds it, so that a server that is down
//! costs its callers an error rather than the process its memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;

#[derive(Debug)]
pub struct WaitingLimit {
    max: usize,
    len: AtomicUsize,
    peak: AtomicUsize,
}

/// A place in the queue, until dropped.
#[derive(Debug)]
pub struct Place<'a>(&'a WaitingLimit);

impl WaitingLimit {
    pub fn new(max: usize) -> Self {
        Self { max, len: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }

    pub fn enter(&self) -> Result<Place<'_>, Error> {
        let len = self.len.fetch_add(1, Ordering::AcqRel) + 1;
        let place = Place(self);
        if len > self.max {
            return Err(Error::QueueFull { max: self.max });
        }
        self.peak.fetch_max(len, Ordering::AcqRel);
        Ok(place)
    }

    pub fn count(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Acquire)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.len.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_one_more_than_it_holds_and_frees_a_place_that_is_left() {
        let queue = WaitingLimit::new(2);
        let first = queue.enter().unwrap();
        let _second = queue.enter().unwrap();
        assert_eq!(queue.enter().unwrap_err(), Error::QueueFull { max: 2 });
        drop(first);
        assert!(queue.enter().is_ok());
        assert_eq!((queue.count(), queue.peak()), (1, 2));
    }
}
