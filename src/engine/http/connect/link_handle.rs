//! Steers a connection from outside of the task that reads and writes it: aborts it, or limits how long it may rest.
//!
//! A server may answer before it has read all of a request, or never answer, and read no further. hyper then goes on
//! writing to a socket that is never emptied, for as long as the system allows. Invariants: a connection is aborted only if
//! its request was answered or given up, and only if part of that request is still unsent. A limit ends a connection only
//! between an answer and the next request.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;

use crate::clock::{self, Instant};
use crate::http::connect::progress::Progress;

/// A clone steers the same connection.
#[derive(Clone, Default)]
pub(crate) struct LinkHandle(Arc<State>);

#[derive(Default)]
struct State {
    aborted: AtomicBool,
    connection: AtomicWaker,
    refused: AtomicBool,
    /// How often the connection was written to.
    writes: AtomicU64,
    /// `writes` when the connection began to rest; 0 if it never did. After another write the two differ, so a late word
    /// about an old answer does not end the connection under the next request.
    resting: AtomicU64,
    /// The rest began before all of the answer was read, so that what arrives may belong to it.
    unread: AtomicBool,
    limit_ms: AtomicU64,
    endings: OnceLock<Endings>,
    progress: Progress,
}

/// The rest that a connection may take after an answer.
pub(crate) struct Rest {
    link: LinkHandle,
    writes: u64,
    limit: Duration,
}

/// An origin's connections, as far as they have shown how its server ends them. A clone is the same memory.
#[derive(Clone, Default)]
pub(crate) struct Endings(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    trial: Trial,
    /// When a connection last ended that rested or carried a request, without an announcement.
    last_end: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
enum Trial {
    /// No connection has rested yet.
    #[default]
    ToCome,
    Until(Instant),
    Over,
}

/// How soon after an answer an end tells something about the next connections, and for how long. Short, because a server
/// that restarts ends its connections too, and must not get a new one for each request for long.
const SOON: Duration = Duration::from_secs(1);

/// A server that ends connections with its answers does so within a millisecond, and needs some more while it is cold or
/// busy. Without a trial `npm run bench:lost` lost the first request of each connection that was opened at the start.
const TRIAL: Duration = Duration::from_millis(5);

impl LinkHandle {
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

    /// The answer that is about to be given out must not be: it leaves open where it ends.
    pub(crate) fn refuse(&self) {
        self.0.refused.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Of the body that the connection carries; HTTP/2 carries many, and does not use it.
    pub(crate) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    pub(crate) fn wrote(&self) {
        self.0.writes.fetch_add(1, Ordering::Relaxed);
    }

    /// A rest of at most `limit`, and of none if the server has ended another connection just now. To be called when the
    /// head of an answer has arrived.
    pub(crate) fn rest(&self, limit: Duration, endings: Endings) -> Rest {
        let limit = if endings.are_recent() { Duration::ZERO } else { limit };
        let _same = self.0.endings.set(endings);
        Rest { link: self.clone(), writes: self.0.writes.load(Ordering::Relaxed), limit }
    }

    /// True if the connection, last read at `read`, has rested for as long as it may.
    pub(crate) fn has_rested(&self, read: Instant) -> bool {
        self.rests()
            && clock::now().saturating_duration_since(read)
                >= Duration::from_millis(self.0.limit_ms.load(Ordering::Relaxed))
    }

    /// Something has arrived now, and the time before was `before`. Between two requests that is the end of the connection,
    /// or bytes after which it must end.
    pub(crate) fn arrived(&self, before: Instant, now: Instant) {
        if self.rests()
            && !self.0.unread.load(Ordering::Relaxed)
            && now.saturating_duration_since(before) < SOON
            && let Some(endings) = self.0.endings.get()
        {
            endings.ended(now);
        }
    }

    fn rests(&self) -> bool {
        let resting = self.0.resting.load(Ordering::Relaxed);
        resting != 0 && resting == self.0.writes.load(Ordering::Relaxed)
    }
}

impl Endings {
    pub(crate) fn ended(&self, now: Instant) {
        self.seen().last_end = Some(now);
    }

    /// How long the next request waits, so that a server which ends its connections shows it before a request is lost. Only
    /// during the [`TRIAL`] after the origin's first answer.
    pub(crate) fn trial(&self) -> Option<Duration> {
        let mut seen = self.seen();
        let Trial::Until(end) = seen.trial else { return None };
        let left = end.checked_duration_since(clock::now()).filter(|left| !left.is_zero());
        if left.is_none() {
            seen.trial = Trial::Over;
        }
        left
    }

    fn rested(&self) {
        let mut seen = self.seen();
        if let Trial::ToCome = seen.trial {
            seen.trial = Trial::Until(clock::now() + TRIAL);
        }
    }

    fn are_recent(&self) -> bool {
        let last = self.seen().last_end;
        last.is_some_and(|last| clock::now().saturating_duration_since(last) < SOON)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
    /// Begins the rest. To be called when the answer is complete, or when nobody reads on: hyper may find the rest of it in
    /// its buffer, and keeps the connection then. False if the connection closes at once, though hyper may not know that
    /// yet.
    pub(crate) fn begin(self, is_complete: bool) -> bool {
        let state = &self.link.0;
        state.unread.store(!is_complete, Ordering::Relaxed);
        state.limit_ms.store(u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        state.resting.store(self.writes, Ordering::Relaxed);
        if let Some(endings) = state.endings.get() {
            endings.rested();
        }
        if self.limit.is_zero() {
            state.connection.wake();
        }
        !self.limit.is_zero() || !self.link.rests()
    }
}
