//! The input of a decoder, which makes the decoder give way.
//!
//! A decoder goes on as long as it has input, even if that input decodes to nothing: sixty thousand empty gzip members fit
//! into a megabyte. Invariant: between two moments at which other tasks may run, no decoder gets more than [`INPUT`].

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

pub(crate) struct Paced<R> {
    input: R,
    left: usize,
}

/// Enough that giving way costs little, and a few milliseconds of work at most.
pub(crate) const INPUT: usize = 16 * 1024;

impl<R> Paced<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, left: INPUT }
    }
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for Paced<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let Self { input, left } = self.get_mut();
        if *left == 0 {
            *left = INPUT;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let bytes = ready!(Pin::new(input).poll_fill_buf(cx))?;
        Poll::Ready(Ok(&bytes[..bytes.len().min(*left)]))
    }

    fn consume(mut self: Pin<&mut Self>, read: usize) {
        self.left -= read;
        Pin::new(&mut self.input).consume(read);
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Paced<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(cx))?;
        let read = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..read]);
        self.consume(read);
        Poll::Ready(Ok(()))
    }
}
