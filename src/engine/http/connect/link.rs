//! A connection that HTTP or TLS is spoken over: a socket, or a tunnel through a proxy.
//!
//! Invariant: a link that always has something to read does not keep the engine's thread from other work.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::http::connect::abort_handle::AbortHandle;
use crate::http::connect::progress::Progress;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) struct Link {
    io: Box<dyn Io>,
    forwarded: bool,
    abort_handle: AbortHandle,
    progress: Progress,
    /// How often the link may still be read before other tasks run.
    reads_left: u8,
}

/// Reads in a row, of 64 KiB at most. Without a limit hyper reads until nothing is left, which takes seconds if a server
/// sends faster than it is read.
const READS_IN_A_ROW: u8 = 2;

impl Link {
    pub(crate) fn new(io: impl Io + 'static) -> Self {
        let abort_handle = AbortHandle::default();
        let progress = Progress::default();
        Self { io: Box::new(io), forwarded: false, abort_handle, progress, reads_left: READS_IN_A_ROW }
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
        if !self.progress.counts_bytes() {
            return io.poll_read(cx, buffer).map(|read| read.and_then(|()| self.progress.read(1)));
        }
        // hyper's own buffer does not say how many bytes it got.
        let mut bytes = [0; 4096];
        let room = bytes.len().min(buffer.remaining());
        let mut bytes = ReadBuf::new(&mut bytes[..room]);
        ready!(io.poll_read(cx, bytes.unfilled()))?;
        self.progress.read(bytes.filled().len())?;
        buffer.put_slice(bytes.filled());
        Poll::Ready(Ok(()))
    }
}

pub(crate) trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded).extra(self.abort_handle.clone()).extra(self.progress.clone())
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
        // A read that has to wait lets other tasks run anyway.
        self.reads_left = if read.is_ready() { self.reads_left - 1 } else { READS_IN_A_ROW };
        self.abort_handle.guard(read, cx)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.io).poll_write(cx, bytes);
        self.abort_handle.guard(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut *self.io).poll_flush(cx);
        self.abort_handle.guard(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut *self.io).poll_shutdown(cx);
        self.abort_handle.guard(shut, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.io).poll_write_vectored(cx, slices);
        self.abort_handle.guard(written, cx)
    }
}
