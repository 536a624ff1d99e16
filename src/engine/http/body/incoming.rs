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

pub(crate) struct IncomingBody {
    body: Incoming,
    http2: bool,
}

impl IncomingBody {
    pub(crate) fn of(response: Response<Incoming>) -> Response<Self> {
        let http2 = response.version() == Version::HTTP_2;
        response.map(|body| Self { body, http2 })
    }
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
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
