//! The calls of a program: requests, tokens, login, and the end.
//!
//! [`send`] is one request from its start to its end; [`external`] is the same for requests that other HTTP clients send.

mod authorization_server;
mod config;
mod endpoint;
mod external;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod judge;
mod origin_counts;
mod post_over;
mod proving;
mod send;
#[cfg(test)]
mod tests;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::error::Error;
use crate::present::{self, Presenter};
use crate::secret::Secret;
use crate::session::{Credential, Held, Session};
use crate::token::Tokens;

pub use authorization_server::AuthorizationServer;
pub use config::Config;
pub use endpoint::endpoint;
pub use external::{Authorised, Proof};
pub use judge::Judge;
pub use origin_counts::{OriginCount, OriginCounts};
pub use post_over::PostOver;
pub use send::{Answer, Request};
pub use tries::{Tries, Try};

/// One session of a client.
pub struct Client {
    pub config: Arc<Config>,
    pub session: Arc<Session>,
    presenter: Box<dyn Presenter>,
}

impl Client {
    pub fn new(config: Arc<Config>, key: &str) -> Self {
        let session = config.registry.session(key);
        session.join(&config.participant);
        let presenter = present::presenter(config.format.as_ref());
        Self { config, session, presenter }
    }

    /// A token that is valid now, and for this time longer.
    pub async fn access_token(&self, valid_for: Duration) -> Result<Arc<Held>, Error> {
        let _call = self.enter()?;
        self.session.token_for(&self.config.participant, valid_for).await
    }

    /// [`Client::access_token`] at once; `None` if that would wait, fail or begin a rotation.
    pub fn access_token_now(&self, valid_for: Duration) -> Option<Arc<Held>> {
        let Credential::Tokens(held) = self.credential_now(None)? else { return None };
        self.session.lives_for(&held, valid_for).then_some(held)
    }

    pub async fn tokens(&self) -> Result<Option<Arc<Held>>, Error> {
        let _call = self.enter()?;
        self.session.tokens(&self.config.participant).await
    }

    pub async fn set_tokens(&self, tokens: Option<Tokens>) -> Result<(), Error> {
        let _call = self.enter()?;
        self.session.login(&self.config.participant, tokens).await
    }

    /// Has the server revoke the tokens held, and then logs out. If the server does not revoke them, the session goes on.
    pub async fn revoke(&self) -> Result<(), Error> {
        let _call = self.enter()?;
        self.session.revoke(&self.config.participant).await
    }

    pub async fn rotate(&self, rejected: Option<&Secret>) -> Result<Arc<Held>, Error> {
        let _call = self.enter()?;
        self.session.rotate(&self.config.participant, rejected).await
    }

    /// Rejects the calls that wait, and resolves when everything under way has ended and is saved.
    pub async fn close(&self) {
        self.config.participant.closed.cancel();
        self.config.calls.close();
        self.config.calls.wait().await;
        drop(self.config.transport.lock().take());
        for session in self.config.registry.sessions() {
            session.settled().await;
        }
    }

    fn credential_now(&self, epoch: Option<u64>) -> Option<Credential> {
        let by = &self.config.participant;
        if by.closed.is_cancelled() { None } else { self.session.credential_now(by, epoch) }
    }

    fn enter(&self) -> Result<TaskTrackerToken, Error> {
        if self.config.participant.closed.is_cancelled() {
            return Err(Error::ClientClosed);
        }
        Ok(self.config.calls.token())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.config.registry.leave(&self.session);
    }
}
