//! The tokens of a session, for requests that other HTTP clients send.

use std::sync::Arc;

use ::http::header::HeaderValue;

use crate::client::Client;
use crate::error::Error;
use crate::present::Presented;
use crate::session::{Held, Lease, Stamp, Verdict};
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

/// An auth header, and the stamp of the token in it.
#[derive(Debug)]
pub struct Authorised {
    /// None: nobody is logged in.
    pub header: Option<HeaderValue>,
    pub stamp: Stamp,
    /// The token comes from a refresh that the rejection of another one waited for.
    pub refreshed: bool,
}

impl Client {
    /// The header for a request of another HTTP client. `epoch` is the login that the request was made under; `None`: now.
    pub async fn authorise(&self, epoch: Option<u64>) -> Result<Authorised, Error> {
        let _call = self.enter()?;
        let epoch = epoch.unwrap_or_else(|| self.session.epoch());
        match self.session.lease(&self.config.participant, epoch, Arrival::draw()).await? {
            Lease::Tokens(held) => self.authorised_by(&held, false).await,
            Lease::Anonymous(stamp) => Ok(Authorised { header: None, stamp, refreshed: false }),
        }
    }

    /// [`Client::authorise`] at once; `None` if the token or its header takes waiting.
    pub fn authorise_now(&self, epoch: Option<u64>) -> Option<Authorised> {
        let held = self.token_now(epoch)?;
        match self.presenter.header(&held, None) {
            Presented::Made(header) => {
                Some(Authorised { header: Some(header), stamp: Stamp::of(&held), refreshed: false })
            }
            Presented::Making(_) => None,
        }
    }

    /// A server rejected the token of this stamp. Returns the header to replay the request with; `None` if the rejection
    /// is the caller's.
    pub async fn rejected(&self, stamp: Stamp) -> Result<Option<Authorised>, Error> {
        let _call = self.enter()?;
        match self.session.rejected(&self.config.participant, stamp, Arrival::draw()).await? {
            Verdict::Replay { held, refreshed } => self.authorised_by(&held, refreshed).await.map(Some),
            Verdict::GiveBack => Ok(None),
        }
    }

    /// A server accepted the token of this stamp.
    pub fn accepted(&self, stamp: Stamp) {
        self.session.accepted(stamp);
    }

    /// Whether the token may go to `url`.
    pub fn trusts(&self, url: &str) -> Result<bool, Error> {
        self.config.origins.resolve(url, "").map(|target| target.trusted)
    }

    /// The access token held, and its stamp. Never waits.
    pub fn now(&self) -> (Option<Arc<Held>>, Stamp) {
        self.session.now()
    }

    /// Another login, or with None a logout, which counts when this returns. The future stores it.
    pub fn login(self: Arc<Self>, tokens: Option<Tokens>) -> impl Future<Output = ()> + Send {
        let ticket = self.session.begin_login(&self.config.participant, tokens);
        async move {
            let _call = self.config.calls.enter();
            // Hooks are told of a store that fails.
            let _stored = self.session.store_login(&self.config.participant, ticket).await;
        }
    }

    async fn authorised_by(&self, held: &Held, refreshed: bool) -> Result<Authorised, Error> {
        let header = self.presenter.header(held, None).value().await?;
        Ok(Authorised { header: Some(header), stamp: Stamp::of(held), refreshed })
    }
}
