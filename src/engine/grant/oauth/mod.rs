//! A grant that speaks to a token endpoint.
//!
//! Read in this order: this file decides what is asked, [`form`] says it, [`client_auth`] proves who asks, [`answer`] reads what
//! comes. A session with a refresh token sends that. If the server refuses it for good, or there is none, the grant obtains new
//! tokens by its own kind, unless that takes a human.
//!
//! Invariant: `entered` fires before the first byte of a form is sent.

mod answer;
pub mod assertion;
mod claims;
pub mod client_auth;
pub mod endpoints;
mod form;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod lifetime;
mod pause;
mod proofs;
mod refusal;
mod revoke;
mod signer;
mod turns;

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::assertion::Assertion;
use self::client_auth::ClientAuth;
use self::endpoints::{Endpoints, Unknown};
use self::pause::Pause;
use self::proofs::Proofs;
use self::refusal::Refusal;
use crate::error::{Cause, Error, Told};
use crate::grant::{Ask, Grant, GrantError, NotAnswered, Post};
use crate::jose::{Algorithm, KeyError};
use crate::lock::Lock;
use crate::secret::{Fingerprint, Secret};
use crate::source::{Source, SourceError};
use crate::token::Tokens;

pub use signer::Signing;

pub struct Settings {
    pub kind: Kind,
    pub endpoints: Endpoints,
    pub client_id: String,
    pub auth: ClientAuth,
    pub scope: Option<String>,
    pub audience: Option<String>,
    pub resource: Vec<String>,
    /// More form fields. A field of the same name that the grant sends itself goes before.
    pub params: Vec<(String, String)>,
    /// Tokens are to be bound to a key (RFC 9449), which signs so. None: Bearer tokens.
    pub dpop: Option<Algorithm>,
    pub revoke_on_logout: bool,
}

/// How tokens are obtained without a refresh token.
pub enum Kind {
    /// A human logs in.
    RefreshToken,
    ClientCredentials,
    /// RFC 7523.
    JwtBearer(Assertion),
    /// RFC 8693.
    TokenExchange {
        subject: Source,
        subject_type: String,
        actor: Option<(Source, String)>,
        requested: Option<String>,
    },
}

pub struct OAuth {
    settings: Settings,
    endpoints: Arc<Endpoints>,
    post: Arc<dyn Post>,
    proofs: Proofs,
    pause: Pause,
    /// Refresh tokens that the server refused for good. A session may still hold one of them: the grant has obtained new tokens by its
    /// own kind, and an answer without a refresh token keeps the one held.
    refused: Lock<HashSet<Fingerprint>>,
}

/// More refused tokens than this are forgotten. Each that comes again costs one question.
const MOST_REFUSED: usize = 10_000;

impl OAuth {
    pub fn new(mut settings: Settings, post: Arc<dyn Post>) -> Self {
        let endpoints = std::mem::replace(&mut settings.endpoints, Endpoints::new(None, None, None));
        let endpoints = endpoints.by_certificate(matches!(settings.auth, ClientAuth::Certificate));
        Self {
            proofs: Proofs::new(settings.dpop),
            settings,
            endpoints: Arc::new(endpoints),
            post,
            pause: Pause::default(),
            refused: Lock::default(),
        }
    }

    async fn ask(&self, ask: Ask) -> Result<Tokens, GrantError> {
        let needs_human = matches!(self.settings.kind, Kind::RefreshToken);
        if let Some(token) = &ask.refresh_token
            && (needs_human || !self.refused.lock().contains(&token.fingerprint()))
        {
            let refreshed = self.question(Some(token), &ask).await;
            if needs_human || !matches!(refreshed, Err(GrantError::Terminal { .. })) {
                return refreshed;
            }
            let mut refused = self.refused.lock();
            if refused.len() >= MOST_REFUSED {
                refused.clear();
            }
            refused.insert(token.fingerprint());
        }
        if needs_human {
            return Err(GrantError::Unknown { cause: None });
        }
        self.question(None, &ask).await.map_err(nothing_was_spent)
    }

