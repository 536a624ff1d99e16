//! Connections over TCP, and the socket options that find a dead peer.

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tower_service::Service;

use crate::http::connect::link::{BoxError, Link};
use crate::http::connect::resolve::Resolver;
use crate::http::connect::socket::Socket;
use crate::http::connect::watch::CONNECT_TIMEOUT;

/// Connects to the host that a URI names.
#[derive(Clone)]
pub(crate) struct Tcp(HttpConnector<Resolver>);

impl Tcp {
    pub(crate) fn new() -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::default());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // The connector divides it among a host's addresses, so that a dead address leaves time for the others.
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Self(tcp)
    }
}

impl Service<Uri> for Tcp {
    type Response = Link;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Link, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        let connecting = self.0.call(origin);
        Box::pin(async move {
            let socket = Socket::new(connecting.await?.into_inner());
            Ok(Link::new(TokioIo::new(socket)))
        })
    }
}

/// A host that vanishes while a request waits for its answer is found after a minute: the system probes after 15 s of
/// silence, and three times more. reqwest uses the same numbers.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long sent bytes may stay unacknowledged: as long as a request's default timeout, because Linux alone would send
/// them again for 15 minutes.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
