//! The option `proxy`: which origins are reached through a proxy, and the connection to it.
//!
//! Invariant: the proxy's user name and password go to the proxy alone: neither to the origin behind it, nor into an error.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod socks;
mod tunnel;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tower_service::Service;
use url::Url;

use crate::error::Error;
use crate::http::connect::link::{BoxError, Link};
use crate::http::connect::tcp::Tcp;
use crate::http::connect::tls::{Tls, TlsOptions};
use crate::http::host::{self, is_loopback, without_brackets};

/// URLs of proxies, as `lib/options/proxy.js` reads them: `http`, `https`, `socks5` (this machine looks names up) or
/// `socks5h` (the proxy does). There is no `Debug`, because the URLs may hold passwords.
#[derive(Clone, Default)]
pub struct ProxyOptions {
    /// For http URLs; empty for none.
    pub http: String,
    /// For https URLs; empty for none.
    pub https: String,
    /// Hosts that are reached directly, in the form of `NO_PROXY`.
    pub except: String,
    /// True if requests to this machine use the proxy too.
    pub loopback: bool,
}

/// A proxy that cannot be used. If the proxy itself says why, the source is a [`Fault`](crate::fault::Fault).
#[derive(Debug, thiserror::Error)]
#[error("proxy error")]
pub(crate) struct ProxyError {
    /// Scheme, host and port of the proxy.
    pub(crate) name: String,
    pub(crate) source: BoxError,
}

pub(crate) struct Proxies {
    rules: Matcher,
    /// The exceptions that name a port.
    ports: Vec<(u16, Matcher)>,
    loopback: bool,
    /// For a proxy whose own URL is https.
    tls: Option<Tls>,
    options: ProxyOptions,
}

