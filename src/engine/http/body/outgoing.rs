//! A request's body: bytes, which can be sent again and again, or a stream, which is made while it is sent.
//!
//! Invariant: a stream that was read and cannot be made again is never sent as if it were empty: sending it is an error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Body, Frame, SizeHint};

use crate::error::Error;
use crate::http::body::unsent::{Unsent, UploadState};
use crate::http::connect::link::BoxError;

#[derive(Clone)]
pub enum Payload {
    Bytes(Bytes),
    Stream(Arc<dyn Source>),
}

/// Makes a streamed body.
pub trait Source: Send + Sync {
    /// The body from its beginning; `None` if it was opened before and cannot be made again. Called when the first byte
    /// is needed, so that a request that gets no connection leaves the stream unread.
    fn open(&self) -> Option<Chunks>;

    /// True if [`Source::open`] would return a body.
    fn is_fresh(&self) -> bool;

    /// The number of bytes, if it is known beforehand.
    fn length(&self) -> Option<u64>;

    /// The error that reading the body ended with, if it did.
    fn failure(&self) -> Option<Error>;

    /// Ends the open body, because the rest of it is not needed.
    fn stop(&self);
}

pub type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

impl Payload {
    /// True if the whole body can be sent from the beginning.
    pub fn is_fresh(&self) -> bool {
        match self {
            Self::Bytes(_) => true,
            Self::Stream(source) => source.is_fresh(),
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.is_empty())
    }

    pub(crate) fn failure(&self) -> Option<Error> {
        match self {
            Self::Bytes(_) => None,
            Self::Stream(source) => source.failure(),
        }
    }

    /// The body as hyper takes it; with its state if it is not sent at once.
    pub(crate) fn outgoing(&self) -> (OutgoingBody, Option<UploadState>) {
        let upload = UploadState::default();
        match self {
            Self::Bytes(bytes) if bytes.len() <= PIECE => (OutgoingBody::Whole(bytes.clone()), None),
            Self::Bytes(bytes) => (OutgoingBody::Large(bytes.clone(), upload.clone()), Some(upload)),
            Self::Stream(source) => {
                (OutgoingBody::Unopened(Arc::clone(source), upload.clone()), Some(upload))
            }
        }
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// Stops the sending of a request's body when the exchange is over, because a server may answer before it has read the
/// whole body.
pub(crate) struct UploadGuard {
    payload: Payload,
    /// Present once the request is answered.
    pub(crate) unsent: Option<Unsent>,
}

impl UploadGuard {
    pub(crate) fn new(payload: &Payload) -> Self {
        Self { payload: payload.clone(), unsent: None }
    }

    /// The reason that an answer breaks off: the request's own body may have failed meanwhile.
    pub(crate) fn explain(&self, error: Error) -> Error {
        self.payload.failure().unwrap_or(error)
    }
}

impl Drop for UploadGuard {
    fn drop(&mut self) {
        if let Payload::Stream(source) = &self.payload {
            source.stop();
        }
    }
}

/// A payload as hyper takes it.
pub(crate) enum OutgoingBody {
    Whole(Bytes),
    /// In pieces, so that hyper stops when the server does not read them.
    Large(Bytes, UploadState),
    Unopened(Arc<dyn Source>, UploadState),
    /// With the number of bytes that are left, if that is known.
    Open(Chunks, Option<u64>, UploadState),
}

/// Most sockets take this much at once.
const PIECE: usize = 64 * 1024;

impl OutgoingBody {
    fn is_stopped(&self) -> bool {
        match self {
            Self::Whole(_) => false,
            Self::Large(_, upload) | Self::Unopened(_, upload) | Self::Open(_, _, upload) => {
                upload.is_stopped()
            }
        }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.is_stopped() {
            return Poll::Ready(Some(Err(ended(Error::Aborted))));
        }
        if let Self::Unopened(source, upload) = &*self {
            let Some(chunks) = source.open() else {
                return Poll::Ready(Some(Err(ended(Error::BodyNotReplayable))));
            };
            *self = Self::Open(chunks, source.length(), upload.clone());
        }
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Large(left, upload) => {
                let piece = left.split_to(left.len().min(PIECE));
                if left.is_empty() {
                    upload.complete();
                }
                Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
            }
            Self::Unopened(..) => Poll::Ready(None),
            Self::Open(chunks, left, upload) => {
                let next = ready!(chunks.as_mut().poll_next(cx));
                if let (Some(left), Some(Ok(chunk))) = (left.as_mut(), &next) {
                    *left = left.saturating_sub(chunk.len() as u64);
                }
                // hyper reads no further than the length that it announced.
                if next.is_none() || *left == Some(0) {
                    upload.complete();
                }
                Poll::Ready(next.map(|chunk| chunk.map(Frame::data).map_err(ended)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) | Self::Large(bytes, _) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) | Self::Large(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            Self::Unopened(source, _) => source.length().map(SizeHint::with_exact).unwrap_or_default(),
            Self::Open(..) => SizeHint::default(),
        }
    }
}

/// The error that ends a body early. For an abandoned upload it is h2's CANCEL, because hyper sends that code to the server.
fn ended(error: Error) -> BoxError {
    match error {
        Error::Aborted => h2::Error::from(h2::Reason::CANCEL).into(),
        error => error.into(),
    }
}
