//! What a program calls: requests, tokens, login, and the end.
//!
//! [`story`] is one request's story, where everything comes together; [`lending`] is what other HTTP clients take of it.

mod lending;
mod shared;
mod story;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::http::header::HeaderValue;

use super::error::Error;
use super::number::Number;
use super::secret::Secret;
use super::session::signal::Counted;
use super::session::{Session, Stamp};
use super::token::{Held, Tokens};

pub use lending::Authorised;
pub use shared::{Format, Judge, JudgeFuture, Shared};
pub use story::{Answer, Request};

/// A client, as one of its sessions.
pub struct Client {
    shared: Arc<Shared>,
    session: Arc<Session>,
    header: tokio::sync::Mutex<Option<(Stamp, HeaderValue)>>,
}

impl Client {
    pub fn new(shared: Arc<Shared>, key: &str) -> Self {
        let session = shared.registry.session(key);
        session.join(&shared.provider);
        Self { shared, session, header: tokio::sync::Mutex::default() }
    }

    /// The same client as another session.
    #[must_use]
    pub fn session(&self, key: &str) -> Self {
        Self::new(Arc::clone(&self.shared), key)
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A token that is valid now.
    pub async fn access_token(&self) -> Result<Arc<Held>, Error> {
        let _call = self.enter()?;
        self.session.token(&self.shared.provider, self.session.epoch(), Number::draw()).await
    }

    pub async fn tokens(&self) -> Result<Option<Arc<Held>>, Error> {
        let _call = self.enter()?;
        self.session.tokens(&self.shared.provider).await
    }

    pub async fn set_tokens(&self, tokens: Option<Tokens>) -> Result<(), Error> {
        let _call = self.enter()?;
        self.session.login(&self.shared.provider, tokens).await
    }

    pub async fn rotate(&self, rejected: Option<&Secret>) -> Result<Arc<Held>, Error> {
        let _call = self.enter()?;
        self.session.rotate(&self.shared.provider, rejected).await
    }

    /// Sends away who waits, and resolves when everything under way has ended and is saved.
    pub async fn close(&self) {
        self.shared.provider.closed.fire();
        self.shared.calls.idle().await;
        for session in self.shared.registry.sessions() {
            session.settled().await;
        }
    }

    fn enter(&self) -> Result<Counted, Error> {
        if self.shared.provider.closed.fired() {
            return Err(Error::ClientClosed);
        }
        Ok(self.shared.calls.enter())
    }
}
