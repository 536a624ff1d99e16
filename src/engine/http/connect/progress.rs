//! Ends a connection that brings bytes and no answer. hyper gives a chunk's size line no end: a server that sends zeros
//! for ever would have them read for as long as the request may take.
//!
//! Invariant: only the framing of one HTTP/1.1 body counts. Each part of the body begins the count again.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts since the last part of a body; 0 while there is no body.
#[derive(Default)]
pub(crate) struct Progress(AtomicUsize);

/// Reads without a part after which bytes are counted. Counting costs a copy, and hyper is up to two reads ahead of us.
const FREE_READS: usize = 8;

/// The most bytes without a part after that. A TLS record, a chunk extension or the trailers take fewer.
const MOST: usize = 128 * 1024;

impl Progress {
    /// A body begins, or a part of it has come.
    pub(crate) fn made(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// True if [`Progress::read`] has to know how many bytes were read.
    pub(crate) fn counts_bytes(&self) -> bool {
        self.0.load(Ordering::Relaxed) > FREE_READS
    }

    /// Counts a read: as 1, or with [`Progress::counts_bytes`] its bytes. An error after too many.
    pub(crate) fn read(&self, count: usize) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            // `diagnose.rs` knows chunks that are not well formed by this kind.
            before if before + count > FREE_READS + MOST => Err(io::ErrorKind::InvalidData.into()),
            before => {
                self.0.store(before + count, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}
