//! How a grant speaks to an authorization server. A grant knows no HTTP; the client's side implements [`Post`].

use std::time::Duration;

use futures_util::future::BoxFuture;
use url::Url;

use crate::error::Error;
use crate::secret::Secret;

/// Sends a form once: no redirect, no repeat, and no connection that was used before. A kept connection may close under
/// the form, and then it is unknown whether the server has read the refresh token in it.
pub trait Post: Send + Sync {
    /// Dropping the future ends the exchange.
    fn post(&self, form: Form) -> BoxFuture<'_, Result<Answer, NotAnswered>>;
}

/// Prints itself nowhere, because URLs may carry secrets too.
pub struct Form {
    pub url: Url,
    pub fields: Vec<(String, Secret)>,
}

/// The server's answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// A secret, because it may hold tokens.
    pub body: Secret,
}

/// No complete answer came.
#[derive(Debug)]
pub struct NotAnswered {
    /// A byte of the form may have reached the server. False only if that is certain.
    pub sent: bool,
    pub error: Error,
}
