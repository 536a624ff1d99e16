//! The one door to the network. [`Transport`] is a trait so that the client can be tested without one, and so that
//! another wire can take reqwest's place.
//!
//! Invariant: a transport sends what it is given, once, where it is told to. It follows no redirect, keeps no cookie,
//! reads no proxy from the environment and adds no header but `host`, `accept`, `accept-encoding`, `user-agent` and
//! the body's length.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::{Method, StatusCode};
use url::Url;

use super::connect::{WatchConnects, left_connect};
use super::network;
use super::tls::TlsOptions;
use crate::engine::error::Error;

/// Sends a request and brings the head of its answer.
pub trait Transport: Send + Sync + 'static {
    /// Borrows the request, so that whoever replays it needs no copy of its own.
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>>;
}

/// A request as it goes out. Values that carry a secret are marked sensitive by whoever sets them; it prints itself
/// nowhere, since URL and body may carry more.
#[derive(Clone)]
pub struct WireRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer's head, and its body still to be read.
pub struct WireResponse {
    pub status: StatusCode,
    /// As the server wrote it, if it differs from the usual one.
    pub reason: Cow<'static, str>,
    /// Without `content-encoding` and `content-length` if the transport decodes the body.
    pub headers: HeaderMap,
    pub body: WireBody,
}

/// A body that arrives in decoded chunks.
pub struct WireBody(Source);

#[derive(Clone, Debug, Default)]
pub struct TransportOptions {
    /// How many idle connections are kept per origin.
    pub idle_per_origin: usize,
    pub tls: TlsOptions,
}

/// HTTP/1.1 over reqwest and rustls.
///
/// Limits that hyper sets and nobody can raise by sending more: 100 header fields and 408 KiB for a response's head.
pub struct ReqwestTransport {
    idle_per_origin: usize,
    /// For http URLs. Trusts no certificate, so that it needs none of the system's.
    plain: OnceLock<reqwest::Client>,
    /// For https URLs. Reading the system's authorities takes milliseconds and a program that never needs them
    /// should not pay, nor fail where there are none.
    secure: OnceLock<reqwest::Client>,
}

impl ReqwestTransport {
    /// Needs no runtime. With any TLS option set, all of them are checked here.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let TransportOptions { idle_per_origin, tls } = options;
        let secure = OnceLock::new();
        if let Some(builder) = tls.apply(builder(*idle_per_origin))? {
            let client = builder.build().map_err(|_| tls.refused())?;
            secure.get_or_init(|| client);
        }
        Ok(Self { idle_per_origin: *idle_per_origin, plain: OnceLock::new(), secure })
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        let (cell, builder): (_, fn(_) -> _) = match url.scheme() {
            "https" => (&self.secure, builder),
            _ => (&self.plain, |idle| builder(idle).tls_certs_only([])),
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        // Two threads may build one each; the second is dropped unused.
        let client = builder(self.idle_per_origin).build().map_err(|_| Error::Network {
            message:
                "the system has no certificate authorities; install them (ca-certificates), or set tls.ca"
                    .into(),
            code: Some("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
        })?;
        Ok(cell.get_or_init(|| client))
    }
}

impl Transport for ReqwestTransport {
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>> {
        Box::pin(async move {
            match self.client(&request.url)?.execute(outgoing(request)).await {
                Ok(response) => Ok(response.into()),
                Err(error) => {
                    if !error.is_connect() {
                        left_connect();
                    }
                    Err(network::error(&error, &request.url))
                }
            }
        })
    }
}

impl WireBody {
    /// How long the body will be, if that is known before it is read.
    pub fn expected(&self) -> Option<u64> {
        match &self.0 {
            Source::Whole(bytes) => Some(bytes.len() as u64),
            Source::Wire(response) => response.content_length(),
        }
    }

    /// The next part, or `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match &mut self.0 {
            Source::Whole(bytes) if bytes.is_empty() => Ok(None),
            Source::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
            Source::Wire(response) => {
                response.chunk().await.map_err(|error| network::error(&error, response.url()))
            }
        }
    }
}

impl From<Bytes> for WireBody {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole(bytes))
    }
}

impl From<reqwest::Response> for WireResponse {
    fn from(mut response: reqwest::Response) -> Self {
        let status = response.status();
        let reason = match response.extensions().get::<hyper::ext::ReasonPhrase>() {
            // Header bytes are Latin-1.
            Some(reason) => reason.as_bytes().iter().copied().map(char::from).collect::<String>().into(),
            None => status.canonical_reason().unwrap_or_default().into(),
        };
        let headers = std::mem::take(response.headers_mut());
        Self { status, reason, headers, body: WireBody(Source::Wire(response)) }
    }
}

enum Source {
    Whole(Bytes),
    Wire(reqwest::Response),
}

fn outgoing(request: &WireRequest) -> reqwest::Request {
    let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
    let mut headers = request.headers.clone();
    // The body is here and its length known; another one would have the server wait, or read into the next request.
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    if !request.body.is_empty() {
        *outgoing.body_mut() = Some(request.body.clone().into());
    } else if matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
        // RFC 9110 §8.6. hyper leaves it out, and some servers answer 411.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    *outgoing.headers_mut() = headers;
    outgoing
}

fn builder(idle_per_origin: usize) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .http1_only()
        .tcp_nodelay(true)
        .no_proxy()
        .referer(false)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .gzip(true)
        .brotli(true)
        .deflate(true)
        .zstd(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .connector_layer(WatchConnects)
        .pool_max_idle_per_host(idle_per_origin)
        .pool_idle_timeout(IDLE_TIMEOUT)
}

const USER_AGENT: &str = concat!("token-rotator/", env!("CARGO_PKG_VERSION"));

/// Name, TCP and TLS together. undici's number: three lost SYNs (1 + 2 + 4 s) fit, a dead host is known well before
/// the request's own 30 s are over.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// undici's number: under the 5 s after which a Node server closes an idle connection, so that its close and our
/// next request do not cross.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_no_runtime() {
        let transport = ReqwestTransport::new(&TransportOptions::default()).unwrap();
        assert!(transport.plain.get().is_none() && transport.secure.get().is_none());
        assert!(transport.client(&Url::parse("http://localhost/").unwrap()).is_ok());
        assert!(transport.plain.get().is_some() && transport.secure.get().is_none());
        let lax = TlsOptions { reject_unauthorized: false, ..TlsOptions::default() };
        let checked = ReqwestTransport::new(&TransportOptions { idle_per_origin: 1, tls: lax }).unwrap();
        assert!(checked.secure.get().is_some());
    }
}
