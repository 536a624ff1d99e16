//! The line of a connection, by which it can be cut from outside.
//!
//! A server may answer before it has read all of a request, or never answer, and read no further. hyper then goes on
//! writing to a socket that nobody empties, for as long as the system lets it. Invariant: only a line with a request
//! that was answered or given up is cut, and only if what was to be sent on it is not all out.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use http::{Extensions, Request};
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

/// A clone is the same line.
#[derive(Clone, Default)]
pub(crate) struct AbortHandle(Arc<State>);

#[derive(Default)]
struct State {
    cut: AtomicBool,
    connection: AtomicWaker,
}

impl AbortHandle {
    pub(crate) fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.0.connection.wake();
    }

    /// What `done`, which was read or written, comes to: as long as it has to wait, the line may break.
    pub(crate) fn hold<T>(&self, done: Poll<io::Result<T>>, cx: &Context<'_>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            return done;
        }
        self.0.connection.register(cx.waker());
        if self.0.cut.load(Ordering::Acquire) {
            Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
        } else {
            Poll::Pending
        }
    }
}

/// How much of a request's body was given to its connection. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Progress(Arc<AtomicU8>);

impl Progress {
    pub(crate) fn complete(&self) {
        self.0.store(COMPLETE, Ordering::Relaxed);
    }

    /// Whether nobody wants the rest.
    pub(crate) fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == STOPPED
    }

    /// Whether there is a rest, which nobody wants.
    fn stop(&self) -> bool {
        self.0.compare_exchange(UNDER_WAY, STOPPED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

const UNDER_WAY: u8 = 0;
const COMPLETE: u8 = 1;
const STOPPED: u8 = 2;

/// A request whose body may still be on its way: dropped, it is not.
pub struct Unsent {
    progress: Progress,
    connection: CaptureConnection,
}

impl Unsent {
    pub(crate) fn new<B>(progress: Progress, request: &mut Request<B>) -> Self {
        Self { progress, connection: capture_connection(request) }
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if !self.progress.stop() {
            return;
        }
        let connection = self.connection.connection_metadata();
        // An HTTP/2 connection has other streams on it, and an end for each: see `Outgoing`.
        if let Some(connection) = connection.as_ref().filter(|connection| !connection.is_negotiated_h2()) {
            let mut extras = Extensions::new();
            connection.get_extras(&mut extras);
            if let Some(line) = extras.get::<AbortHandle>() {
                line.cut();
            }
        }
    }
}
