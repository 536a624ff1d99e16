//! HTTP/1.1 and HTTP/2 by hyper, over TLS by rustls. hyper-util's client keeps the connections, and [`message`] has the requests and
//! answers that go over them.

mod message;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Request;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use once_cell::sync::OnceCell;
use url::Url;

use crate::clock;
use crate::error::Error;
use crate::http::body::outgoing::OutgoingBody;
use crate::http::connect::connector::{Connector, Shared};
use crate::http::connect::heads::WithHeads;
use crate::http::connect::link_handle::LinkHandle;
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
use crate::http::{Transport, TransportOptions, WireRequest, WireResponse, host};
use message::{add_host, fault, incoming, outgoing};

pub(crate) use message::OURSELVES;

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
            add_host(&mut request, url)?;
            return Ok(self.plain().request(request));
        }
        if !self.http2 {
            add_host(&mut request, url)?;
            return Ok(self.secure()?.request(request));
        }
        if self.http1_origins.contains(url) {
            add_host(&mut request, url)?;
            return Ok(self.http1_only()?.request(request));
        }
        if let Some(host) = request.headers().get(HOST) {
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

type Client<C> = legacy::Client<Watched<WithHeads<Shared<C>>>, OutgoingBody>;

fn client<C>(connector: C, idle_per_origin: usize, http2: bool) -> Client<C>
where
    Watched<WithHeads<Shared<C>>>: legacy::connect::Connect + Clone,
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
        // Else `add_host` has done so, and hyper would make a copy of the URI.
        .set_host(http2)
        .pool_max_idle_per_host(idle_per_origin)
        .build(Watched(WithHeads(Shared::new(connector))))
}

/// Node's number. hyper makes room for all of them before it reads a head.
const MOST_FIELDS: usize = 2000;

/// The most that a connection reads at once. A part of a body keeps the whole buffer that it was read into: with hyper's
/// 400 KiB a stream of 512 MB held 60 MB more.
const READ_BUFFER: usize = 64 * 1024;

#[cfg(test)]
mod tests;
