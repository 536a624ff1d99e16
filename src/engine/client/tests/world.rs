//! A client with a wire, a grant and a store that do what each test says.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::{Method, StatusCode};
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use bytes::Bytes;

// Names that the tests of this folder use.
pub(super) use std::sync::Arc;
pub(super) use std::time::Duration;

pub(super) use ::http::header::{HeaderMap, HeaderName, HeaderValue};
pub(super) use url::Url;

pub(super) use super::super::*;
pub(super) use crate::clock;
pub(super) use crate::error::Phase;
use crate::event::Event;
use crate::grant::{Ask, Grant, GrantError};
pub(super) use crate::http::retry::{Budget, RetryRules};
pub(super) use crate::http::{
    Limits, Origins, Payload, RedirectMode, Response, Rules, Statuses, Transport, WireRequest,
};
use crate::http::{WireBody, WireResponse};
use crate::lock::Lock;
pub(super) use crate::session::participant::Participant;
use crate::session::participant::Seed;
use crate::session::participant::counters::Counters;
use crate::session::participant::host::{Host, KeepAlive};
pub(super) use crate::session::registry::{Registry, StoreId};
use crate::session::schedule::Policy;
use crate::store::{MemoryStore, Store};
use crate::token::tests::tokens;
pub(super) use crate::wait::gate::Gate;
use crate::wait::waiting_limit::WaitingLimit;

pub(super) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn pair(n: usize) -> Tokens {
    tokens(&format!("a{n}"), Some(&format!("r{n}")))
}

/// A status and headers, or an error of the way.
type Scripted = Result<(u16, &'static [(&'static str, &'static str)]), Error>;

/// A transport to [`Api`].
#[derive(Clone)]
pub(super) struct Wire(Arc<Api>);

/// Accepts one access token and rejects all others.
pub(super) struct Api {
    takes: Mutex<Option<String>>,
    latency: Mutex<Duration>,
    /// Rejects every token for paths that begin so.
    pub(super) forbidden: Mutex<Option<&'static str>>,
    /// Answers to give instead of judging the token, in order.
    pub(super) scripted: Mutex<VecDeque<Scripted>>,
    pub(super) sent: Mutex<Vec<WireRequest>>,
    under_way: AtomicUsize,
    pub(super) most_under_way: AtomicUsize,
}

impl Api {
    pub(super) fn takes(&self, access: &str) {
        *self.takes.lock().unwrap() = Some(format!("Bearer {access}"));
    }

    pub(super) fn takes_bound(&self, access: &str) {
        *self.takes.lock().unwrap() = Some(format!("DPoP {access}"));
    }

    pub(super) fn will<const N: usize>(&self, answers: [Result<u16, Error>; N]) {
        self.scripted.lock().unwrap().extend(answers.map(|answer| answer.map(|status| (status, &[][..]))));
    }

    pub(super) fn slow(&self, latency: Duration) {
        *self.latency.lock().unwrap() = latency;
    }

    pub(super) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// This header of every request that arrived, in order; `-` for none.
    pub(super) fn headers(&self, name: &str) -> Vec<String> {
        let value = |wire: &WireRequest| match wire.headers.get(name) {
            Some(value) => value.to_str().unwrap().to_owned(),
            None => "-".to_owned(),
        };
        self.sent.lock().unwrap().iter().map(value).collect()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|wire| wire.url.path().to_owned()).collect()
    }
}

impl Transport for Wire {
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>> {
        let api = Arc::clone(&self.0);
        Box::pin(async move {
            api.sent.lock().unwrap().push(request.clone());
            let now = api.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            api.most_under_way.fetch_max(now, Ordering::Relaxed);
            let latency = *api.latency.lock().unwrap();
            sleep(latency).await;
            api.under_way.fetch_sub(1, Ordering::Relaxed);
            let scripted = api.scripted.lock().unwrap().pop_front();
            let (status, headers) = scripted.unwrap_or_else(|| {
                let value = request.headers.get("authorization").map(|value| value.to_str().unwrap());
                let forbidden = *api.forbidden.lock().unwrap();
                let forbidden = forbidden.is_some_and(|start| request.url.path().starts_with(start));
                let taken = !forbidden && api.takes.lock().unwrap().as_deref() == value;
                Ok((if taken { 200 } else { 401 }, &[]))
            })?;
            let headers = headers
                .iter()
                .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            Ok(WireResponse {
                status: StatusCode::from_u16(status).unwrap(),
                reason: "".into(),
                headers: headers.collect(),
                body: WireBody::from(Bytes::from_static(b"body")),
                unsent: None,
            })
        })
    }
}

/// Issues `a2`, `a3`, … after a while, or fails as a test tells it.
#[derive(Default)]
pub(super) struct Minting {
    pub(super) asked: AtomicUsize,
    pub(super) takes: Mutex<Duration>,
    pub(super) errors: Mutex<VecDeque<GrantError>>,
    /// The API accepts only the newest token, from the moment it is issued.
    pub(super) api: Mutex<Option<Arc<Api>>>,
}

