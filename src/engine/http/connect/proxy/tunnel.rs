//! How a proxy is asked for a way to an origin: HTTP's CONNECT (RFC 9110 §9.3.6), and SOCKS, for which see [`socks`].
//!
//! Invariant: nothing of a request is sent here, so whatever goes wrong, it was not.

use std::net::IpAddr;
use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;

use crate::http::connect::proxy::{default_port, socks, without_brackets};
use crate::http::connect::route::{BoxError, Link};

/// A proxy that cannot be used.
#[derive(Debug)]
pub(crate) struct ProxyError {
    /// Scheme, host and port.
    pub(crate) name: String,
    pub(crate) broken: Broken,
}

impl ProxyError {
    /// What it did, and its code if that is the proxy's own; what else is wrong is in [`source`](Self::source).
    pub(crate) fn refusal(&self) -> Option<(&'static str, String)> {
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
pub(crate) enum Broken {
    /// It answered, and not with a tunnel.
    Refused(StatusCode),
    /// The same without a status: a code, and what it did.
    Socks(&'static str, &'static str),
    /// It could not be reached or understood.
    Failed(BoxError),
}

/// A tunnel to `origin` through the HTTP proxy at the other end of `link`.
pub(crate) async fn connect(
    link: Link,
    origin: &Uri,
    credentials: Option<&HeaderValue>,
) -> Result<Link, Broken> {
    let failed = |error: hyper::Error| Broken::Failed(error.into());
    let target = format!("{}:{}", origin.host().unwrap_or_default(), port(origin));
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
pub(crate) async fn socks(
    link: Link,
    origin: &Uri,
    credentials: Option<(&str, &str)>,
    local_names: bool,
) -> Result<Link, Broken> {
    let host = without_brackets(origin.host().unwrap_or_default());
    let port = port(origin);
    if !local_names {
        return socks::tunnel(link, (host, port), credentials).await;
    }
    let address = look_up(host, port).await?.to_string();
    socks::tunnel(link, (&address, port), credentials).await
}

/// The host's address. Not looked up on the thread that runs everything else.
async fn look_up(host: &str, port: u16) -> Result<IpAddr, Broken> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let first = addresses.ok().and_then(|mut addresses| addresses.next());
    first.map(|address| address.ip()).ok_or(UNKNOWN_NAME)
}

fn port(origin: &Uri) -> u16 {
    origin.port_u16().or(default_port(origin)).unwrap_or_default()
}

const UNKNOWN_NAME: Broken =
    Broken::Socks("ENOTFOUND", "was not asked: the name is unknown here (socks5h has the proxy look it up)");

/// Node's own code for a proxy that makes no tunnel.
pub(crate) const TUNNEL: &str = "ERR_PROXY_TUNNEL";
