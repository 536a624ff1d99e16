//! How a proxy is asked for a way to an origin: HTTP's CONNECT (RFC 9110 §9.3.6), and SOCKS version 5 (RFC 1928).
//!
//! Invariant: nothing of a request is sent here, so whatever goes wrong, it was not.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{Either, Ready, ready, select};
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use tower_service::Service;

use super::proxy::default_port;
use super::route::{BoxError, Link};

/// A proxy that cannot be used.
#[derive(Debug)]
pub(super) struct ProxyError {
    /// Scheme, host and port.
    pub(super) name: String,
    pub(super) broken: Broken,
}

impl ProxyError {
    /// What it did, and its code if that is the proxy's own; what else is wrong is in [`source`](Self::source).
    pub(super) fn refusal(&self) -> Option<(&'static str, String)> {
        match &self.broken {
            Broken::Refused(status) => {
                let hint = if status.as_u16() == 407 {
                    ": it wants a user name and password in the option proxy"
                } else {
                    ""
                };
                Some((TUNNEL, format!("refused the tunnel with status {}{hint}", status.as_u16())))
            }
            Broken::Socks(code, happened) => Some((code, (*happened).to_owned())),
            Broken::Failed(_) => None,
        }
    }
}

impl std::fmt::Display for ProxyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("proxy error")
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.broken {
            Broken::Failed(error) => Some(&**error),
            Broken::Refused(_) | Broken::Socks(..) => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum Broken {
    /// It answered, and not with a tunnel.
    Refused(StatusCode),
    /// The same without a status: a code, and what it did.
    Socks(&'static str, &'static str),
    /// It could not be reached or understood.
    Failed(BoxError),
}

/// A tunnel to `origin` through the HTTP proxy at the other end of `link`.
pub(super) async fn connect(
    link: Link,
    origin: &Uri,
    credentials: Option<&HeaderValue>,
) -> Result<Link, Broken> {
    let failed = |error: hyper::Error| Broken::Failed(error.into());
    let target = authority(origin, origin.host().unwrap_or_default());
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::try_from(&target).map_err(|error| Broken::Failed(error.into()))?;
    let host = HeaderValue::try_from(&target).map_err(|error| Broken::Failed(error.into()))?;
    request.headers_mut().insert(HOST, host);
    if let Some(credentials) = credentials {
        request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
    }
    let (mut proxy, connection) = http1::handshake(link).await.map_err(failed)?;
    let asking = async move {
        let answer = proxy.send_request(request).await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(Broken::Refused(answer.status()));
        }
        hyper::upgrade::on(answer).await.map_err(failed)
    };
    // What goes wrong with the connection, `asking` is told.
    let connection = async { drop(connection.with_upgrades().await) };
    let tunnel = match select(pin!(asking), pin!(connection)).await {
        Either::Left((tunnel, _)) => tunnel?,
        Either::Right(((), asking)) => asking.await?,
    };
    // An origin speaks TLS here, and so not before we did: there is nothing that was read too far.
    match tunnel.downcast::<Link>() {
        Ok(parts) => Ok(parts.io),
        Err(tunnel) => Ok(Link::new(tunnel)),
    }
}

/// A tunnel to `origin` through the SOCKS proxy at the other end of `link`.
pub(super) async fn socks(
    link: Link,
    origin: &Uri,
    credentials: Option<(&str, &str)>,
    local_names: bool,
) -> Result<Link, Broken> {
    let host = origin.host().unwrap_or_default();
    let target = if local_names { look_up(host, origin).await? } else { authority(origin, host) };
    let target = Uri::builder().scheme("http").authority(target).path_and_query("/").build();
    let target = target.map_err(|error| Broken::Failed(error.into()))?;
    let mut proxy = SocksV5::new(target.clone(), Reached(Some(link)));
    if let Some((user, password)) = credentials {
        proxy = proxy.with_auth(user.to_owned(), password.to_owned());
    }
    proxy.call(target).await.map_err(|error| of_socks(&error.to_string()))
}

/// The host's address, and the port. hyper-util would look it up on the thread that runs everything else.
async fn look_up(host: &str, origin: &Uri) -> Result<String, Broken> {
    let addresses = tokio::net::lookup_host(authority(origin, host)).await;
    match addresses.ok().and_then(|mut addresses| addresses.next()) {
        Some(address) => Ok(address.to_string()),
        None => Err(UNKNOWN_NAME),
    }
}

fn authority(origin: &Uri, host: &str) -> String {
    let port = origin.port_u16().or(default_port(origin)).unwrap_or_default();
    format!("{host}:{port}")
}

/// The text is all that hyper-util shows of its error.
fn of_socks(error: &str) -> Broken {
    let known = SOCKS.iter().find(|(text, ..)| error.contains(text));
    known.map_or(SOCKS_BROKEN, |&(_, code, happened)| Broken::Socks(code, happened))
}

const SOCKS: [(&str, &str, &str); 10] = [
    ("does not support user/pass", TUNNEL, "takes no user name and password, or not without them"),
    ("credentials not accepted", TUNNEL, "refused the user name and password"),
    ("connection refused", "ECONNREFUSED", "says that the connection was refused"),
    ("host unreachable", "EHOSTUNREACH", "says that there is no route to the host"),
    ("network unreachable", "ENETUNREACH", "says that there is no route to the network"),
    ("ttl expired", "ETIMEDOUT", "says that there was no answer in time"),
    ("connection not allowed", TUNNEL, "does not allow this connection"),
    ("general server failure", TUNNEL, "failed to make the connection"),
    ("not supported", TUNNEL, "cannot make such a connection"),
    ("io error", "ECONNRESET", "closed the connection"),
];
const SOCKS_BROKEN: Broken = Broken::Socks(TUNNEL, "does not speak SOCKS version 5");
const UNKNOWN_NAME: Broken =
    Broken::Socks("ENOTFOUND", "was not asked: the name is unknown here (socks5h has the proxy look it up)");

/// Node's own code for a proxy that makes no tunnel.
const TUNNEL: &str = "ERR_PROXY_TUNNEL";

/// A proxy that was reached before, as a connector.
struct Reached(Option<Link>);

impl Service<Uri> for Reached {
    type Response = Link;
    type Error = io::Error;
    type Future = Ready<io::Result<Link>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
