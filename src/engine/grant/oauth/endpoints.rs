//! Where the authorization server is spoken to: endpoints that the program names, or those of the issuer's metadata (RFC 8414,
//! `OpenID` Connect Discovery). An endpoint that is named goes before one that is found.
//!
//! Invariant: metadata counts only if the issuer in it is the one asked for; else one server could send another's clients to
//! itself. Metadata that was good once serves on while the issuer is down.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::clock;
use crate::clock::Instant;
use crate::grant::{Answer, NotAnswered, Post};
use crate::lock::Lock;

pub struct Endpoints {
    named: Named,
    issuer: Option<Url>,
    /// A client that proves itself by its certificate uses the aliases of RFC 8705 §5.
    by_certificate: bool,
    known: Lock<Option<Known>>,
    /// Held while the issuer is asked, so that it is asked once.
    asking: Mutex<()>,
    /// Why the issuer was asked in vain, and when.
    failed: Lock<Option<(Instant, Unknown)>>,
}

struct Named {
    token: Option<Url>,
    revocation: Option<Url>,
}

struct Known {
    metadata: Arc<Metadata>,
    /// Older metadata serves on while it is asked for anew.
    fresh_until: Instant,
}

/// Why an endpoint is not known, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unknown {
    #[error("the issuer's metadata could not be read: {0}")]
    NotAnswered(String),
    #[error(
        "the issuer has no metadata at /.well-known/openid-configuration or /.well-known/oauth-authorization-server; look at issuer, or set tokenEndpoint"
    )]
    NoMetadata,
    #[error("the metadata names another issuer than the option issuer; look at issuer, or set tokenEndpoint")]
    OtherIssuer,
    #[error("the issuer's metadata names no {0} that is a URL; set {1}")]
    Missing(&'static str, &'static str),
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    #[serde(flatten)]
    endpoints: Found,
    #[serde(default)]
    mtls_endpoint_aliases: Found,
}

#[derive(Default, Deserialize)]
struct Found {
    token_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

impl Endpoints {
    /// The endpoints that are named, and the issuer whose metadata names the others.
    pub fn new(token: Option<Url>, issuer: Option<Url>, revocation: Option<Url>) -> Self {
        Self {
            named: Named { token, revocation },
            issuer,
            by_certificate: false,
            known: Lock::new(None),
            asking: Mutex::new(()),
            failed: Lock::new(None),
        }
    }

    pub(super) fn by_certificate(self, by_certificate: bool) -> Self {
        Self { by_certificate, ..self }
    }

    pub(super) async fn token(self: &Arc<Self>, post: &Arc<dyn Post>) -> Result<Url, Unknown> {
        let missing = Unknown::Missing("token_endpoint", "tokenEndpoint");
        self.endpoint(post, self.named.token.as_ref(), |found| found.token_endpoint.as_deref(), missing).await
    }

    pub(super) async fn revocation(self: &Arc<Self>, post: &Arc<dyn Post>) -> Result<Url, Unknown> {
        let missing = Unknown::Missing("revocation_endpoint", "revocationEndpoint");
        let named = self.named.revocation.as_ref();
        self.endpoint(post, named, |found| found.revocation_endpoint.as_deref(), missing).await
    }

    /// An endpoint was not where the metadata says. The issuer is asked again before the next question, or beside it.
    pub(super) fn doubt(&self) {
        if let Some(known) = &mut *self.known.lock() {
            known.fresh_until = clock::now();
        }
    }

    async fn endpoint(
        self: &Arc<Self>,
        post: &Arc<dyn Post>,
        named: Option<&Url>,
        of: fn(&Found) -> Option<&str>,
        missing: Unknown,
    ) -> Result<Url, Unknown> {
        if let Some(named) = named {
            return Ok(named.clone());
        }
        let Some(issuer) = &self.issuer else { return Err(missing) };
        let metadata = self.metadata(issuer, post).await?;
        let alias = of(&metadata.mtls_endpoint_aliases).filter(|_| self.by_certificate);
        let found = alias.or_else(|| of(&metadata.endpoints));
        found.and_then(|text| Url::parse(text).ok()).ok_or(missing)
    }

