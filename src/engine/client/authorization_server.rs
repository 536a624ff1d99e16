//! How grants reach an authorization server: over reqwest, one exchange on one new connection.
//!
//! A few questions an hour need comfort rather than microseconds, so that this side has a client of its own, with the API's TLS
//! and proxy. Invariant: a form is written to one connection at most. Nothing here follows a redirect, keeps a connection, or
//! sends again.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use ::http::uri::Scheme;
use ::http::{Method, Uri};
use futures_util::future::BoxFuture;
use hyper_util::client::legacy;
use once_cell::sync::OnceCell;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Proxy, Request, Response};
use rustls::ClientConfig;
use tokio::time::timeout;
use tower_layer::Layer;
use tower_service::Service;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::clock;
use crate::error::Error;
use crate::fault::Fault;
use crate::fault::cause::causes;
use crate::grant::{Answer, Form, NotAnswered, Permit, Post};
use crate::http::connect::link::BoxError;
use crate::http::connect::resolve::Resolver;
use crate::http::connect::tls::trusting_nobody;
use crate::http::connect::watch::{Watched, left_connect, unprocessed, watched};
use crate::http::origin::{check_transport, has_credentials};
use crate::http::retry::retry_after;
use crate::http::transport::http2;
use crate::http::transport::hyper_transport::OURSELVES;
use crate::http::{HyperTransport, PhaseCell, Way, connect_error, host, network_error, proves_unsent};
use crate::secret::Secret;

/// No token endpoint's answer is as large.
pub(super) const MOST_BYTES: usize = 256 * 1024;

/// Metadata that takes longer is of no use: callers wait meanwhile, and asking again spends nothing.
pub(super) const METADATA_WITHIN: Duration = Duration::from_secs(10);

pub struct AuthorizationServer {
    way: Way,
    /// Of a form, from its first step to the end of its answer.
    deadline: Duration,
    /// For http URLs that no proxy leads to, because reading the system's authorities takes milliseconds. Both are made when they
    /// are first needed.
    plain: OnceCell<reqwest::Client>,
    secure: OnceCell<reqwest::Client>,
}

impl AuthorizationServer {
    /// Takes the TLS options and the proxy of `transport`. A Unix socket is for the API alone, and so is the plain http that it
    /// permits: `allow_insecure` is the user's own. `deadline` is long, because a late answer may hold the only valid refresh token.
    pub fn new(transport: &HyperTransport, allow_insecure: bool, deadline: Duration) -> Self {
        let way = Way { allow_insecure, ..transport.way().clone() };
        Self { way, deadline, plain: OnceCell::new(), secure: OnceCell::new() }
    }

    fn client(&self, uri: &Uri) -> Result<&reqwest::Client, Error> {
        if uri.scheme() == Some(&Scheme::HTTP) && self.way.proxies.is_none() {
            return self.plain.get_or_try_init(|| self.made(trusting_nobody()?));
        }
        self.secure.get_or_try_init(|| self.made(self.way.tls.get()?.config.clone()))
    }

    fn made(&self, mut tls: ClientConfig) -> Result<reqwest::Client, Error> {
        tls.alpn_protocols = http2::protocols(true);
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(Names))
            .connector_layer(WatchConnects)
            .user_agent(OURSELVES)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .no_proxy();
        if let Some(proxies) = &self.way.proxies {
            let proxies = Arc::clone(proxies);
            client = client.proxy(Proxy::custom(move |url| proxies.url_of(&url.as_str().parse().ok()?)));
        }
        client.build().map_err(|_| Error::Internal)
    }

    /// The request, if it may be sent.
    fn request(&self, method: Method, url: Url) -> Result<(Request, Uri), Error> {
        check_endpoint(&url, self.way.allow_insecure)?;
        let uri: Uri = url.as_str().parse().map_err(|_| Error::Internal)?;
        if let Some(proxies) = &self.way.proxies {
            proxies.credentials(&uri, self.way.allow_insecure)?;
        }
        let mut request = Request::new(method, url);
        request.headers_mut().insert(ACCEPT, JSON);
        Ok((request, uri))
    }

    async fn ask(
        &self,
        request: Result<(Request, Uri), Error>,
        deadline: Duration,
    ) -> Result<Answer, NotAnswered> {
        let ready = request.and_then(|request| Ok((self.client(&request.1)?, request)));
        let (client, (request, uri)) = ready.map_err(|error| NotAnswered { sent: false, error })?;
        let phase = PhaseCell::default();
        let exchange = watched(&phase, self.exchange(client, request, &uri, &phase));
        let error = match timeout(deadline, exchange).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => Error::Timeout { phase: phase.get(), after: deadline },
        };
        Err(NotAnswered { sent: !phase.provably_unsent(), error })
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: Request,
        uri: &Uri,
        phase: &PhaseCell,
    ) -> Result<Answer, Error> {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            self.way.tls.get()?.renewal.renew().await.map_err(|error| Error::from(&error))?;
        }
        phase.begin();
        let mut response = client.execute(request).await.map_err(|error| self.failure(&error, uri))?;
        phase.answered();
        let status = response.status().as_u16();
        let headers = response.headers();
        let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let answer = Answer {
            status,
            retry_after: retry_after(headers, clock::wall_ms()),
            dpop_nonce: text(HeaderName::from_static("dpop-nonce")),
            challenge: challenge(headers),
            content_type: text(CONTENT_TYPE),
            body: Secret::new(String::new()),
        };
        let body = match body(&mut response).await {
            Ok(body) => body,
            // The status says all that counts.
            Err(_) if status == 429 || status >= 500 => Zeroizing::default(),
            Err(error) => return Err(network_error(&error, uri)),
        };
        Ok(Answer { body: Secret::new(String::from_utf8_lossy(&body).into_owned()), ..answer })
    }

    fn failure(&self, error: &reqwest::Error, uri: &Uri) -> Error {
        let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<legacy::Error>()) else {
            return network_error(error, uri);
        };
        let never_connected = error.connect_info().is_none();
        if never_connected || proves_unsent(error) {
            unprocessed();
        }
        let error = if error.is_connect() {
            connect_error(error, uri)
        } else {
            left_connect();
            network_error(error, uri)
        };
        let proxy = self.way.proxies.as_ref().and_then(|proxies| proxies.name_of(uri));
        match (error, proxy) {
            (Error::Network { fault, .. }, Some(proxy)) if is_of_proxy(fault) => {
                let subject = format!("{} cannot be reached: its proxy {proxy}", host::name(uri));
                let fault = if fault == Fault::Unknown { Fault::ProxyFailed } else { fault };
                Error::Network { subject, fault }
            }
            (error, _) => error,
        }
    }
}

