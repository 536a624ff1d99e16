//! A response body on its way to JavaScript. The engine reads up to [`AHEAD`] of it before JavaScript asks.
//!
//! Invariant: a body that JavaScript drops or cancels is read no further, and its connection is closed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use napi::{Env, Result};
use napi_derive::napi;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::binding::promise::{Promises, Settler};
use crate::binding::queue::runtime;
use crate::binding::values::Settlement;
use crate::binding::values::napi_value::{Js, Scope};
use crate::binding::values::native_answer::NativeBody;
use engine::error::Error;
use engine::http::Download as EngineDownload;
use engine::lock::Lock;

/// Enough that the two threads need not wait for each other, and little enough that V8 has no large buffers to collect.
const AHEAD: usize = 128 * 1024;

#[napi]
pub struct Download {
    /// Empty after the first `read` or `collect`.
    unread: RefCell<Option<Box<EngineDownload>>>,
    inbox: Arc<Inbox>,
    promises: Rc<Promises>,
}

#[derive(Default)]
struct Inbox {
    state: Lock<ReadAhead>,
    /// Notified when JavaScript has taken the parts.
    room: Notify,
    /// Cancelled when JavaScript drops the body.
    dropped: CancellationToken,
}

/// Parts that were read and not asked for, or the settler of a `read` that waits for a part.

#[derive(Default)]
struct ReadAhead {
    parts: VecDeque<Bytes>,
    size: usize,
    end: Option<std::result::Result<(), Error>>,
    waiting: Option<Settler>,
}

impl Download {
    pub(in crate::binding) fn new(engine: Box<EngineDownload>, promises: Rc<Promises>) -> Self {
        Self { unread: RefCell::new(Some(engine)), inbox: Arc::default(), promises }
    }
}

#[napi]
impl Download {
    /// Returns the next part, or its promise if the part has not arrived; null at the end. One read at a time.
    #[napi(catch_unwind, ts_return_type = "Buffer | null | Promise<Buffer | null>")]
    pub fn read(&self, env: &Env) -> Result<Js> {
        // The engine runs, because it has made the body.
        if let (Some(body), Ok(engine)) = (self.unread.take(), runtime::engine()) {
            let inbox = Arc::clone(&self.inbox);
            engine.spawn(move || async move {
                inbox.dropped.run_until_cancelled(inbox.fill(body)).await;
            });
        }
        if let Some(Ok(parts)) = self.inbox.take() {
            return Scope::of(*env).chunk(&parts);
        }
        // The promise of an error is rejected at once, because an error stays in the inbox.
        let (settler, promise) = self.promises.pending(env)?;
        self.inbox.wait(settler);
        Ok(promise)
    }

    /// To be called before anything is read. The body has to be complete after so many milliseconds, or else after the
    /// request's timeout, also if it is read part by part.
    #[napi(catch_unwind)]
    pub fn complete_within(&self, milliseconds: Option<u32>) {
        if let Some(engine) = self.unread.borrow_mut().as_mut() {
            engine.complete_within(milliseconds.map(|ms| Duration::from_millis(ms.into())));
        }
    }

    /// Returns the whole body, if nothing was read before: a string if it is pure ASCII, null if it is empty.
    #[napi(catch_unwind, ts_return_type = "Promise<string | Buffer | null>")]
    pub fn collect(&self, env: &Env) -> Result<Js> {
        let engine = self.unread.take();
        let inbox = Arc::clone(&self.inbox);
        self.promises.of(env, move || async move {
            let engine = engine.ok_or(Error::Internal)?;
            let body = inbox.dropped.run_until_cancelled(engine.collect()).await;
            body.unwrap_or(Err(Error::Aborted)).map(NativeBody::new).map(Settlement::Body)
        })
    }

    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        drop(self.unread.take());
        self.inbox.leave();
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.inbox.leave();
    }
}

impl Inbox {
    /// Reads until the end.
    async fn fill(&self, mut engine: Box<EngineDownload>) {
        loop {
            let chunk = engine.chunk().await;
            let more = matches!(chunk, Ok(Some(_)));
            self.put(chunk);
            if !more {
                return;
            }
            while self.state.lock().size >= AHEAD {
                self.room.notified().await;
            }
        }
    }

    fn put(&self, chunk: std::result::Result<Option<Bytes>, Error>) {
        let mut state = self.state.lock();
        match chunk {
            Ok(Some(bytes)) => {
                state.size += bytes.len();
                state.parts.push_back(bytes);
            }
            Ok(None) => state.end = Some(Ok(())),
            Err(error) => state.end = Some(Err(error)),
        }
        state.serve();
    }

    fn take(&self) -> Option<std::result::Result<Vec<Bytes>, Error>> {
        let next = self.state.lock().take();
        self.room.notify_one();
        next
    }

    fn wait(&self, settler: Settler) {
        let mut state = self.state.lock();
        state.waiting = Some(settler);
        // A part may have arrived after `read` had looked for one.
        state.serve();
    }

    /// JavaScript drops the body. A `read` that waits gets its end.
    fn leave(&self) {
        self.dropped.cancel();
        let mut state = self.state.lock();
        state.end = Some(Ok(()));
        state.serve();
    }
}

impl ReadAhead {
    /// Settles the `read` that waits, if there is something for it. After an empty chunk there is nothing.
    fn serve(&mut self) {
        let Some(waiting) = self.waiting.take() else { return };
        match self.take() {
            Some(next) => waiting.settle(next.map(Settlement::Chunk)),
            None => self.waiting = Some(waiting),
        }
    }

    /// Takes all parts; an empty list at the end. `None` if nothing has arrived yet.
    fn take(&mut self) -> Option<std::result::Result<Vec<Bytes>, Error>> {
        if self.size > 0 {
            self.size = 0;
            return Some(Ok(self.parts.drain(..).collect()));
        }
        self.end.clone().map(|end| end.map(|()| Vec::new()))
    }
}
