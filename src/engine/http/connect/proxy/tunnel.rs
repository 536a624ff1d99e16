//! Asks an HTTP proxy for a tunnel to an origin: CONNECT (RFC 9110 §9.3.6).
//!
//! Invariant: no part of a request is sent here, so a failure here proves that the request was not sent.

use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;

use crate::fault::Fault;
use crate::http::connect::link::{BoxError, Link};
use crate::http::host;

/// A tunnel to `origin` through the HTTP proxy at the other end of `link`.
pub(crate) async fn connect(
    link: Link,
    origin: &Uri,
    credentials: Option<&HeaderValue>,
) -> Result<Link, BoxError> {
    let target = format!("{}:{}", origin.host().unwrap_or_default(), host::port(origin).unwrap_or_default());
    let mut request = Request::connect(&target).header(HOST, &target).body(Empty::<Bytes>::new())?;
    if let Some(credentials) = credentials {
        request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
    }
    let (mut proxy, connection) = http1::handshake(link).await?;
    let asking = async move {
        let answer = proxy.send_request(request).await?;
        match answer.status().as_u16() {
            200..300 => {}
            407 => return Err(BoxError::from(Fault::TunnelNeedsLogin)),
            status => return Err(Fault::TunnelRefused(status).into()),
        }
        Ok(hyper::upgrade::on(answer).await?)
    };
    // `asking` gets the error of a connection that breaks.
    let connection = async { drop(connection.with_upgrades().await) };
    let tunnel = match select(pin!(asking), pin!(connection)).await {
        Either::Left((tunnel, _)) => tunnel?,
        Either::Right(((), asking)) => asking.await?,
    };
    // hyper has read nothing of the origin yet, because the origin speaks TLS, in which the client speaks first.
    match tunnel.downcast::<Link>() {
        Ok(parts) => Ok(parts.io),
        Err(tunnel) => Ok(Link::new(tunnel)),
    }
}
