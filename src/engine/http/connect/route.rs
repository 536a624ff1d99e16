//! How an origin is reached: over TCP, over a Unix socket, or through a proxy. TLS and HTTP are spoken over whatever
//! comes out of here.
//!
//! Invariant: the way depends on the options and the origin alone, so that connections kept for an origin all lead to it
//! the same way.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tower_service::Service;

use crate::http::connect::CONNECT_TIMEOUT;
use crate::http::connect::abort_handle::AbortHandle;
use crate::http::connect::proxy::Proxies;
use crate::http::connect::unix::SocketPath;

#[derive(Clone)]
pub(crate) enum Route {
    Direct(HttpConnector),
    /// Everything goes there, whatever the URL says.
    Socket(SocketPath),
    /// Those origins go through a proxy that its rules say.
    Proxied(Arc<Proxies>, HttpConnector),
}

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What speaks for an origin: a socket, or a tunnel to one.
pub(crate) struct Link {
    io: Box<dyn Io>,
    forwarded: bool,
    line: AbortHandle,
    /// How often it may still be read before others get their turn.
    turn: u8,
}

/// Reads in one go, of 64 KiB at the most. hyper would go on until there is nothing more: seconds, if the server sends
/// faster than it can be read.
const TURN: u8 = 2;

impl Link {
    pub(crate) fn new(io: impl Io + 'static) -> Self {
        Self { io: Box::new(io), forwarded: false, line: AbortHandle::default(), turn: TURN }
    }

    /// The other end is a proxy that reads requests, and wants their URLs whole.
    pub(crate) fn forwarded(self) -> Self {
        Self { forwarded: true, ..self }
    }
}

pub(crate) trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

impl Service<Uri> for Route {
    type Response = Link;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Link, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => direct(tcp, origin),
            Self::Socket(path) => path.connect(),
            Self::Proxied(proxies, tcp) => proxies.connect(tcp, origin),
        }
    }
}

/// Over TCP to the host that `origin` names.
pub(crate) fn direct(tcp: &mut HttpConnector, origin: Uri) -> BoxFuture<'static, Result<Link, BoxError>> {
    let connecting = tcp.call(origin);
    Box::pin(async move { Ok(Link::new(connecting.await?)) })
}

pub(crate) fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // Shared among a host's addresses, so that a dead one leaves time for the others.
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    tcp
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwarded).extra(self.line.clone())
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn == 0 {
            self.turn = TURN;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = Pin::new(&mut *self.io).poll_read(cx, buffer);
        // Whoever has to wait begins anew.
        self.turn = if read.is_ready() { self.turn - 1 } else { TURN };
        self.line.hold(read, cx)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.io).poll_write(cx, bytes);
        self.line.hold(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut *self.io).poll_flush(cx);
        self.line.hold(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut *self.io).poll_shutdown(cx);
        self.line.hold(shut, cx)
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
        self.line.hold(written, cx)
    }
}

/// A host that vanished while we wait for its answer is known after a minute: asked after 15 s of silence, and three
/// times more. reqwest's numbers.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long what was sent may stay unacknowledged, as long as a request's own default timeout: Linux' 15 minutes of
/// retransmission help nobody.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
