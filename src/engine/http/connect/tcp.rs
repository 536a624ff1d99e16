//! Connections over TCP, and the socket options that find a dead peer.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

use crate::http::connect::link::{BoxError, Link};
use crate::http::connect::resolve::Resolver;
use crate::http::connect::watch::CONNECT_TIMEOUT;

pub(crate) fn tcp() -> HttpConnector<Resolver> {
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
    tcp
}

/// Connects to the host that `origin` names.
pub(crate) fn direct(
    tcp: &mut HttpConnector<Resolver>,
    origin: Uri,
) -> BoxFuture<'static, Result<Link, BoxError>> {
    let connecting = tcp.call(origin);
    Box::pin(async move { Ok(Link::new(connecting.await?)) })
}

/// A host that vanishes while a request waits for its answer is found after a minute: the system probes after 15 s of
/// silence, and three times more. reqwest uses the same numbers.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long sent bytes may stay unacknowledged: as long as a request's default timeout, because Linux alone would send
/// them again for 15 minutes.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
