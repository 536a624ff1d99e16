//! A client's settings, as `lib/options/client.js` hands them over: complete, checked and defaulted there.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::http::Method;
use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use napi_derive::napi;
use url::Url;

use super::callbacks::Callbacks;
use super::tokens::NativeTokens;
use engine::client::{Config, Judge};
use engine::error::Error;
use engine::http::retry::{Budget, RetryRules};
use engine::http::{
    HyperTransport, Limits, Origins, ProxyOptions, RedirectMode, Rules, TlsOptions, TransportOptions,
};
use engine::present::Format;
use engine::session::participant::{Counters, Participant, Seed};
use engine::session::registry::Registry;
use engine::session::schedule::Policy;
use engine::session::signal::{Gauge, Signal};
use engine::store::Store;
use engine::wait::gate::Gate;
use engine::wait::waiting_limit::WaitingLimit;

/// Durations in milliseconds. Absent means undefined, never null.
#[napi(object, object_to_js = false)]
#[allow(clippy::struct_excessive_bools, reason = "options are what users wrote")]
pub struct Settings {
    pub base_url: Option<String>,
    pub allowed_origins: Vec<String>,
    pub headers: String,
    pub header_name: String,
    pub has_format: bool,
    pub session: String,
    pub share: Option<String>,
    pub seed: Option<NativeTokens>,
    pub refresh_ahead: f64,
    pub refresh_timeout: f64,
    pub max_retries: u32,
    pub rotation_grace: f64,
    pub timeout: f64,
    pub queue_max: u32,
    pub queue_timeout: f64,
    pub redirect: String,
    pub max_response_size: f64,
    pub allow_insecure: bool,
    pub connections: u32,
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
    pub reject_unauthorized: bool,
    pub http2: bool,
    pub socket_path: Option<String>,
    pub proxy: Option<NativeProxy>,
    pub retry: NativeRetry,
    pub has_store: bool,
    pub has_expired: bool,
    /// For lib/axios only: see `Policy`.
    pub anonymous: Option<bool>,
    pub forgets: Option<bool>,
}

/// The option `proxy`, or the environment, as `lib/options/proxy.js` read it.
#[napi(object, object_to_js = false)]
pub struct NativeProxy {
    pub http: String,
    pub https: String,
    pub except: String,
    pub loopback: bool,
}

/// The option `retry`, complete. Durations in milliseconds.
#[napi(object, object_to_js = false)]
pub struct NativeRetry {
    pub limit: u32,
    pub methods: Vec<String>,
    pub status_codes: Vec<u32>,
    pub max_delay: f64,
}

impl TryFrom<NativeRetry> for RetryRules {
    type Error = Error;

    fn try_from(native: NativeRetry) -> Result<Self, Error> {
        let method = |method: &String| Method::from_bytes(method.as_bytes());
        let methods = native.methods.iter().map(method).collect::<Result<_, _>>();
        Ok(Self {
            limit: native.limit,
            methods: methods.map_err(|_| invalid("retry.methods"))?,
            statuses: native.status_codes.into_iter().filter_map(|status| status.try_into().ok()).collect(),
            max_delay: ms(native.max_delay),
        })
    }
}

