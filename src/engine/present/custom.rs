//! A token in the form that the user's `header.format` gives it.

use std::sync::Arc;

use ::http::header::HeaderValue;
use futures_util::future::BoxFuture;

use crate::error::Error;
use crate::lock::Lock;
use crate::present::{Bearer, Presented, Presenter};
use crate::secret::Secret;
use crate::session::{Held, Stamp};

/// The user's function from a token to its header. Asked once for each token; always settles.
pub trait Format: Send + Sync {
    fn format<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<HeaderValue, Error>>;
}

pub(super) struct Custom {
    format: Arc<dyn Format>,
    /// The header that was made last, and the stamp of the token in it.
    newest: Lock<Option<(Stamp, HeaderValue)>>,
    /// Held while the function is asked, so that requests that start together ask once.
    asking: tokio::sync::Mutex<()>,
}

impl Custom {
    pub(super) fn new(format: Arc<dyn Format>) -> Self {
        Self { format, newest: Lock::default(), asking: tokio::sync::Mutex::default() }
    }

    async fn ask(&self, held: &Held) -> Result<HeaderValue, Error> {
        let _asking = self.asking.lock().await;
        if let Some(value) = self.newest(held) {
            return Ok(value);
        }
        let mut value = self.format.format(&held.tokens.access).await?;
        value.set_sensitive(true);
        *self.newest.lock() = Some((Stamp::of(held), value.clone()));
        Ok(value)
    }

    fn newest(&self, held: &Held) -> Option<HeaderValue> {
        let newest = self.newest.lock();
        newest.as_ref().filter(|(of, _)| *of == Stamp::of(held)).map(|(_, value)| value.clone())
    }
}

impl Presenter for Custom {
    fn header<'a>(&'a self, held: &'a Held) -> Presented<'a> {
        // Servers read a proof only beside its own scheme.
        if held.tokens.proof_key().is_some() {
            return Bearer.header(held);
        }
        match self.newest(held) {
            Some(value) => Presented::Made(value),
            None => Presented::Making(Box::pin(self.ask(held))),
        }
    }
}
