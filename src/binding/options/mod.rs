//! A client's settings as `lib/options/client.js` makes them: complete, checked and with defaults. One file for each
//! group of options.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderName;
use napi_derive::napi;
use tokio_util::task::TaskTracker;
use url::Url;

use self::grant::NativeGrant;
use self::session::{Bringing, NativeQueue, NativeSession};
use self::transport::NativeTransport;
use crate::binding::callbacks::Callbacks;
use crate::binding::callbacks::transport::UserTransport;
use crate::binding::part_of::PartOfRotation;
use crate::binding::queue::Queue;
use engine::client::{AuthorizationServer, Config, Judge, OriginCounts, PostOver};
use engine::dpop::Nonces;
use engine::error::Error;
use engine::grant::{Grant, Post};
use engine::http::retry::Budget;
use engine::http::{Limits, MAX_REDIRECTS, Origins, Rules, Transport};
use engine::lock::Lock;
use engine::present::Format;
use engine::session::registry::Registry;
use engine::wait::gate::Gate;

mod grant;
mod request;
mod retry;
mod secret;
mod session;
pub(super) mod store;
mod transport;

pub(super) use request::{RequestParts, header_lines};
pub use retry::NativeRetry;

/// Durations are in milliseconds. An absent field is undefined, never null.
#[napi(object, object_to_js = false)]
pub struct Settings {
    pub base_url: Option<String>,
    pub allowed_origins: Vec<String>,
    pub allow_insecure: bool,
    pub headers: String,
    pub header: NativeHeader,
    pub session: NativeSession,
    /// None: the user's `refresh` function.
    pub grant: Option<NativeGrant>,
    pub queue: NativeQueue,
    pub transport: NativeTransport,
    pub timeout: f64,
    /// As [`request::redirect_mode`] reads it.
    pub redirect: u32,
    pub max_response_size: f64,
    pub retry: NativeRetry,
    pub has_expired: bool,
    pub judged_statuses: Vec<u32>,
    pub replay: bool,
}

/// The header that carries the token.
#[napi(object, object_to_js = false)]
pub struct NativeHeader {
    pub name: String,
    pub has_format: bool,
}

/// A body up to this size is read before its answer crosses, because that saves a second crossing.
const WHOLE_UP_TO: u64 = 256 * 1024;

/// How long an answer waits for a body of unknown length. Nearly all bodies end with the head or right after it; a stream
/// hardly notices the delay.
const PATIENCE: Duration = Duration::from_millis(5);

impl Settings {
    /// `client` is the number of this client's callbacks.
    pub(super) fn into_config(self, queue: Arc<Queue>, client: u32) -> Result<Config, Error> {
        let session = &self.session;
        let callbacks = Callbacks {
            queue,
            client,
            patience: ms(session.store_timeout.unwrap_or(session.refresh_timeout)),
            hears_refreshed: session.hears_refreshed,
            hears_superseded: session.hears_superseded,
        };
        let scope = self.grant.as_ref().and_then(NativeGrant::scope_of_sessions);
        let binds = self.grant.as_ref().is_some_and(|grant| grant.dpop.is_some());
        let registry = Registry::of(session.store_id(scope.as_deref()));
        let base = self.base_url.as_deref().map(|base| url("baseURL", base)).transpose()?;
        let allowed = self.allowed_origins.iter().map(|origin| url("allowedOrigins", origin));
        // A request to a Unix socket does not leave this machine, whatever its URL says.
        let allow_insecure = self.allow_insecure || self.transport.socket_path.is_some();
        let connections = self.transport.connections as usize;
        let deadline = self.session.policy().hard_limit();
        let custom = self.transport.custom;
        let network = self.transport.into_transport(allow_insecure, &callbacks)?;
        let (transport, post): (Arc<dyn Transport>, Arc<dyn Post>) = if custom {
            let transport = Arc::new(UserTransport(callbacks.clone()));
            let post = PostOver::new(Arc::clone(&transport) as _, self.allow_insecure, deadline);
            (transport, Arc::new(post))
        } else {
            let post = AuthorizationServer::new(&network, self.allow_insecure, deadline);
            (Arc::new(network), Arc::new(post))
        };
        let grant: Arc<dyn Grant> = match self.grant {
            Some(grant) => Arc::new(PartOfRotation(grant.into_grant(&callbacks, post)?)),
            None => Arc::new(callbacks.clone()),
        };
        let (format, judge) = (callbacks.clone(), callbacks.clone());
        let bringing = Bringing { grant, scope, binds };
        Ok(Config {
            participant: Arc::new(self.session.into_participant(
                &self.queue,
                callbacks,
                bringing,
                &registry,
            )?),
            registry,
            origins: Origins::new(base, allowed.collect::<Result<_, _>>()?, allow_insecure),
            origin_counts: OriginCounts::default(),
            gate: Gate::new(connections),
            transport: Lock::new(Some(transport)),
            format: self.header.has_format.then(|| Arc::new(format) as Arc<dyn Format>),
            judge: self.has_expired.then(|| Box::new(judge) as Box<dyn Judge>),
            replay: self.replay,
            headers: header_lines(&self.headers)?,
            header_name: HeaderName::try_from(self.header.name).map_err(|_| invalid("header.name"))?,
            nonces: Nonces::default(),
            rules: Rules {
                redirect: request::redirect_mode(self.redirect).unwrap_or_default(),
                max_redirects: MAX_REDIRECTS,
                limits: Limits {
                    size: self.max_response_size as u64,
                    time: ms(self.timeout),
                    whole_up_to: WHOLE_UP_TO,
                    patience: PATIENCE,
                },
                allow_insecure,
                judged: self
                    .judged_statuses
                    .into_iter()
                    .filter_map(|status| status.try_into().ok())
                    .collect(),
            },
            retry: Arc::new(self.retry.try_into()?),
            budget: Budget::default(),
            queue_timeout: ms(self.queue.timeout),
            calls: TaskTracker::new(),
        })
    }
}

pub(super) fn ms(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

fn url(option: &'static str, text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|_| invalid(option))
}

fn invalid(option: &'static str) -> Error {
    Error::invalid_option(option, "is not valid")
}