impl Grant for Minting {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        Box::pin(async move {
            ask.entered.fire();
            let takes = *self.takes.lock().unwrap();
            sleep(takes).await;
            if let Some(error) = self.errors.lock().unwrap().pop_front() {
                return Err(error);
            }
            let serial = self.asked.fetch_add(1, Ordering::Relaxed) + 2;
            if let Some(api) = &*self.api.lock().unwrap() {
                api.takes(&format!("a{serial}"));
            }
            Ok(pair(serial))
        })
    }
}

pub(super) struct NoHost;

impl Host for NoHost {
    fn emit(&self, _session: &str, _event: Event) {}

    fn keep_process_alive(&self) -> KeepAlive {
        Box::new(())
    }

    fn keep_callbacks_alive(&self) -> KeepAlive {
        Box::new(())
    }

    fn alive(&self) -> bool {
        true
    }
}

pub(super) struct World {
    pub(super) client: Arc<Client>,
    pub(super) api: Arc<Api>,
    pub(super) grant: Arc<Minting>,
}

impl World {
    /// Logged in with `a1`. The API accepts it, and later each token that is issued.
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_provider(|_| {}, change).await
    }

    pub(super) async fn with_provider(
        by: impl FnOnce(&mut Participant),
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let api = Arc::new(Api {
            takes: Mutex::default(),
            latency: Mutex::default(),
            forbidden: Mutex::default(),
            scripted: Mutex::default(),
            sent: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        });
        let grant = Arc::new(Minting { api: Mutex::new(Some(Arc::clone(&api))), ..Minting::default() });
        let registry = Registry::of(StoreId::Private);
        let mut participant = Participant {
            grant: Arc::clone(&grant) as _,
            store: registry.memory() as Arc<MemoryStore> as Arc<dyn Store>,
            fleet: None,
            host: Arc::new(NoHost),
            policy: Policy {
                refresh_ahead: None,
                refresh_timeout: secs(10),
                max_retries: 0,
                rotation_grace: Duration::ZERO,
                keep_alive: None,
                confirm_every: secs(5),
                drain_on_exit: Duration::ZERO,
                spread: None,
                anonymous: false,
                forgets: false,
            },
            waiting: WaitingLimit::new(10_000),
            counters: Counters::default(),
            identities: None,
            seed: Seed::new("key".into(), Some(pair(1))),
            closed: CancellationToken::new(),
            ending: CancellationToken::new(),
        };
        by(&mut participant);
        let mut config = Config {
            participant: Arc::new(participant),
            registry,
            origins: Origins::new(Some(Url::parse("https://api.example/v1").unwrap()), Vec::new(), false),
            origin_counts: OriginCounts::default(),
            transport: Lock::new(Some(Arc::new(Wire(Arc::clone(&api))))),
            format: None,
            judge: None,
            headers: HeaderMap::new(),
            header_name: ::http::header::AUTHORIZATION,
            nonces: crate::dpop::Nonces::default(),
            rules: Rules {
                redirect: RedirectMode::SameOrigin,
                max_redirects: 20,
                limits: Limits { size: 1024, time: secs(30), whole_up_to: 1024, patience: ms(5) },
                allow_insecure: false,
                judged: Statuses::default(),
            },
            replay: true,
            retry: Arc::new(no_retries()),
            budget: Budget::default(),
            queue_timeout: Duration::ZERO,
            gate: Gate::new(1_000),
            calls: TaskTracker::new(),
        };
        change(&mut config);
        let client = Arc::new(Client::new(Arc::new(config), "key"));
        client.tokens().await.unwrap();
        api.takes("a1");
        Self { client, api, grant }
    }

    /// The same client as another session.
    pub(super) fn another(&self, key: &str) -> Client {
        Client::new(Arc::clone(&self.client.config), key)
    }

    pub(super) async fn get(&self) -> Result<Answer, Error> {
        self.client.send(Box::new(request("/x"))).await
    }

    pub(super) fn sending(&self, request: Request) -> JoinHandle<Result<Answer, Error>> {
        let client = Arc::clone(&self.client);
        tokio::spawn(async move { client.send(Box::new(request)).await })
    }

    /// The API accepts neither the token held nor any that is issued.
    pub(super) fn refuse_all(&self) {
        *self.grant.api.lock().unwrap() = None;
        self.api.takes("nothing");
    }

    pub(super) fn refreshes(&self) -> usize {
        self.grant.asked.load(Ordering::Relaxed)
    }
}

pub(super) fn no_retries() -> RetryRules {
    let statuses = vec![408, 425, 429, 500, 502, 503, 504];
    RetryRules { limit: 0, methods: vec![Method::GET], statuses, max_delay: secs(30) }
}

pub(super) fn request(url: &str) -> Request {
    Request {
        method: Method::GET,
        url: url.into(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: Payload::default(),
        timeout: secs(30),
        skip_auth: false,
        redirect: None,
        max_redirects: None,
        replay: None,
        retry: None,
        tries: None,
    }
}

pub(super) fn with_header(name: &'static str, value: &'static str) -> Request {
    let mut request = request("/x");
    request.headers.insert(name, HeaderValue::from_static(value));
    request
}

pub(super) async fn quiet() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
