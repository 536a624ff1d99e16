//! Chooses how an origin is reached: over TCP, over a Unix socket, or through a proxy.
//!
//! Invariant: the choice depends on the options and the origin alone, so that all connections that are kept for an origin
//! lead to it the same way.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use tower_service::Service;

use crate::http::connect::link::{BoxError, Link};
use crate::http::connect::proxy::Proxies;
use crate::http::connect::tcp::Tcp;
use crate::http::connect::unix::SocketPath;

#[derive(Clone)]
pub(crate) enum Connector {
    Direct(Tcp),
    /// All requests go to the socket, whatever their URLs say.
    Socket(SocketPath),
    /// The rules of the proxies decide which origins go through one.
    Proxied(Arc<Proxies>, Tcp),
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Link, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => tcp.call(origin),
            Self::Socket(path) => path.connect(),
            Self::Proxied(proxies, tcp) => proxies.connect(tcp, origin),
        }
    }
}
