//! The tokens of a session, for requests that other HTTP clients send.

use std::sync::Arc;

use ::http::header::{HeaderMap, HeaderValue};
use ::http::{Method, StatusCode};
use tokio::time::sleep;
use url::Url;

use crate::client::Client;
use crate::client::judge::{Rejection, reason};
use crate::client::proving::proof;
use crate::error::Error;
use crate::http::redirect::next_request;
use crate::http::{RedirectMode, WireRequest};
use crate::present::Presented;
use crate::session::{Credential, Held, Sending, Stamp, Verdict};
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

/// An auth header, and the stamp of the token in it.
#[derive(Debug)]
pub struct Authorised {
    /// None: nobody is logged in.
    pub header: Option<HeaderValue>,
    pub stamp: Stamp,
}

/// A proof for one sending, and the nonce in it.
#[derive(Debug)]
pub struct Proof {
    pub header: HeaderValue,
    pub nonce: Option<Arc<str>>,
}

impl Client {
    /// The header for a request of another HTTP client. `epoch` is the login that the request was made under; `None`: now.
    pub async fn authorise(&self, epoch: Option<u64>) -> Result<Authorised, Error> {
        let _call = self.enter()?;
        let epoch = epoch.unwrap_or_else(|| self.session.epoch());
        match self.session.credential(&self.config.participant, epoch, Arrival::draw()).await? {
            Credential::Tokens(held) => self.authorised_by(&held).await,
            Credential::Anonymous(stamp) => Ok(Authorised { header: None, stamp }),
        }
    }

    /// [`Client::authorise`] at once; `None` if the token or its header takes waiting.
    pub fn authorise_now(&self, epoch: Option<u64>) -> Option<Authorised> {
        let (header, stamp) = match self.credential_now(epoch)? {
            Credential::Tokens(held) => match self.presenter.header(&held) {
                Presented::Made(header) => (Some(header), Stamp::of(&held)),
                Presented::Making(_) => return None,
            },
            Credential::Anonymous(stamp) => (None, stamp),
        };
        Some(Authorised { header, stamp })
    }

    /// The proof for a request that carries the token of `stamp`, and the nonce in it. `None`: the token needs no proof, or is not
    /// held any more.
    pub fn prove(&self, stamp: Stamp, method: &Method, url: &Url) -> Result<Option<Proof>, Error> {
        let (held, _) = self.session.now();
        let Some(held) = held.filter(|held| Stamp::of(held) == stamp) else { return Ok(None) };
        let Some(key) = held.tokens.proof_key() else { return Ok(None) };
        let nonce = self.config.nonces.newest(url);
        let header = proof(key, &held.tokens.access, (method, url), nonce.as_deref())?;
        Ok(Some(Proof { header, nonce }))
    }

    /// An answer from `url` has brought a nonce.
    pub fn heard(&self, url: &Url, nonce: &str) {
        self.config.nonces.note(url, nonce);
    }

    /// A server rejected the token of this sending, with this `www-authenticate`. Returns the header to send the request again
    /// with, now; `None` if the rejection is the caller's. `proven`: the URL and the nonce of the proof in it. If the proof was
    /// refused, and a newer nonce has come, the header is that of the same token.
    pub async fn rejected(
        &self,
        sending: Sending,
        challenge: Option<&str>,
        proven: Option<(&Url, Option<&str>)>,
    ) -> Result<Option<Authorised>, Error> {
        let _call = self.enter()?;
        let claims = match challenge.map(|challenge| reason([challenge])) {
            Some(Rejection::Scope) => {
                self.session.accepted(sending);
                return Ok(None);
            }
            Some(Rejection::Proof | Rejection::Nonce) if !self.has_newer(sending.stamp) => {
                let has_newer = |(url, used): (&Url, Option<&str>)| {
                    self.config.nonces.newest(url).is_some_and(|newest| Some(&*newest) != used)
                };
                return Ok(proven
                    .filter(|proven| has_newer(*proven))
                    .and_then(|_| self.same_token(sending.stamp)));
            }
            Some(Rejection::Claims(claims)) => Some(claims),
            // Newer tokens have come since the request was authorised, so that its own could not be proven any more.
            Some(Rejection::Proof | Rejection::Nonce | Rejection::Token) | None => None,
        };
        let by = &self.config.participant;
        match self.session.rejected(by, sending, claims, Arrival::draw()).await? {
            Verdict::Replay(held) => self.authorised_by(&held).await.map(Some),
            Verdict::Again(pause) => {
                tokio::select! {
                    biased;
                    () = by.closed.cancelled() => return Err(Error::ClientClosed),
                    () = sleep(pause) => {}
                }
                let epoch = sending.stamp.epoch;
                let held = self.session.token(by, epoch, Arrival::draw()).await?;
                self.authorised_by(&held).await.map(Some)
            }
            Verdict::GiveBack => Ok(None),
        }
    }

    /// The request that follows `request` if its answer is a redirect; true beside it if that request goes to another
    /// origin. For a caller that follows redirects itself, in mode `follow`.
    pub fn next_hop(
        &self,
        mut request: WireRequest,
        answer: (StatusCode, &HeaderMap),
    ) -> Result<Option<(WireRequest, bool)>, Error> {
        if let Some(own) = request.headers.get_mut(&self.config.header_name) {
            own.set_sensitive(true);
        }
        next_request(RedirectMode::Follow, self.config.rules.allow_insecure, &request, answer)
    }

    /// Another login, or with None a logout, which counts when this returns. The future stores it.
    pub fn login(self: Arc<Self>, tokens: Option<Tokens>) -> impl Future<Output = ()> + Send {
        let begun = self.session.begin_login(&self.config.participant, tokens);
        async move {
            let _call = self.config.calls.token();
            // Hooks are told of a store that fails.
            let _stored = self.session.store_login(&self.config.participant, begun).await;
        }
    }

    /// True if the session holds newer tokens of the same login.
    fn has_newer(&self, stamp: Stamp) -> bool {
        let (held, now) = self.session.now();
        held.is_some() && now.epoch == stamp.epoch && now.generation > stamp.generation
    }

    fn same_token(&self, stamp: Stamp) -> Option<Authorised> {
        let (held, _) = self.session.now();
        let held = held.filter(|held| Stamp::of(held) == stamp && held.tokens.proof_key().is_some())?;
        match self.presenter.header(&held) {
            Presented::Made(header) => Some(Authorised { header: Some(header), stamp }),
            Presented::Making(_) => None,
        }
    }

    async fn authorised_by(&self, held: &Held) -> Result<Authorised, Error> {
        let header = self.presenter.header(held).value().await?;
        Ok(Authorised { header: Some(header), stamp: Stamp::of(held) })
    }
}
