//! HTTP/1.1 and HTTP/2 by hyper, over TLS by rustls. hyper-util's client keeps the connections.
//!
//! Invariant: a URL is parsed twice: when the user passes it, and here into the URI that hyper takes.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue,
    PROXY_AUTHORIZATION, RANGE, TRANSFER_ENCODING, USER_AGENT,
};
use http::uri::Scheme;
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use once_cell::sync::OnceCell;
use url::{Position, Url};

use crate::clock;
use crate::error::Error;
use crate::fault::Fault;
use crate::http::body::decode::{self, Coding};
use crate::http::body::incoming::IncomingBody;
use crate::http::body::outgoing::OutgoingBody;
use crate::http::body::unsent::Unsent;
use crate::http::connect::connector::Connector;
use crate::http::connect::heads::WithHeads;
use crate::http::connect::link_handle::{LinkHandle, Rest};
use crate::http::connect::proxy::Proxies;
use crate::http::connect::renewal::Renewing;
use crate::http::connect::socket::handing_over;
use crate::http::connect::tcp::Tcp;
use crate::http::connect::tls::{LazyTls, Tls};
use crate::http::connect::unix::SocketPath;
use crate::http::connect::watch::{Watched, left_connect, unprocessed};
use crate::http::diagnose::{needs_http1, network_error};
use crate::http::transport::http2::{self, Http1Origins};
use crate::http::transport::http2_dedup::Http2Dedup;
use crate::http::transport::idle::{IDLE_TIMEOUT, Origins, rest_after};
use crate::http::{Transport, TransportOptions, WireBody, WireRequest, WireResponse, host};

/// HTTP over hyper and rustls. If a kept connection was closed before a request was written, hyper uses another one.
///
/// A response's head is limited to [`READ_BUFFER`], and to [`MOST_FIELDS`].
pub struct HyperTransport {
    idle_per_origin: usize,
    http2: bool,
    way: Way,
    connector: Connector,
    /// For http URLs.
    plain: OnceCell<Client<Connector>>,
    /// For https URLs.
    secure: OnceCell<Client<Http2Dedup<Encrypted>>>,
    /// For https URLs of [`Http1Origins`], and for those with another host in the `host` header, which HTTP/2 cannot express
    /// (RFC 9113 §8.3.1).
    http1_only: OnceCell<Client<Encrypted>>,
    origins: Origins,
    http1_origins: Http1Origins,
}

/// How a client's connections are made, but for a Unix socket.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) tls: LazyTls,
    pub(crate) proxies: Option<Arc<Proxies>>,
    pub(crate) allow_insecure: bool,
}

