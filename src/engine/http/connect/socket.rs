//! A socket that looks for its own end before it is written to.
//!
//! After a short read tokio takes the socket for empty until the system reports the next event, and it asks for events
//! only between tasks. Without a look of its own, a request would be written to a connection whose end has arrived
//! already, and a `POST` would be lost. Invariant: nothing is written after an answer unless a read has just said that
//! nothing is there, because hyper reads before it takes a request.
//!
//! A look is a system call, and hyper reads three or four times between two requests. So a socket looks once after each
//! request that was [`handed_over`] to any connection: before it, this one cannot have got a request.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) struct Socket<S> {
    stream: S,
    /// [`HANDED_OVER`] at the last look, or when something was read. `None` from a write to the next read: an answer is
    /// awaited, and the system's event is soon enough.
    looked: Option<u64>,
}

thread_local! {
    /// How many requests were given to a connection. Requests and connections run on one thread.
    static HANDED_OVER: Cell<u64> = const { Cell::new(0) };
}

/// A request was given to a connection that may have read an answer before. Without this call its socket does not look.
pub(crate) fn handed_over() {
    HANDED_OVER.set(HANDED_OVER.get() + 1);
}

/// The most bytes that a look reads: as many as the usual chunk of a body, in whose middle a look may come too.
const LOOK: usize = 16 * 1024;

impl<S> Socket<S>
where
    for<'a> SockRef<'a>: From<&'a S>,
{
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, looked: Some(HANDED_OVER.get()) }
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
        let now = HANDED_OVER.get();
        let mut read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let looks = read.is_pending() && self.looked.is_some_and(|looked| looked != now);
        if looks {
            read = self.look(buffer);
        }
        if looks || read.is_ready() {
            self.looked = Some(now);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.looked = None;
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
        self.looked = None;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}

#[cfg(test)]
mod tests;