impl Proxies {
    /// `tls` also applies to a proxy whose URL is https, but such a proxy gets no client certificate.
    pub(crate) fn new(options: &ProxyOptions, tls: &TlsOptions) -> Result<Self, Error> {
        let ProxyOptions { http, https, except, loopback } = options;
        let (ports, hosts): (Vec<_>, Vec<_>) = except
            .split([',', ' ', '\t'])
            .map(|entry| entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry))
            .map(|entry| (entry, port_of(entry)))
            .partition(|(_, port)| port.is_some());
        let hosts: Vec<_> = hosts.into_iter().map(|(host, _)| without_brackets(host)).collect();
        let rules = Matcher::builder().http(http.as_str()).https(https.as_str()).no(hosts.join(",")).build();
        let ports = ports.into_iter().filter_map(|(entry, port)| {
            let host = without_brackets(entry.rsplit_once(':')?.0);
            Some((port?, Matcher::builder().all(ANYWHERE).no(host).build()))
        });
        let mut encrypted = false;
        for (url, scheme) in [(http, Scheme::HTTP), (https, Scheme::HTTPS)] {
            let origin = Uri::builder().scheme(scheme).authority(UNEXCEPTED).path_and_query("/").build();
            let origin = origin.map_err(|_| Error::Internal)?;
            let unexcepted = Matcher::builder().all(url.as_str()).build();
            match unexcepted.intercept(&origin) {
                Some(proxy) if proxy.raw_auth().is_some_and(is_too_long) => {
                    return Err(Error::invalid_option(
                        "proxy",
                        "is a SOCKS proxy, which takes no user name or password of more than 255 bytes",
                    ));
                }
                Some(proxy) => encrypted |= proxy.uri().scheme() == Some(&Scheme::HTTPS),
                None if url.is_empty() => {}
                // Never go around the proxy: the user may rely on it.
                None => return Err(Error::invalid_option("proxy", "is not the URL of a proxy")),
            }
        }
        let tls = if encrypted {
            let mut tls = TlsOptions { cert: None, key: None, ..tls.clone() }.config()?;
            tls.config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(tls)
        } else {
            None
        };
        Ok(Self { rules, ports: ports.collect(), loopback: *loopback, tls, options: options.clone() })
    }

    /// The URL of the proxy on the way to `origin`, for another HTTP client. It holds the credentials.
    pub(crate) fn url_of(&self, origin: &Uri) -> Option<Url> {
        self.of(origin)?;
        let ProxyOptions { http, https, .. } = &self.options;
        let mut url = Url::parse(if origin.scheme() == Some(&Scheme::HTTPS) { https } else { http }).ok()?;
        if url.scheme().starts_with("socks") && url.port().is_none() {
            url.set_port(Some(SOCKS_PORT)).ok()?;
        }
        Some(url)
    }

    /// The same without the credentials, as errors show it.
    pub(crate) fn name_of(&self, origin: &Uri) -> Option<String> {
        Some(host::name(self.of(origin)?.uri()))
    }

    /// A link to `origin`, through its proxy if it has one.
    pub(crate) fn connect(
        self: &Arc<Self>,
        tcp: &mut Tcp,
        origin: Uri,
    ) -> BoxFuture<'static, Result<Link, BoxError>> {
        let Some(proxy) = self.of(&origin) else {
            return tcp.call(origin);
        };
        let (proxies, tcp) = (Arc::clone(self), tcp.clone());
        Box::pin(async move {
            let name = host::name(proxy.uri());
            let link = proxies.through(&proxy, tcp, origin).await;
            link.map_err(|source| ProxyError { name, source }.into())
        })
    }

    async fn through(&self, proxy: &Intercept, tcp: Tcp, origin: Uri) -> Result<Link, BoxError> {
        let kind = proxy.uri().scheme_str().unwrap_or_default();
        let link = self.reach(proxy, tcp).await?;
        if kind.starts_with("socks") {
            let local_names = kind == "socks5";
            return Ok(socks::tunnel(link, &origin, proxy.raw_auth(), local_names).await?);
        }
        if origin.scheme() == Some(&Scheme::HTTPS) {
            return tunnel::connect(link, &origin, proxy.basic_auth()).await;
        }
        Ok(link.forwarded())
    }

    /// A link to the proxy itself.
    async fn reach(&self, proxy: &Intercept, mut tcp: Tcp) -> Result<Link, BoxError> {
        match (&self.tls, proxy.uri().scheme()) {
            (Some(tls), Some(scheme)) if *scheme == Scheme::HTTPS => {
                tls.renewal.renew().await?;
                let mut tls = HttpsConnector::from((tcp, tls.config.clone()));
                Ok(Link::new(tls.call(proxy.uri().clone()).await?))
            }
            _ => tcp.call(with_port(proxy.uri())).await,
        }
    }

    /// The proxy's own credentials, if the proxy reads the request; a tunnel got them when it was made. An error if plain
    /// http would leave this machine towards the proxy.
    pub(crate) fn credentials(&self, uri: &Uri, allow_insecure: bool) -> Result<Option<HeaderValue>, Error> {
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Ok(None);
        }
        let Some(proxy) = self.of(uri) else { return Ok(None) };
        let encrypted = proxy.uri().scheme() == Some(&Scheme::HTTPS);
        if !(allow_insecure || encrypted || is_local(proxy.uri())) {
            return Err(Error::InsecureTransport { origin: host::name(uri) });
        }
        Ok(proxy.basic_auth().cloned())
    }

    fn of(&self, origin: &Uri) -> Option<Intercept> {
        if !self.loopback && is_local(origin) {
            return None;
        }
        let port = host::port(origin);
        if self.ports.iter().any(|(of, rules)| Some(*of) == port && rules.intercept(origin).is_none()) {
            return None;
        }
        self.rules.intercept(origin)
    }
}

/// The port at the end of an entry of `NO_PROXY`. An IPv6 address can have a port only behind brackets.
fn port_of(entry: &str) -> Option<u16> {
    let (host, port) = entry.rsplit_once(':')?;
    if host.contains(':') && !host.ends_with(']') { None } else { port.parse().ok() }
}

fn is_too_long((user, password): (&str, &str)) -> bool {
    user.len().max(password.len()) > socks::LONGEST
}

/// Adds the default port of SOCKS, because the connector knows only those of http and https.
fn with_port(proxy: &Uri) -> Uri {
    let is_socks = proxy.scheme_str().is_some_and(|scheme| scheme.starts_with("socks"));
    if !is_socks || proxy.port().is_some() {
        return proxy.clone();
    }
    let host = proxy.host().unwrap_or_default();
    format!("http://{host}:{SOCKS_PORT}/").parse().unwrap_or_else(|_| proxy.clone())
}

fn is_local(uri: &Uri) -> bool {
    uri.host().is_some_and(is_loopback)
}

/// RFC 1928 §3.
const SOCKS_PORT: u16 = 1080;

/// The proxy of a matcher that is asked only for its exceptions.
const ANYWHERE: &str = "http://proxy";

/// A host that no exception names.
const UNEXCEPTED: &str = "origin";

#[cfg(test)]
mod tests;
