//! A request body that JavaScript makes while it is sent. `lib/body/uploads.js` is its other half: it is told to open, to go
//! on and to stop, and feeds chunks through the port.
//!
//! Invariant: no more than [`ROOM`] and one chunk wait here for the network.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::Stream;
use napi_derive::napi;

use super::call::Arg;
use super::queue::Queue;
use engine::error::Error;
use engine::http::body::outgoing::{Chunks, Source};

const ROOM: usize = 256 * 1024;

/// A streamed body as `lib/body/uploads.js` announces it.
#[napi(object, object_to_js = false)]
pub struct NativeSource {
    /// What `lib/body/uploads.js` knows it by.
    pub number: u32,
    /// Bytes; absent if it is not known.
    pub length: Option<f64>,
    /// Whether it can be opened again.
    pub replayable: bool,
}

pub(super) struct Upload {
    queue: Arc<Queue>,
    source: NativeSource,
    opened: AtomicBool,
    open: Mutex<Option<Arc<Channel>>>,
}

/// One opening of a body.
pub(super) struct Channel {
    number: u32,
    queue: Arc<Queue>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Bytes>,
    size: usize,
    end: Option<Result<(), Error>>,
    /// JavaScript waits to be told that there is room.
    paused: bool,
    stopped: bool,
    reader: Option<Waker>,
}

impl Upload {
    pub(super) fn new(queue: Arc<Queue>, source: NativeSource) -> Self {
        Self { queue, source, opened: AtomicBool::new(false), open: Mutex::default() }
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Channel>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Upload {
    fn open(&self) -> Option<Chunks> {
        if self.opened.swap(true, Ordering::Relaxed) && !self.source.replayable {
            return None;
        }
        let channel = self.queue.open_upload(self.source.number);
        *self.current() = Some(Arc::clone(&channel));
        Some(Box::pin(Reader(channel)))
    }

    fn is_fresh(&self) -> bool {
        self.source.replayable || !self.opened.load(Ordering::Relaxed)
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size that JavaScript can hold"
    )]
    fn length(&self) -> Option<u64> {
        self.source.length.map(|length| length as u64)
    }

    fn failure(&self) -> Option<Error> {
        let channel = self.current().clone()?;
        let state = channel.state();
        state.end.clone().and_then(Result::err)
    }

    fn stop(&self) {
        if let Some(channel) = self.current().take() {
            channel.stop();
        }
    }
}

impl Channel {
    pub(super) fn new(queue: Arc<Queue>, number: u32) -> Self {
        Self { number, queue, state: Mutex::default() }
    }

    /// Whether there is room for more; otherwise JavaScript is told when there is.
    pub(super) fn feed(&self, chunk: Bytes) -> bool {
        let mut state = self.state();
        if state.stopped {
            return false;
        }
        state.size += chunk.len();
        state.chunks.push_back(chunk);
        state.paused = state.size >= ROOM;
        let room = !state.paused;
        state.wake_reader();
        room
    }

    pub(super) fn end(&self, end: Result<(), Error>) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        state.wake_reader();
    }

    /// Nobody reads it any more.
    fn stop(&self) {
        let running = {
            let mut state = self.state();
            state.wake_reader();
            state.chunks.clear();
            !std::mem::replace(&mut state.stopped, true) && state.end.is_none()
        };
        self.queue.close_upload(self.number);
        if running {
            self.queue.tell(0, "stopUpload", vec![Arg::Number(f64::from(self.number))]);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// What hyper reads.
struct Reader(Arc<Channel>);

impl Stream for Reader {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.state();
        if state.stopped {
            // Not its end: what was sent so far must not pass for the whole.
            return Poll::Ready(Some(Err(Error::Aborted)));
        }
        if let Some(chunk) = state.chunks.pop_front() {
            state.size -= chunk.len();
            let resume = state.paused && state.size < ROOM / 2;
            state.paused &= !resume;
            drop(state);
            if resume {
                self.0.queue.tell(0, "resumeUpload", vec![Arg::Number(f64::from(self.0.number))]);
            }
            return Poll::Ready(Some(Ok(chunk)));
        }
        match &state.end {
            Some(Ok(())) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error.clone()))),
            None => {
                state.reader = Some(cx.waker().clone());
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
