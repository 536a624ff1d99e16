//! A connection that HTTP or TLS is spoken over: a socket, or a tunnel through a proxy.
//!
//! Invariants: a link that always has something to read does not keep the engine's thread from other work. A link that has
//! rested for as long as its server allows is at its end, so that no request is written to it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::clock::{self, Instant};
use crate::http::connect::link_handle::LinkHandle;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) struct Link {
    io: Box<dyn Io>,
    forwarded: bool,
    handle: LinkHandle,
    /// When the link was last read.
    read: Instant,
    /// How often the link may still be read before other tasks run.
    reads_left: u8,
}

/// Reads in a row, of 64 KiB at most. Without a limit hyper reads until nothing is left, which takes seconds if a server
/// sends faster than it is read.
const READS_IN_A_ROW: u8 = 2;

impl Link {
    pub(crate) fn new(io: impl Io + 'static) -> Self {
        Self {
            io: Box::new(io),
            forwarded: false,
            handle: LinkHandle::default(),
            read: clock::now(),
            reads_left: READS_IN_A_ROW,
        }
    }

    /// The same link, marked as one to a proxy that reads the requests and needs their whole URLs.
    pub(crate) fn forwarded(self) -> Self {
        Self { forwarded: true, ..self }
    }
}

impl Link {
    fn read_and_count(
        &mut self,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let io = Pin::new(&mut *self.io);
        let progress = self.handle.progress();
        if !progress.counts_bytes() {
            return io.poll_read(cx, buffer).map(|read| read.and_then(|()| progress.read(1)));
        }
        // hyper's own buffer does not say how many bytes it got.
        let mut bytes = [0; 4096];
        let room = bytes.len().min(buffer.remaining());
        let mut bytes = ReadBuf::new(&mut bytes[..room]);
        ready!(io.poll_read(cx, bytes.unfilled()))?;
        progress.read(bytes.filled().len())?;
        buffer.put_slice(bytes.filled());
        Poll::Ready(Ok(()))
    }
}

pub(crate) trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded).extra(self.handle.clone())
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads_left == 0 {
            self.reads_left = READS_IN_A_ROW;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = self.read_and_count(cx, buffer);
        if read.is_ready() {
            let now = clock::now();
            self.handle.arrived(self.read, now);
            self.read = now;
            self.reads_left -= 1;
        } else {
            // A read that has to wait lets other tasks run anyway.
            self.reads_left = READS_IN_A_ROW;
            // hyper reads before it takes a request, and gives that request back after an end.
            if self.handle.has_rested(self.read) {
                return Poll::Ready(Ok(()));
            }
        }
        self.handle.guard(read, cx)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.handle.wrote();
        let written = Pin::new(&mut *self.io).poll_write(cx, bytes);
        self.handle.guard(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut *self.io).poll_flush(cx);
        self.handle.guard(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut *self.io).poll_shutdown(cx);
        self.handle.guard(shut, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.handle.wrote();
        let written = Pin::new(&mut *self.io).poll_write_vectored(cx, slices);
        self.handle.guard(written, cx)
    }
}