impl Settings {
    pub(super) fn into_config(self, mut callbacks: Callbacks) -> Result<Config, Error> {
        callbacks.patience = ms(self.refresh_timeout);
        let registry = Registry::named(self.share.as_deref());
        let store: Arc<dyn Store> =
            if self.has_store { Arc::new(callbacks.clone()) } else { registry.memory() };
        let seed = self.seed.map(TryInto::try_into).transpose();
        let seed = seed.map_err(|malformed| Error::InvalidOption(format!("tokens: {malformed}")))?;
        let participant = Participant {
            grant: Arc::new(callbacks.clone()),
            store,
            host: Arc::new(callbacks.clone()),
            policy: Policy {
                refresh_ahead: (self.refresh_ahead >= 0.0).then(|| ms(self.refresh_ahead)),
                refresh_timeout: ms(self.refresh_timeout),
                max_retries: self.max_retries,
                rotation_grace: ms(self.rotation_grace),
                spread: spread(),
                anonymous: self.anonymous.unwrap_or_default(),
                forgets: self.forgets.unwrap_or_default(),
            },
            waiting: WaitingLimit::new(self.queue_max as usize),
            counters: Counters::default(),
            seed: Seed::new(self.session.as_str().into(), seed),
            closed: Signal::default(),
        };
        let allowed = self.allowed_origins.iter().map(|origin| url("allowedOrigins", origin));
        let base = self.base_url.as_deref().map(|base| url("baseURL", base)).transpose()?;
        // What goes to a socket of this machine does not leave it, whatever the URL says.
        let allow_insecure = self.allow_insecure || self.socket_path.is_some();
        let proxy = self.proxy.map(|NativeProxy { http, https, except, loopback }| ProxyOptions {
            http,
            https,
            except,
            loopback,
        });
        let transport = TransportOptions {
            idle_per_origin: self.connections as usize,
            tls: TlsOptions {
                ca: self.ca,
                cert: self.cert,
                key: self.key,
                reject_unauthorized: self.reject_unauthorized,
            },
            http2: self.http2,
            socket_path: self.socket_path,
            proxy,
            allow_insecure,
        };
        let judge = callbacks.clone();
        Ok(Config {
            participant: Arc::new(participant),
            registry,
            origins: Origins::new(base, allowed.collect::<Result<_, _>>()?, allow_insecure),
            transport: Box::new(HyperTransport::new(&transport)?),
            format: self.has_format.then(|| Arc::new(callbacks) as Arc<dyn Format>),
            judge: self.has_expired.then(|| Box::new(judge) as Box<dyn Judge>),
            headers: headers(&self.headers)?,
            header_name: HeaderName::try_from(self.header_name).map_err(|_| invalid("header.name"))?,
            rules: Rules {
                redirect: redirect(&self.redirect),
                limits: Limits { size: bytes(self.max_response_size), time: ms(self.timeout) },
                allow_insecure,
            },
            retry: Arc::new(self.retry.try_into()?),
            budget: Budget::default(),
            queue_timeout: ms(self.queue_timeout),
            timeout: ms(self.timeout),
            gate: Gate::new(self.connections as usize),
            calls: Gauge::default(),
        })
    }
}

/// Flat lines, `name\nvalue\nname\nvalue`, as `lib/options/headers.js` checked them.
pub(super) fn headers(lines: &str) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let mut lines = lines.split('\n');
    while let (Some(name), Some(value)) = (lines.next().filter(|name| !name.is_empty()), lines.next()) {
        let name = HeaderName::try_from(name).map_err(|_| invalid("headers"))?;
        // Latin-1, as HTTP has it and Node's own client sends it.
        let bytes: Vec<u8> =
            value.chars().map(u8::try_from).collect::<Result<_, _>>().map_err(|_| invalid("headers"))?;
        headers.append(name, HeaderValue::try_from(bytes).map_err(|_| invalid("headers"))?);
    }
    Ok(headers)
}

pub(super) fn ms(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

fn redirect(mode: &str) -> RedirectMode {
    match mode {
        "follow" => RedirectMode::Follow,
        "error" => RedirectMode::Error,
        "manual" => RedirectMode::Manual,
        _ => RedirectMode::SameOrigin,
    }
}

fn url(option: &str, text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|_| invalid(option))
}

fn invalid(option: &str) -> Error {
    Error::InvalidOption(format!("{option} is not valid"))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size, checked in lib/options/client.js"
)]
fn bytes(size: f64) -> u64 {
    size as u64
}

/// This process's share of the ±10 % by which siblings' rotations are kept apart.
fn spread() -> f64 {
    static SPREAD: OnceLock<f64> = OnceLock::new();
    *SPREAD.get_or_init(|| 0.9 + 0.2 * rand::random::<f64>())
}
