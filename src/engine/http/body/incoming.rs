//! An answer's body as it comes off the wire.
//!
//! Invariant: a body that breaks off is an error. HTTP/1.1's framing says whether a body is whole. Of an HTTP/2 stream
//! that is reset with `NO_ERROR` hyper reports a normal end (RFC 9113 §8.1), even if the body was not whole.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Version;
use hyper::Response;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::fault::Fault;
use crate::http::connect::link::BoxError;
use crate::http::connect::progress::Progress;

pub(crate) struct IncomingBody {
    body: Incoming,
    http2: bool,
    /// Of its connection; `None` if the connection also carries other bodies.
    progress: Option<Progress>,
}

impl IncomingBody {
    pub(crate) fn of(response: Response<Incoming>) -> Response<Self> {
        let http2 = response.version() == Version::HTTP_2;
        let progress = response.extensions().get::<Progress>().filter(|_| !http2).cloned();
        response.map(|body| {
            let incoming = Self { body, http2, progress };
            incoming.note(!incoming.body.is_end_stream());
            incoming
        })
    }

    /// Tells the connection if more of the body is to come.
    fn note(&self, more: bool) {
        if let Some(progress) = &self.progress {
            if more { progress.made() } else { progress.ended() }
        }
    }
}

impl Drop for IncomingBody {
    fn drop(&mut self) {
        self.note(false);
    }
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.note(frame.is_some());
        match frame {
            None if self.http2 && !self.body.is_end_stream() => {
                Poll::Ready(Some(Err(Fault::StreamEnded.into())))
            }
            frame => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
