//! The limit of requests that wait for a rotation (`queue.max`). Without it they would fill the memory while the
//! authorization server is down.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;

#[derive(Debug)]
pub struct WaitingLimit {
    max: usize,
    len: AtomicUsize,
    peak: AtomicUsize,
}

/// One request that waits, until it is dropped.
#[derive(Debug)]
pub struct Waiting<'a>(&'a WaitingLimit);

impl WaitingLimit {
    pub fn new(max: usize) -> Self {
        Self { max, len: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }

    pub fn enter(&self) -> Result<Waiting<'_>, Error> {
        let len = self.len.fetch_add(1, Ordering::AcqRel) + 1;
        let waiting = Waiting(self);
        if len > self.max {
            return Err(Error::QueueFull { max: self.max });
        }
        self.peak.fetch_max(len, Ordering::AcqRel);
        Ok(waiting)
    }

    pub fn count(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Acquire)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.len.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
