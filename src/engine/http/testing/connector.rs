//! A connector whose outcomes the test decides, and connections without a socket.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;
use tower_service::Service;

use crate::http::connect::link::BoxError;

#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<mpsc::UnboundedReceiver<Told>>>);

pub(crate) type Told = Result<Reached, BoxError>;

/// The bool is true if the connection speaks HTTP/2.
pub(crate) struct Reached(pub(crate) TokioIo<DuplexStream>, pub(crate) bool);

/// No peer reads the other end, so writes fail.
pub(crate) fn reached(http2: bool) -> Reached {
    Reached(TokioIo::new(duplex(1).0), http2)
}

impl Fake {
    /// Each connect has the next outcome, and waits for it.
    pub(crate) fn new() -> (mpsc::UnboundedSender<Told>, Self) {
        let (tell, told) = mpsc::unbounded_channel();
        (tell, Self(Arc::new(Mutex::new(told))))
    }

    /// The outcomes that no connect has had.
    pub(crate) fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Service<Uri> for Fake {
    type Response = Reached;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Reached, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let told = Arc::clone(&self.0);
        Box::pin(async move { poll_fn(|cx| told.lock().unwrap().poll_recv(cx)).await.unwrap() })
    }
}

impl Connection for Reached {
    fn connected(&self) -> Connected {
        if self.1 { Connected::new().negotiated_h2() } else { Connected::new() }
    }
}

impl Read for Reached {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Reached {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