impl Post for AuthorizationServer {
    fn post(&self, form: Form) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        let Form { url, headers, fields, permit } = form;
        let mut request = self.request(Method::POST, url);
        if let Ok((request, _)) = &mut request {
            request.headers_mut().insert(CONTENT_TYPE, FORM);
            request.headers_mut().extend(headers);
            *request.body_mut() = Some(encoded(&fields).into());
        }
        Box::pin(PERMIT.scope(permit, self.ask(request, self.deadline)))
    }

    fn get(&self, url: Url) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        Box::pin(self.ask(self.request(Method::GET, url), self.deadline.min(METADATA_WITHIN)))
    }
}

/// Refuses a URL that no form may be sent to.
pub(super) fn check_endpoint(url: &Url, allow_insecure: bool) -> Result<(), Error> {
    check_transport(url, allow_insecure)?;
    if matches!(url.scheme(), "http" | "https") && !has_credentials(url) {
        return Ok(());
    }
    Err(Error::invalid_option("tokenEndpoint", "must be an https URL without user name and password"))
}

pub(super) fn encoded(fields: &[(Cow<'static, str>, Secret)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields.iter().map(|(name, value)| (name, value.expose())));
    body.finish()
}

/// Empty if there is more of it than a token endpoint sends.
async fn body(response: &mut Response) -> Result<Zeroizing<Vec<u8>>, reqwest::Error> {
    let mut body = Zeroizing::new(Vec::new());
    let fits = |length: usize| length <= MOST_BYTES;
    if response.content_length().is_some_and(|length| !usize::try_from(length).is_ok_and(fits)) {
        return Ok(body);
    }
    while let Some(chunk) = response.chunk().await? {
        if !fits(body.len() + chunk.len()) {
            return Ok(Zeroizing::default());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(super) fn challenge(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Through a proxy, this machine looks up and connects to the proxy alone.
fn is_of_proxy(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Unknown
            | Fault::Refused
            | Fault::UnknownName
            | Fault::NoNameServer
            | Fault::NoRouteToHost
            | Fault::NoRouteToNetwork
    )
}

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Looks up names as the API's transport does.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = Resolver::default().look_up(name.as_str().to_owned()).await?;
            Ok(Box::new(found) as Addrs)
        })
    }
}

/// Tells the exchange of its connect, so that a failure or a deadline says whether a byte was sent.
#[derive(Clone)]
struct WatchConnects;

impl<S> Layer<S> for WatchConnects {
    type Service = Watched<Permitted<S>>;

    fn layer(&self, connector: S) -> Self::Service {
        Watched(Permitted(connector))
    }
}

tokio::task_local! {
    /// Of the form that this task sends.
    static PERMIT: Permit;
}

/// A connector whose connections come too late if the form must not be sent any more: then the connect fails, so that nothing is sent.
#[derive(Clone)]
struct Permitted<S>(S);

#[derive(Debug, thiserror::Error)]
#[error("the lease was lost before the token could be sent")]
struct TooLate;

impl<S, R> Service<R> for Permitted<S>
where
    S: Service<R>,
    S::Response: Send,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let connecting = self.0.call(destination);
        Box::pin(async move {
            let connection = connecting.await.map_err(Into::into)?;
            // An error means that the task asks for metadata.
            let may_send = PERMIT.try_with(Permit::holds).unwrap_or(true);
            if may_send { Ok(connection) } else { Err(TooLate.into()) }
        })
    }
}

#[cfg(test)]
mod tests;