    async fn metadata(
        self: &Arc<Self>,
        issuer: &Url,
        post: &Arc<dyn Post>,
    ) -> Result<Arc<Metadata>, Unknown> {
        if let Some((metadata, is_fresh)) = self.cached() {
            if !is_fresh && self.may_ask() {
                tokio::spawn(Arc::clone(self).renew(issuer.clone(), Arc::clone(post)));
            }
            return Ok(metadata);
        }
        let begun = clock::now();
        let _asking = self.asking.lock().await;
        if let Some((metadata, _)) = self.cached() {
            return Ok(metadata);
        }
        // The one before this question has found out a moment ago.
        let failed = self.failed.lock().clone();
        if let Some((_, error)) = failed.filter(|(at, _)| *at >= begun) {
            return Err(error);
        }
        self.ask(issuer, post).await
    }

    /// Asks for metadata while the old one serves.
    async fn renew(self: Arc<Self>, issuer: Url, post: Arc<dyn Post>) {
        let Ok(_asking) = self.asking.try_lock() else { return };
        // Another question may have brought it since this one was begun.
        if self.may_ask() && self.cached().is_some_and(|(_, is_fresh)| !is_fresh) {
            let _noted = self.ask(&issuer, &post).await;
        }
    }

    fn cached(&self) -> Option<(Arc<Metadata>, bool)> {
        let known = self.known.lock();
        let Known { metadata, fresh_until } = known.as_ref()?;
        Some((Arc::clone(metadata), clock::now() < *fresh_until))
    }

    /// An issuer that is down is left alone for a while.
    fn may_ask(&self) -> bool {
        self.failed.lock().as_ref().is_none_or(|(at, _)| clock::now() >= *at + PAUSE)
    }

    async fn ask(&self, issuer: &Url, post: &Arc<dyn Post>) -> Result<Arc<Metadata>, Unknown> {
        match find(issuer, &**post).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                let known = Known { metadata: Arc::clone(&metadata), fresh_until: clock::now() + FRESH };
                *self.known.lock() = Some(known);
                *self.failed.lock() = None;
                Ok(metadata)
            }
            Err(error) => {
                *self.failed.lock() = Some((clock::now(), error.clone()));
                Err(error)
            }
        }
    }
}

/// Asks at each place where metadata may be, until one has those of `issuer`.
async fn find(issuer: &Url, post: &dyn Post) -> Result<Metadata, Unknown> {
    let mut failure = Unknown::NoMetadata;
    for place in places(issuer) {
        match read(post.get(place).await, issuer) {
            Ok(metadata) => return Ok(metadata),
            // A server that is down is down at the other places too.
            Err(error @ Unknown::NotAnswered(_)) => return Err(error),
            Err(error) => {
                if failure == Unknown::NoMetadata {
                    failure = error;
                }
            }
        }
    }
    Err(failure)
}

pub(super) fn read(answer: Result<Answer, NotAnswered>, issuer: &Url) -> Result<Metadata, Unknown> {
    let answer = answer.map_err(|failed| Unknown::NotAnswered(failed.error.to_string()))?;
    match answer.status {
        200 => {}
        429 | 500.. => return Err(Unknown::NotAnswered(format!("HTTP {}", answer.status))),
        _ => return Err(Unknown::NoMetadata),
    }
    let text = answer.body.expose().trim_start_matches('\u{feff}');
    let metadata: Metadata = serde_json::from_str(text).map_err(|_| Unknown::NoMetadata)?;
    // Parsed, so that the slash behind a bare origin makes no difference, as in oauth4webapi.
    if Url::parse(&metadata.issuer).is_ok_and(|named| named == *issuer) {
        Ok(metadata)
    } else {
        Err(Unknown::OtherIssuer)
    }
}

/// The forms of an issuer with a path: OIDC Discovery §4.1 appends, RFC 8414 §3.1 inserts, and its §5 lets OIDC insert too.
fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let mut places = vec![
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ];
    if !path.is_empty() {
        places.push(format!("/.well-known/openid-configuration{path}"));
    }
    let place = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    places.into_iter().map(place).collect()
}

/// How long metadata is used without asking for it anew.
const FRESH: Duration = Duration::from_secs(3600);

/// How long an issuer that was asked in vain is left alone while older metadata serves.
const PAUSE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
