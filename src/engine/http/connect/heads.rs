//! Looks at the heads of HTTP/1.1 answers before hyper reads them, for folded lines that say where a body ends.
//!
//! A client must read a folded line as if it were one (RFC 9112 §5.2), and hyper does so without a word. Two readers could
//! disagree about such a line. Invariant: an answer whose `content-length` or `transfer-encoding` is folded is known to the
//! [`LinkHandle`] of its connection before hyper gives the answer out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::TryFutureExt;
use futures_util::future::MapOk;
use http::{Extensions, Uri};
use hyper::rt;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use crate::http::connect::link_handle::LinkHandle;

/// A connector whose connections are looked at.
#[derive(Clone)]
pub(crate) struct WithHeads<C>(pub(crate) C);

impl<C> Service<Uri> for WithHeads<C>
where
    C: Service<Uri>,
    C::Response: Connection + rt::Read + rt::Write + Unpin,
{
    type Response = TokioIo<Heads<C::Response>>;
    type Error = C::Error;
    type Future = MapOk<C::Future, fn(C::Response) -> Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        self.0.call(origin).map_ok(|stream| TokioIo::new(Heads::new(stream)))
    }
}

pub(crate) struct Heads<S> {
    stream: TokioIo<S>,
    /// `None` for HTTP/2, whose heads have no lines.
    link: Option<LinkHandle>,
    /// From the first byte of a request to the end of its answer's head.
    head: Option<Head>,
}

#[derive(Default)]
struct Head {
    /// The beginning of the line that is being read.
    line: [u8; LONGEST_NAME],
    /// How much of `line` there is.
    length: usize,
    /// The last line that was no continuation says where the body ends.
    is_framing: bool,
    /// After an interim answer, such as 103, another head follows. `None` before the status.
    is_interim: Option<bool>,
}

/// The meaning of a line.
enum Line {
    Harmless,
    FoldedFraming,
    End,
}

impl<S: Connection> Heads<S> {
    fn new(stream: S) -> Self {
        let connected = stream.connected();
        let mut extras = Extensions::new();
        connected.get_extras(&mut extras);
        let link = extras.remove().filter(|_| !connected.is_negotiated_h2());
        Self { stream: TokioIo::new(stream), link, head: None }
    }
}

impl<S> Heads<S> {
    fn wrote(&mut self) {
        if self.link.is_some() {
            self.head.get_or_insert_default();
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let Some(link) = &self.link else { return };
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some(head) = &mut self.head else { return };
            match head.read(piece) {
                Line::Harmless => {}
                Line::FoldedFraming => link.refuse(),
                Line::End => self.head = (head.is_interim == Some(true)).then(Head::default),
            }
        }
    }
}

impl Head {
    /// `piece` holds at most one line's end, and nothing behind it.
    fn read(&mut self, piece: &[u8]) -> Line {
        let rest = &mut self.line[self.length..];
        let taken = piece.len().min(rest.len());
        rest[..taken].copy_from_slice(&piece[..taken]);
        self.length += taken;
        if !piece.ends_with(b"\n") {
            return Line::Harmless;
        }
        let meaning = self.meaning();
        self.length = 0;
        meaning
    }

    fn meaning(&mut self) -> Line {
        let line = &self.line[..self.length];
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return if self.is_framing { Line::FoldedFraming } else { Line::Harmless };
        }
        if line.trim_ascii_end().is_empty() {
            // hyper passes over empty lines before the status.
            return if self.is_interim.is_some() { Line::End } else { Line::Harmless };
        }
        self.is_interim.get_or_insert(line.get(9) == Some(&b'1'));
        let begins_with =
            |name: &&[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        self.is_framing = FRAMING.iter().any(begins_with);
        Line::Harmless
    }
}

const FRAMING: [&[u8]; 2] = [b"content-length:", b"transfer-encoding:"];

/// The longer of the two.
const LONGEST_NAME: usize = 18;

impl<S: Connection> Connection for Heads<S> {
    fn connected(&self) -> Connected {
        self.stream.inner().connected()
    }
}

impl<S: rt::Read + Unpin> AsyncRead for Heads<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.read(&buffer.filled()[before..]);
        read
    }
}

impl<S: rt::Write + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wrote();
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
