//! HTTP/1.1 by hyper, over TLS by rustls. hyper-util's client keeps the connections.
//!
//! Invariant: a URL is parsed once more than the user's, into the URI that hyper wants, and never again on the way.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, RANGE,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::uri::Scheme;
use http::{Method, Request, Response, Uri};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::{Position, Url};

use super::connect::{CONNECT_TIMEOUT, Connector, left_connect};
use super::decode::{self, Coding};
use super::payload::Outgoing;
use super::tls::TlsOptions;
use super::{Transport, TransportOptions, WireBody, WireRequest, WireResponse, network};
use crate::engine::error::Error;

/// HTTP/1.1 over hyper and rustls. A request that hyper knows was not sent, because the kept connection it got was
/// closed, is sent on another one.
///
/// Limits that nobody can raise by sending more: 100 header fields and [`READ_BUFFER`] for a response's head.
pub struct HyperTransport {
    idle_per_origin: usize,
    /// For http URLs.
    plain: OnceLock<Client<HttpConnector>>,
    /// For https URLs. Reading the system's authorities takes milliseconds and a program that never needs them
    /// should not pay, nor fail where there are none.
    secure: OnceLock<Client<HttpsConnector<HttpConnector>>>,
}

impl HyperTransport {
    /// Needs no runtime. With any TLS option set, all of them are checked here.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let TransportOptions { idle_per_origin, tls } = options;
        let transport =
            Self { idle_per_origin: *idle_per_origin, plain: OnceLock::new(), secure: OnceLock::new() };
        if !tls.is_default() {
            transport.secure(tls)?;
        }
        Ok(transport)
    }

    fn request(&self, request: Request<Outgoing>) -> Result<legacy::ResponseFuture, Error> {
        Ok(if request.uri().scheme() == Some(&Scheme::HTTPS) {
            self.secure(&TlsOptions::default())?.request(request)
        } else {
            self.plain().request(request)
        })
    }

    fn plain(&self) -> &Client<HttpConnector> {
        self.plain.get_or_init(|| client(tcp(), self.idle_per_origin))
    }

    /// `tls` counts only the first time.
    fn secure(&self, tls: &TlsOptions) -> Result<&Client<HttpsConnector<HttpConnector>>, Error> {
        if let Some(client) = self.secure.get() {
            return Ok(client);
        }
        // Two threads may make one each; the second is dropped unused.
        let client = client(HttpsConnector::from((tcp(), tls.config()?)), self.idle_per_origin);
        Ok(self.secure.get_or_init(|| client))
    }
}

impl Transport for HyperTransport {
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>> {
        Box::pin(async move {
            let outgoing = outgoing(request)?;
            let uri = outgoing.uri().clone();
            match self.request(outgoing)?.await {
                Ok(response) => Ok(incoming(response, uri)),
                Err(error) => {
                    if !error.is_connect() {
                        left_connect();
                    }
                    Err(request.body.failure().unwrap_or_else(|| network::error(&error, &uri)))
                }
            }
        })
    }
}

type Client<C> = legacy::Client<Connector<C>, Outgoing>;

fn client<C>(connector: C, idle_per_origin: usize) -> Client<C>
where
    Connector<C>: legacy::connect::Connect + Clone,
{
    legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http1_max_buf_size(READ_BUFFER)
        .pool_max_idle_per_host(idle_per_origin)
        .build(Connector(connector))
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // Shared among a host's addresses, so that a dead one leaves time for the others.
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    tcp
}

fn outgoing(request: &WireRequest) -> Result<Request<Outgoing>, Error> {
    let mut outgoing = Request::new(request.body.outgoing());
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = uri(&request.url)?;
    *outgoing.headers_mut() = headers(request);
    Ok(outgoing)
}

/// `url` without its fragment and without user name and password, which have no place in a request.
fn uri(url: &Url) -> Result<Uri, Error> {
    let uri = match &url[Position::BeforeUsername..Position::BeforeHost] {
        "" => Uri::try_from(&url[..Position::AfterQuery]),
        _ => Uri::try_from(
            [&url[..Position::BeforeUsername], &url[Position::BeforeHost..Position::AfterQuery]].concat(),
        ),
    };
    uri.map_err(|_| Error::InvalidOption("url cannot be sent as an HTTP/1.1 request".into()))
}

/// The request's own, and the usual ones it lacks. hyper adds `host` and the length of a body.
fn headers(request: &WireRequest) -> HeaderMap {
    let WireRequest { method, headers: own, body, .. } = request;
    let mut headers = HeaderMap::with_capacity(own.len() + ADDED);
    for (name, value) in own {
        // The body is here and its length known; another one would have the server wait, or read into the next
        // request.
        if name != CONTENT_LENGTH && name != TRANSFER_ENCODING {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.entry(ACCEPT).or_insert(ANYTHING);
    headers.entry(USER_AGENT).or_insert(OURSELVES);
    // As fetch does: a part of a compressed body cannot be decoded.
    let codings = if own.contains_key(RANGE) { IDENTITY } else { CODINGS };
    headers.entry(ACCEPT_ENCODING).or_insert(codings);
    if body.is_empty() && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        // RFC 9110 §8.6. hyper leaves it out, and some servers answer 411.
        headers.insert(CONTENT_LENGTH, ZERO);
    }
    headers
}

fn incoming(response: Response<Incoming>, uri: Uri) -> WireResponse {
    let (mut head, body) = response.into_parts();
    let reason = match head.extensions.get::<ReasonPhrase>() {
        // Header bytes are Latin-1.
        Some(reason) => reason.as_bytes().iter().copied().map(char::from).collect::<String>().into(),
        None => head.status.canonical_reason().unwrap_or_default().into(),
    };
    // An answer to HEAD has no body, and its headers tell of the one that GET would bring.
    let coding = if body.is_end_stream() { None } else { Coding::of(&head.headers) };
    if coding.is_some() {
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
    }
    WireResponse {
        status: head.status,
        reason,
        headers: head.headers,
        body: WireBody::new(body, coding, uri),
    }
}

// Values that HeaderMap takes without an allocation.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const OURSELVES: HeaderValue = HeaderValue::from_static(concat!("token-rotator/", env!("CARGO_PKG_VERSION")));
const CODINGS: HeaderValue = HeaderValue::from_static(decode::ACCEPTED);
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const ZERO: HeaderValue = HeaderValue::from_static("0");

/// The three above, `host` and `content-length`: the map never grows.
const ADDED: usize = 5;

/// What a connection reads at once at the most. A part of a body keeps all of the buffer it was read into: with hyper's
/// 400 KiB a stream of 512 MB held 60 MB more.
const READ_BUFFER: usize = 64 * 1024;

/// undici's number: under the 5 s after which a Node server closes an idle connection, so that its close and our
/// next request do not cross.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// A host that vanished while we wait for its answer is known after a minute: asked after 15 s of silence, and three
/// times more. reqwest's numbers.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;

/// How long what was sent may stay unacknowledged, as long as a request's own default timeout: Linux' 15 minutes of
/// retransmission help nobody.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

#[cfg(test)]
#[path = "hyper_transport_tests.rs"]
mod tests;
