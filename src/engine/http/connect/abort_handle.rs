//! Aborts a connection from outside of the task that reads and writes it.
//!
//! A server may answer before it has read all of a request, or never answer, and read no further. hyper then goes on
//! writing to a socket that is never emptied, for as long as the system allows. Invariant: a connection is aborted only if
//! its request was answered or given up, and only if part of that request is still unsent.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

/// A clone aborts the same connection.
#[derive(Clone, Default)]
pub(crate) struct AbortHandle(Arc<State>);

#[derive(Default)]
struct State {
    aborted: AtomicBool,
    connection: AtomicWaker,
}

impl AbortHandle {
    pub(crate) fn abort(&self) {
        self.0.aborted.store(true, Ordering::Release);
        self.0.connection.wake();
    }

    /// Passes the result of a read or write through if it is ready; turns a pending one into `ConnectionAborted` once
    /// [`abort`](Self::abort) was called.
    pub(crate) fn guard<T>(&self, result: Poll<io::Result<T>>, cx: &Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            return result;
        }
        self.0.connection.register(cx.waker());
        if self.0.aborted.load(Ordering::Acquire) {
            Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
        } else {
            Poll::Pending
        }
    }
}