impl HyperTransport {
    /// Needs no runtime. Checks the TLS options, `socket_path` and `proxy`.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let TransportOptions { idle_per_origin, tls, http2, socket_path, proxy, allow_insecure } = options;
        let proxies = proxy.as_ref().map(|proxy| Proxies::new(proxy, tls)).transpose()?.map(Arc::new);
        let connector = match (socket_path, &proxies) {
            (Some(path), _) => Connector::Socket(SocketPath::new(path)?),
            (None, Some(proxies)) => Connector::Proxied(Arc::clone(proxies), Tcp::new()),
            (None, None) => Connector::Direct(Tcp::new()),
        };
        let way = Way { tls: LazyTls::new(tls)?, proxies, allow_insecure: *allow_insecure };
        Ok(Self {
            idle_per_origin: *idle_per_origin,
            http2: *http2,
            way,
            connector,
            plain: OnceCell::new(),
            secure: OnceCell::new(),
            http1_only: OnceCell::new(),
            origins: Origins::default(),
            http1_origins: Http1Origins::default(),
        })
    }

    /// The way to other servers of this client, such as its authorization server.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    fn request(
        &self,
        url: &Url,
        mut request: Request<OutgoingBody>,
    ) -> Result<legacy::ResponseFuture, Error> {
        if let Connector::Proxied(proxies, _) = &self.connector
            && let Some(credentials) = proxies.credentials(request.uri(), self.way.allow_insecure)?
        {
            request.headers_mut().entry(PROXY_AUTHORIZATION).or_insert(credentials);
        }
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Ok(self.plain().request(request));
        }
        if self.http2 && self.http1_origins.contains(url) {
            return Ok(self.http1_only()?.request(request));
        }
        if self.http2
            && let Some(host) = request.headers().get(HOST)
        {
            if request
                .uri()
                .authority()
                .is_some_and(|authority| host.as_bytes() != authority.as_str().as_bytes())
            {
                return Ok(self.http1_only()?.request(request));
            }
            // hyper adds it in the form of the version that is spoken.
            request.headers_mut().remove(HOST);
        }
        Ok(self.secure()?.request(request))
    }

    fn plain(&self) -> &Client<Connector> {
        self.plain.get_or_init(|| client(self.connector.clone(), self.idle_per_origin, false))
    }

    fn secure(&self) -> Result<&Client<Http2Dedup<Encrypted>>, Error> {
        self.secure.get_or_try_init(|| {
            let connector = Http2Dedup::new(self.encrypted(self.http2)?);
            Ok(client(connector, self.idle_per_origin, self.http2))
        })
    }

    fn http1_only(&self) -> Result<&Client<Encrypted>, Error> {
        self.http1_only.get_or_try_init(|| Ok(client(self.encrypted(false)?, self.idle_per_origin, false)))
    }

    fn encrypted(&self, http2: bool) -> Result<Encrypted, Error> {
        let Tls { mut config, renewal } = self.way.tls.get()?.clone();
        config.alpn_protocols = http2::protocols(http2);
        let inner = HttpsConnector::from((self.connector.clone(), config));
        Ok(Renewing { inner, renewal })
    }
}

impl Transport for HyperTransport {
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>> {
        Box::pin(async move {
            let endings = self.origins.endings(&request.url);
            if let Some(trial) = endings.trial() {
                tokio::time::sleep(trial).await;
            }
            loop {
                let (outgoing, unsent) = outgoing(request)?;
                let uri = outgoing.uri().clone();
                match handing_over(self.request(&request.url, outgoing)?).await {
                    Ok(response) => {
                        let Some(fault) = fault(&response) else {
                            let rest = rest_after(&request.method, &response, endings);
                            return Ok(WireResponse { unsent, ..incoming(response, rest, uri) });
                        };
                        // At once, so that no other request gets this connection.
                        if let Some(handle) = response.extensions().get::<LinkHandle>() {
                            handle.abort();
                        }
                        return Err(Error::Network { subject: host::name(&uri), fault });
                    }
                    Err(error) if http2::shared_connect_failed(&error) => {}
                    Err(error) => {
                        if needs_http1(&error) {
                            self.http1_origins.insert(&request.url);
                            if request.body.is_fresh() {
                                continue;
                            }
                        }
                        if !error.is_connect() {
                            left_connect();
                            endings.ended(clock::now());
                        }
                        if http2::unprocessed(&error) {
                            unprocessed();
                        }
                        return Err(request.body.failure().unwrap_or_else(|| network_error(&error, &uri)));
                    }
                }
            }
        })
    }
}

type Encrypted = Renewing<HttpsConnector<Connector>>;

type Client<C> = legacy::Client<Watched<WithHeads<C>>, OutgoingBody>;

fn client<C>(connector: C, idle_per_origin: usize, http2: bool) -> Client<C>
where
    Watched<WithHeads<C>>: legacy::connect::Connect + Clone,
{
    let mut client = legacy::Client::builder(TokioExecutor::new());
    if http2 {
        http2::configure(&mut client);
    }
    client
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .http1_max_buf_size(READ_BUFFER)
        .http1_max_headers(MOST_FIELDS)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .pool_max_idle_per_host(idle_per_origin)
        .build(Watched(WithHeads(connector)))
}

fn outgoing(request: &WireRequest) -> Result<(Request<OutgoingBody>, Option<Unsent>), Error> {
    let (body, upload) = request.body.outgoing();
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = uri(&request.url)?;
    *outgoing.headers_mut() = headers(request);
    let unsent = upload.map(|upload| Unsent::new(upload, &mut outgoing));
    Ok((outgoing, unsent))
}

