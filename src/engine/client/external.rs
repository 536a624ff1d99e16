//! The tokens of a session, for requests that other HTTP clients send.

use ::http::header::HeaderValue;

use crate::client::Client;
use crate::error::Error;
use crate::session::{Stamp, Verdict};
use crate::token::Held;
use crate::wait::arrival::Arrival;

/// An auth header, and which token is in it.
#[derive(Debug)]
pub struct Authorised {
    pub header: HeaderValue,
    pub stamp: Stamp,
}

impl Client {
    /// What a request of another HTTP client is to be sent with. `epoch`: the login it belongs to, unless it begins now.
    pub async fn authorise(&self, epoch: Option<u64>) -> Result<Authorised, Error> {
        let _call = self.enter()?;
        let epoch = epoch.unwrap_or_else(|| self.session.epoch());
        let held = self.session.token(&self.config.participant, epoch, Arrival::draw()).await?;
        self.authorised_by(&held).await
    }

    /// The token of this stamp was rejected. What to send the request with instead; `None` if the rejection is its
    /// caller's.
    pub async fn rejected(&self, stamp: Stamp) -> Result<Option<Authorised>, Error> {
        let _call = self.enter()?;
        match self.session.rejected(&self.config.participant, stamp, Arrival::draw()).await? {
            Verdict::Replay(held) => self.authorised_by(&held).await.map(Some),
            Verdict::GiveBack => Ok(None),
        }
    }

    /// A server took the token of this stamp.
    pub fn accepted(&self, stamp: Stamp) {
        self.session.accepted(stamp);
    }

    /// Whether the token may go to `url`.
    pub fn trusts(&self, url: &str) -> Result<bool, Error> {
        self.config.origins.resolve(url, "").map(|target| target.trusted)
    }

    async fn authorised_by(&self, held: &Held) -> Result<Authorised, Error> {
        Ok(Authorised { header: self.presenter.header(held, None).value().await?, stamp: Stamp::of(held) })
    }
}
