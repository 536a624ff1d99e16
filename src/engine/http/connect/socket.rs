//! A socket that looks for its own end before it is written to.
//!
//! After a short read tokio takes the socket for empty until the system reports the next event, and it asks for events
//! only between tasks. Without a look of its own, a request would be written to a connection whose end has arrived
//! already, and a `POST` would be lost. Invariant: nothing is written after an answer unless a read has just said that
//! nothing is there, because hyper reads before it takes a request.

use std::io::{self, ErrorKind, IoSlice, Read};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) struct Socket<S> {
    stream: S,
    /// True from a write to the next read: an answer is awaited, and the system's event is soon enough.
    awaits: bool,
}

/// The most bytes that a look reads: as many as the usual chunk of a body, in whose middle a look may come too.
const LOOK: usize = 16 * 1024;

impl<S> Socket<S>
where
    for<'a> SockRef<'a>: From<&'a S>,
{
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, awaits: false }
    }

    /// Asks the system, whatever tokio knows.
    fn look(&self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = SockRef::from(&self.stream);
        // First one byte, because usually nothing is there, and the room for more would have to be cleared.
        match socket.peek(&mut [MaybeUninit::uninit()]) {
            Ok(0) => return Poll::Ready(Ok(())),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        }
        let room = LOOK.min(buffer.remaining());
        let read = (&*socket).read(buffer.initialize_unfilled_to(room))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S>
where
    for<'a> SockRef<'a>: From<&'a S>,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_pending() && !self.awaits {
            read = self.look(buffer);
        }
        self.awaits &= read.is_pending();
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.awaits = true;
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
        self.awaits = true;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
