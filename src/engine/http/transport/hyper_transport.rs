//! HTTP/1.1 and HTTP/2 by hyper, over TLS by rustls. A [`Pool`] keeps the connections, and [`message`] has the requests and
//! answers that go over them.

mod message;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use once_cell::sync::OnceCell;
use url::Url;

use crate::clock;
use crate::error::Error;
use crate::http::body::incoming::IncomingBody;
use crate::http::body::outgoing::OutgoingBody;
use crate::http::body::unsent::Unsent;
use crate::http::connect::connector::Connector;
use crate::http::connect::proxy::Proxies;
use crate::http::connect::renewal::Renewing;
use crate::http::connect::tcp::Tcp;
use crate::http::connect::tls::{LazyTls, Tls};
use crate::http::connect::unix::SocketPath;
use crate::http::connect::watch::{left_connect, unprocessed};
use crate::http::diagnose::{connect_error, needs_http1, network_error};
use crate::http::transport::dial::{Dial, Dialler};
use crate::http::transport::failure::Failure;
use crate::http::transport::http2::{self, Http1Origins};
use crate::http::transport::http2_dedup::Http2Dedup;
use crate::http::transport::idle::rest_after;
use crate::http::transport::pool::{Checkout, Connections, Pool};
use crate::http::{Transport, TransportOptions, WireRequest, WireResponse, host};
use message::{fault, incoming, outgoing};

pub(crate) use message::OURSELVES;

/// HTTP over hyper and rustls. If a kept connection was closed before a request was written, the request goes over
/// another one.
pub struct HyperTransport {
    idle_per_origin: usize,
    http2: bool,
    way: Way,
    connector: Connector,
    /// For http URLs.
    plain: OnceCell<Pool>,
    /// For https URLs.
    secure: OnceCell<Pool>,
    /// For https URLs of [`Http1Origins`], and for those with another host in the `host` header, which HTTP/2 cannot express
    /// (RFC 9113 §8.3.1).
    http1_only: OnceCell<Pool>,
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
            http1_origins: Http1Origins::default(),
        })
    }

    /// The way to other servers of this client, such as its authorization server.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// The pool whose connections `request` to `url` may use. Makes its headers fit them.
    fn pool(&self, url: &Url, request: &mut Request<OutgoingBody>) -> Result<&Pool, Error> {
        if let Connector::Proxied(proxies, _) = &self.connector
            && let Some(credentials) = proxies.credentials(request.uri(), self.way.allow_insecure)?
        {
            request.headers_mut().entry(PROXY_AUTHORIZATION).or_insert(credentials);
        }
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Ok(self.plain());
        }
        if !self.http2 {
            return self.secure();
        }
        if self.http1_origins.contains(url) {
            return self.http1_only();
        }
        if let Some(host) = request.headers().get(HOST) {
            if host.as_bytes() != host::with_port(url).as_bytes() {
                return self.http1_only();
            }
            // An HTTP/1.1 connection adds it again.
            request.headers_mut().remove(HOST);
        }
        self.secure()
    }

    fn plain(&self) -> &Pool {
        self.plain.get_or_init(|| self.pool_of(self.connector.clone()))
    }

    fn secure(&self) -> Result<&Pool, Error> {
        self.secure.get_or_try_init(|| Ok(self.pool_of(Http2Dedup::new(self.encrypted(self.http2)?))))
    }

    fn http1_only(&self) -> Result<&Pool, Error> {
        self.http1_only.get_or_try_init(|| Ok(self.pool_of(self.encrypted(false)?)))
    }

    fn pool_of<C>(&self, connector: C) -> Pool
    where
        Dialler<C>: Dial + 'static,
    {
        Pool::new(Dialler::new(connector), self.idle_per_origin)
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
            loop {
                let (mut outgoing, mut unsent) = outgoing(request)?;
                let uri = outgoing.uri().clone();
                let pool = self.pool(&request.url, &mut outgoing)?;
                let connections = pool.origin(host::with_port(&request.url))?;
                if let Some(trial) = connections.endings.trial() {
                    tokio::time::sleep(trial).await;
                }
                let failure = match exchange(pool, &connections, &uri, outgoing, &mut unsent).await {
                    Ok((answer, checkout)) => {
                        let answer = checked(answer, checkout, request, &connections, &uri)?;
                        return Ok(WireResponse { unsent, ..incoming(answer, uri) });
                    }
                    Err(failure) => failure,
                };
                if needs_http1(&failure) {
                    self.http1_origins.insert(&request.url);
                    if request.body.is_fresh() {
                        continue;
                    }
                }
                if failure.is_unprocessed() {
                    unprocessed();
                }
                let error = if failure.is_connected() {
                    left_connect();
                    connections.endings.ended(clock::now());
                    network_error(&failure, &uri)
                } else {
                    connect_error(&failure, &uri)
                };
                return Err(request.body.failure().unwrap_or(error));
            }
        })
    }
}

/// Sends `request` over connections that rest until one of them takes it, or over one that is made for it.
async fn exchange(
    pool: &Pool,
    connections: &Arc<Connections>,
    uri: &Uri,
    mut request: Request<OutgoingBody>,
    unsent: &mut Option<Unsent>,
) -> Result<(Response<Incoming>, Checkout), Failure> {
    loop {
        let mut checkout = pool.check_out(connections, uri).await?;
        if let Some(unsent) = unsent {
            unsent.goes_over(checkout.own_link());
        }
        let mut error = match checkout.send(request).await {
            Ok(answer) => return Ok((answer, checkout)),
            Err(error) => error,
        };
        match error.take_message() {
            Some(unwritten) if !checkout.is_new() => {
                request = unwritten;
                *request.uri_mut() = uri.clone();
            }
            _ => return Err(error.into()),
        }
    }
}

/// `answer` to `request`, whose connection rests after its body. An error if it leaves open where the next answer begins.
fn checked(
    answer: Response<Incoming>,
    checkout: Checkout,
    request: &WireRequest,
    connections: &Connections,
    uri: &Uri,
) -> Result<Response<IncomingBody>, Error> {
    if let Some(fault) = fault(&answer, checkout.link()) {
        // At once, so that no other request gets this connection.
        checkout.link().abort();
        return Err(Error::Network { subject: host::name(uri), fault });
    }
    let Some(link) = checkout.own_link().cloned() else { return Ok(IncomingBody::of(answer, None, None)) };
    let rest = rest_after(&link, &request.method, answer.headers(), &connections.endings);
    let end = Box::new(move |is_complete| {
        // Else a request that waits would get it in vain, and connect a second time.
        if rest.begin(is_complete) {
            checkout.give_back();
        }
    });
    Ok(IncomingBody::of(answer, Some(link), Some(end)))
}

type Encrypted = Renewing<HttpsConnector<Connector>>;

#[cfg(test)]
mod tests;
