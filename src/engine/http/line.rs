//! The line of a connection, by which it can be cut from outside.
//!
//! A server may answer before it has read all of a request, and read no further. hyper then goes on writing to a socket
//! that nobody empties, for as long as the system lets it. Invariant: only a line with an answered request is cut, and
//! only if what was to be sent on it is not all out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// A clone is the same line.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<State>);

#[derive(Default)]
struct State {
    cut: AtomicBool,
    connection: AtomicWaker,
}

impl Line {
    pub(super) fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.0.connection.wake();
    }

    /// Whether the line holds; if not now, the task is woken when it breaks.
    pub(super) fn check(&self, cx: &Context<'_>) -> io::Result<()> {
        self.0.connection.register(cx.waker());
        if self.0.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

/// Whether all of a request's body was given to its connection. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<AtomicBool>);

impl Progress {
    pub(super) fn complete(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An answered request whose body may still be on its way: dropped, it is not.
pub struct Unsent {
    progress: Progress,
    line: Line,
}

impl Unsent {
    pub(super) fn new(progress: Progress, line: Line) -> Self {
        Self { progress, line }
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if !self.progress.0.load(Ordering::Relaxed) {
            self.line.cut();
        }
    }
}