/// `url` without fragment, user name and password, which are not sent.
fn uri(url: &Url) -> Result<Uri, Error> {
    let text = match &url[Position::BeforeUsername..Position::BeforeHost] {
        "" => Cow::from(&url[..Position::AfterQuery]),
        _ => [&url[..Position::BeforeUsername], &url[Position::BeforeHost..Position::AfterQuery]]
            .concat()
            .into(),
    };
    if text.len() > LONGEST_URL {
        return Err(Error::invalid_option("url", "is longer than 65534 bytes, the most that can be sent"));
    }
    Uri::try_from(&*text).map_err(|_| Error::invalid_option("url", "cannot be sent as an HTTP/1.1 request"))
}

/// The request's own headers, and the usual ones that it lacks. hyper adds `host` and the length of the body.
fn headers(request: &WireRequest) -> HeaderMap {
    let WireRequest { method, headers: own, body, .. } = request;
    let mut headers = HeaderMap::with_capacity(own.len() + ADDED);
    for (name, value) in own {
        // Only the body's real length may be sent: a larger one makes the server wait, a smaller one makes it take the
        // rest for the next request.
        if name != CONTENT_LENGTH && name != TRANSFER_ENCODING {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.entry(ACCEPT).or_insert(ANYTHING);
    headers.entry(USER_AGENT).or_insert(OURSELVES);
    // As in fetch, because a part of a compressed body cannot be decoded.
    let codings = if own.contains_key(RANGE) { IDENTITY } else { CODINGS };
    headers.entry(ACCEPT_ENCODING).or_insert(codings);
    if body.is_empty() && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        // RFC 9110 §8.6. hyper leaves it out, and then some servers answer 411.
        headers.insert(CONTENT_LENGTH, ZERO);
    }
    headers
}

/// The fault of an answer that leaves open where the next answer on its connection begins.
fn fault(response: &Response<Incoming>) -> Option<Fault> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Some(Fault::Upgraded);
    }
    let headers = response.headers();
    if response.extensions().get::<LinkHandle>().is_some_and(LinkHandle::is_refused) {
        return Some(Fault::FoldedFraming);
    }
    let has_two_ends = headers.contains_key(TRANSFER_ENCODING)
        && headers.contains_key(CONTENT_LENGTH)
        && !response.body().is_end_stream();
    has_two_ends.then_some(Fault::TwoEnds)
}

fn incoming(response: Response<Incoming>, rest: Option<Rest>, uri: Uri) -> WireResponse {
    let (mut head, body) = IncomingBody::of(response, rest).into_parts();
    let reason = match head.extensions.get::<ReasonPhrase>() {
        // Header bytes are Latin-1.
        Some(reason) => reason.as_bytes().iter().copied().map(char::from).collect::<String>().into(),
        None => head.status.canonical_reason().unwrap_or_default().into(),
    };
    // An answer to HEAD has no body; its headers describe the body that GET would get.
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
        unsent: None,
    }
}

// Constants, so that HeaderMap takes them without an allocation.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
pub(crate) const OURSELVES: HeaderValue =
    HeaderValue::from_static(concat!("token-rotator/", env!("CARGO_PKG_VERSION")));
const CODINGS: HeaderValue = HeaderValue::from_static(decode::ACCEPTED);
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const ZERO: HeaderValue = HeaderValue::from_static("0");

/// Room for the three above, `host` and `content-length`, so that the map never grows.
const ADDED: usize = 5;

/// The most that the crate http takes. Servers usually take 8 or 16 KiB.
const LONGEST_URL: usize = 65_534;

/// Node's number. hyper makes room for all of them before it reads a head.
const MOST_FIELDS: usize = 2000;

/// The most that a connection reads at once. A part of a body keeps the whole buffer that it was read into: with hyper's
/// 400 KiB a stream of 512 MB held 60 MB more.
const READ_BUFFER: usize = 64 * 1024;

#[cfg(test)]
mod tests;