    /// Asks once; again if the server does not know the first of two secrets, or wants a nonce in the proof. `token`: a refresh
    /// token; None asks by the grant's own kind.
    async fn question(&self, token: Option<&Secret>, ask: &Ask) -> Result<Tokens, GrantError> {
        if let Some(left) = self.pause.left() {
            let cause = Some(said("the token endpoint has asked for a pause, which is not over"));
            return Err(GrantError::Unspent { retry_after: Some(left), cause });
        }
        let url = self.endpoints.token(&self.post).await.map_err(|error| unknown(&error))?;
        let mut proving =
            self.proofs.begin(ask.bound.as_ref(), token.is_some()).map_err(|error| unsigned(&error))?;
        let auth = &self.settings.auth;
        let mut is_first = true;
        loop {
            let mut form = self.form(url.clone(), token, ask.claims.as_ref()).await.map_err(unread)?;
            let used = auth.sign(&mut form, &self.settings.client_id, url.as_str()).await.map_err(unread)?;
            proving.prove(&mut form).map_err(|error| unsigned(&error))?;
            form.permit = ask.permit.clone();
            if !form.permit.holds() {
                return Err(GrantError::Unspent { retry_after: None, cause: Some(said(TOO_LATE)) });
            }
            ask.entered.fire();
            let answer = self.post.post(form).await.map_err(not_answered)?;
            proving.hear(&url, &answer);
            if answer.status == 404 {
                self.endpoints.doubt();
            }
            let failed = match answer::read(&answer) {
                Ok(tokens) => {
                    auth.accepted(&used);
                    return Ok(proving.bind(tokens, || answer::says_dpop(&answer)));
                }
                Err(failed) => failed,
            };
            let refusal = failed.refusal.as_ref();
            if refusal.is_some_and(Refusal::is_of_the_proof) && proving.repeats(&url) {
                continue;
            }
            if refusal.is_some_and(Refusal::is_of_the_secret) && auth.refused(&used).await && is_first {
                is_first = false;
                continue;
            }
            if answer.status == 429 || answer.status == 503 && answer.retry_after.is_some() {
                self.pause.begin(answer.retry_after);
            }
            return Err(failed.error);
        }
    }
}

impl Grant for OAuth {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        Box::pin(self.ask(ask))
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // `refresh` tells of a failure.
            let _found = self.endpoints.token(&self.post).await;
        })
    }

    fn revoke<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.revoke_all(tokens))
    }

    fn revokes_on_logout(&self) -> bool {
        self.settings.revoke_on_logout
    }
}

const TOO_LATE: &str = "the lease was lost before the token could be sent";

fn said(text: impl Into<Arc<str>>) -> Cause {
    Cause::of_grant(text, Told::default())
}

/// No proof could be made, so that nothing was sent.
fn unsigned(error: &KeyError) -> GrantError {
    GrantError::Unspent { retry_after: None, cause: Some(said(format!("the DPoP key {error}"))) }
}

/// The endpoint could not be found, so that nothing was sent.
fn unknown(error: &Unknown) -> GrantError {
    GrantError::Unspent { retry_after: None, cause: Some(said(error.to_string())) }
}

/// A secret, a key or an assertion cannot be read, so that nothing was sent.
fn unread(error: SourceError) -> GrantError {
    if error.gone {
        return GrantError::Gone;
    }
    let text = error.to_string();
    GrantError::Unspent { retry_after: None, cause: error.cause.or_else(|| Some(said(text))) }
}

fn not_answered(NotAnswered { sent, error }: NotAnswered) -> GrantError {
    let code = if let Error::Network { fault, .. } = &error { fault.code() } else { None };
    let cause = match error {
        Error::Transport { cause: Some(cause), .. } => Some(cause),
        error => Some(Cause::of_grant(error.to_string(), Told { code, ..Told::default() })),
    };
    if sent { GrantError::Ambiguous { cause } } else { GrantError::Unspent { retry_after: None, cause } }
}

/// Whatever became of a question without a refresh token, it can be asked again.
fn nothing_was_spent(error: GrantError) -> GrantError {
    match error {
        GrantError::Terminal { cause } | GrantError::Ambiguous { cause } | GrantError::Unknown { cause } => {
            GrantError::Unspent { retry_after: None, cause }
        }
        error => error,
    }
}

#[cfg(test)]
mod tests;
