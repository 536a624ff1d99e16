//! The one door to the network. [`Transport`] is a trait so that the client can be tested without a network, and so that
//! another implementation can replace hyper.
//!
//! Invariant: a transport sends a request once, to the URL of the request. It follows no redirect, keeps no cookie, reads
//! no proxy from the environment and adds no header except `host`, `accept`, `accept-encoding`, `user-agent`, the body's
//! length, and `proxy-authorization` for a proxy that reads the request.

mod connection;
mod dial;
mod failure;
pub mod http2;
pub mod http2_dedup;
pub mod hyper_transport;
pub mod idle;
mod pool;

use std::borrow::Cow;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::error::Error;
use crate::http::body::outgoing::Payload;
use crate::http::body::reader::WireBody;
use crate::http::body::unsent::Unsent;
use crate::http::connect::proxy::ProxyOptions;
use crate::http::connect::tls::TlsOptions;

/// Sends a request and returns the head of its answer.
pub trait Transport: Send + Sync {
    /// Borrows the request, so that a replay needs no copy.
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>>;
}

/// What [`HyperTransport`](hyper_transport::HyperTransport) is made with.
pub struct TransportOptions {
    /// How many idle connections are kept for each origin.
    pub idle_per_origin: usize,
    pub tls: TlsOptions,
    /// True if https origins are offered HTTP/2.
    pub http2: bool,
    /// The Unix socket that all requests go to.
    pub socket_path: Option<String>,
    pub proxy: Option<ProxyOptions>,
    /// True if plain http may leave this machine.
    pub allow_insecure: bool,
}

/// A request as it is sent. The code that sets a header with a secret marks its value sensitive. There is no `Debug`,
/// because URL and body may hold secrets too.
#[derive(Clone)]
pub struct WireRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Payload,
}

/// An answer's head, and its body, which is still to be read.
pub struct WireResponse {
    pub status: StatusCode,
    /// As the server wrote it.
    pub reason: Cow<'static, str>,
    /// Without `content-encoding` and `content-length` if the transport decodes the body.
    pub headers: HeaderMap,
    pub body: WireBody,
    /// Kept as long as the request's body may still be sent.
    pub unsent: Option<Unsent>,
}
