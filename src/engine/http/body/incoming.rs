//! An answer's body as it comes off the wire.
//!
//! Invariant: a body that breaks off is an error. HTTP/1.1's framing says whether a body is whole. Of an HTTP/2 stream
//! that is reset with `NO_ERROR` hyper reports a normal end (RFC 9113 §8.1), even if the body was not whole.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Version;
use http::header::TRANSFER_ENCODING;
use hyper::Response;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::fault::Fault;
use crate::http::connect::link::BoxError;
use crate::http::connect::link_handle::LinkHandle;

pub(crate) struct IncomingBody {
    body: Incoming,
    http2: bool,
    is_framed: bool,
    /// Its connection; `None` if the connection also carries other bodies.
    link: Option<LinkHandle>,
    /// Told when the body is complete or dropped.
    end: Option<End>,
}

/// Gets true if the body is complete, false if nobody reads on.
pub(crate) type End = Box<dyn FnOnce(bool) + Send + Sync>;

impl IncomingBody {
    /// `link` and `end` are those of a connection that carries no other body; one of HTTP/2 has neither.
    pub(crate) fn of(
        response: Response<Incoming>,
        link: Option<LinkHandle>,
        end: Option<End>,
    ) -> Response<Self> {
        let http2 = response.version() == Version::HTTP_2;
        let coding = response.headers().get_all(TRANSFER_ENCODING).iter().next_back();
        let is_chunked =
            coding.is_some_and(|coding| coding.as_bytes().to_ascii_lowercase().ends_with(b"chunked"));
        response.map(|body| {
            let is_framed = http2 || is_chunked || body.size_hint().exact().is_some();
            let mut incoming = Self { body, http2, is_framed, link, end };
            if incoming.body.is_end_stream() {
                incoming.end(true);
            } else {
                incoming.note(true);
            }
            incoming
        })
    }

    /// True if HTTP says where the body ends; false if the end of the connection is all that ends it.
    pub(crate) fn is_framed(&self) -> bool {
        self.is_framed
    }

    /// Lets go of the connection, which may get the next request at once.
    fn end(&mut self, is_complete: bool) {
        self.note(false);
        self.link = None;
        if let Some(end) = self.end.take() {
            end(is_complete);
        }
    }

    /// Tells the connection if more of the body is to come.
    fn note(&self, more: bool) {
        if let Some(progress) = self.link.as_ref().map(LinkHandle::progress) {
            if more { progress.made() } else { progress.ended() }
        }
    }
}

impl Drop for IncomingBody {
    fn drop(&mut self) {
        self.end(false);
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
        if self.body.is_end_stream() {
            self.end(true);
        } else {
            self.note(frame.is_some());
        }
        match frame {
            None if self.http2 && !self.body.is_end_stream() => {
                Poll::Ready(Some(Err(Fault::StreamEnded.into())))
            }
            None => {
                self.end(true);
                Poll::Ready(None)
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
