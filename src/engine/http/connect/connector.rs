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

/// A connector that is copied for a connection alone. hyper-util makes two copies of its connector for each request, and one for TLS
/// counts references to seven parts.
pub(crate) struct Shared<S>(Arc<S>);

impl<S> Shared<S> {
    pub(crate) fn new(connector: S) -> Self {
        Self(Arc::new(connector))
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Service<Uri> + Clone> Service<Uri> for Shared<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    /// The connectors of the engine are always ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        S::clone(&self.0).call(origin)
    }
}
