//! Request bodies that JavaScript makes while they are sent. Rust tells `lib/body/uploads.js` to open, to go on and to stop,
//! and gets chunks from it. Invariant: no more than [`ROOM`] and one chunk wait here for the network.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use futures_util::{Stream, StreamExt};
use napi_derive::napi;

use crate::binding::queue::Queue;
use crate::binding::queue::call::Arg;
use crate::binding::queue::pending::{Counter, Pending};
use engine::error::Error;
use engine::http::WireBody;
use engine::http::body::outgoing::{Chunks, Source};
use engine::lock::Lock;

const ROOM: usize = 256 * 1024;

/// A streamed body as `lib/body/uploads.js` announces it.
#[napi(object, object_to_js = false)]
pub struct NativeSource {
    /// The number under which `lib/body/uploads.js` announced the body.
    pub number: u32,
    /// In bytes; absent if it is not known.
    pub length: Option<f64>,
    /// True if the body can be opened again.
    pub replayable: bool,
}

/// One environment's bodies that JavaScript makes at the moment.
pub(in crate::binding) struct Uploads {
    queue: Arc<Queue>,
    numbers: Counter,
    pub(in crate::binding) open: Pending<Arc<Channel>>,
}

impl Uploads {
    pub(in crate::binding) fn new(queue: Arc<Queue>) -> Arc<Self> {
        Arc::new(Self { queue, numbers: Counter::new(), open: Pending::default() })
    }

    /// Has JavaScript make the body that it knows as `source`.
    fn open(self: &Arc<Self>, source: u32) -> Arc<Channel> {
        let number = self.numbers.next();
        let (uploads, state, reader) = (Arc::clone(self), Lock::default(), AtomicWaker::new());
        let channel = Arc::new(Channel { number, uploads, state, reader });
        self.open.insert(number, Arc::clone(&channel));
        let args = vec![Arg::Number(f64::from(source)), Arg::Number(f64::from(number))];
        self.queue.notify(0, "openUpload", args);
        if self.queue.closed() {
            channel.end(Err(Error::ClientClosed));
        }
        channel
    }

    /// The environment has ended: every body fails.
    pub(in crate::binding) fn close(&self) {
        for channel in self.open.drain().values() {
            channel.end(Err(Error::ClientClosed));
        }
    }
}

/// A body, which the engine opens when it sends it.
pub(in crate::binding) struct Upload {
    uploads: Arc<Uploads>,
    source: NativeSource,
    opened: AtomicBool,
    open: Lock<Option<Arc<Channel>>>,
}

/// One opening of a body.
pub(in crate::binding) struct Channel {
    number: u32,
    uploads: Arc<Uploads>,
    state: Lock<Buffered>,
    /// Woken when the state has changed.
    reader: AtomicWaker,
}

#[derive(Default)]
struct Buffered {
    chunks: VecDeque<Bytes>,
    size: usize,
    end: Option<Result<(), Error>>,
    /// JavaScript waits for `resumeUpload`.
    paused: bool,
    stopped: bool,
}

impl Upload {
    pub(in crate::binding) fn new(uploads: Arc<Uploads>, source: NativeSource) -> Self {
        Self { uploads, source, opened: AtomicBool::new(false), open: Lock::default() }
    }
}

impl Source for Upload {
    fn open(&self) -> Option<Chunks> {
        if self.opened.swap(true, Ordering::Relaxed) && !self.source.replayable {
            return None;
        }
        let channel = self.uploads.open(self.source.number);
        *self.open.lock() = Some(Arc::clone(&channel));
        Some(Box::pin(Reader(channel)))
    }

    fn is_fresh(&self) -> bool {
        self.source.replayable || !self.opened.load(Ordering::Relaxed)
    }

    fn length(&self) -> Option<u64> {
        self.source.length.map(|length| length as u64)
    }

    fn failure(&self) -> Option<Error> {
        let channel = self.open.lock().clone()?;
        let state = channel.state.lock();
        state.end.clone().and_then(Result::err)
    }

    fn stop(&self) {
        if let Some(channel) = self.open.lock().take() {
            channel.stop();
        }
    }
}

impl Channel {
    /// Returns whether there is room for more. If not, `resumeUpload` tells JavaScript when there is.
    pub(in crate::binding) fn feed(&self, chunk: Bytes) -> bool {
        let mut state = self.state.lock();
        if state.stopped {
            return false;
        }
        state.size += chunk.len();
        state.chunks.push_back(chunk);
        state.paused = state.size >= ROOM;
        self.reader.wake();
        !state.paused
    }

    pub(in crate::binding) fn end(&self, end: Result<(), Error>) {
        self.state.lock().end.get_or_insert(end);
        self.reader.wake();
    }

    /// The rest of the body is not wanted.
    fn stop(&self) {
        let running = {
            let mut state = self.state.lock();
            state.chunks.clear();
            !std::mem::replace(&mut state.stopped, true) && state.end.is_none()
        };
        self.reader.wake();
        drop(self.uploads.open.remove(self.number));
        if running {
            self.notify("stopUpload");
        }
    }

    fn notify(&self, name: &'static str) {
        self.uploads.queue.notify(0, name, vec![Arg::Number(f64::from(self.number))]);
    }
}

/// The body of an answer that JavaScript brings.
pub(in crate::binding) fn answer_body(uploads: &Arc<Uploads>, source: NativeSource) -> WireBody {
    let chunks = Reader(uploads.open(source.number)).map(|chunk| {
        chunk.map_err(|error| match error {
            Error::Body { cause } => Error::Transport { cause, unsent: false, may_pass: true },
            error => error,
        })
    });
    WireBody::of_chunks(chunks, source.length.map(|length| length as u64))
}

/// The engine's end of a channel, which hyper reads.
struct Reader(Arc<Channel>);

impl Stream for Reader {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.state.lock();
        if state.stopped {
            // An error rather than an end, so that a server does not take the part it got for the whole.
            return Poll::Ready(Some(Err(Error::Aborted)));
        }
        if let Some(chunk) = state.chunks.pop_front() {
            state.size -= chunk.len();
            let resume = state.paused && state.size < ROOM / 2;
            state.paused &= !resume;
            drop(state);
            if resume {
                self.0.notify("resumeUpload");
            }
            return Poll::Ready(Some(Ok(chunk)));
        }
        match &state.end {
            Some(Ok(())) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error.clone()))),
            None => {
                // Under the lock, so that a change from here on wakes the reader.
                self.0.reader.register(cx.waker());
                Poll::Pending
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.stop();
    }
}
