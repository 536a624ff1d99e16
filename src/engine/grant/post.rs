//! How a grant speaks to an authorization server. A grant knows no HTTP; the client's side implements [`Post`].

use std::borrow::Cow;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue};
use futures_util::future::BoxFuture;
use url::Url;

use crate::error::Error;
use crate::grant::permit::Permit;
use crate::secret::Secret;

/// Asks an authorization server once: no redirect, no repeat, and no connection that was used before. A kept connection may
/// close under a form, and then it is unknown whether the server has read the refresh token in it.
///
/// Dropping a future ends its exchange.
pub trait Post: Send + Sync {
    fn post(&self, form: Form) -> BoxFuture<'_, Result<Answer, NotAnswered>>;

    /// For a server's metadata.
    fn get(&self, url: Url) -> BoxFuture<'_, Result<Answer, NotAnswered>>;
}

/// Prints itself nowhere, because URLs may carry secrets too.
pub struct Form {
    pub url: Url,
    /// Besides `accept` and `content-type`. The code that adds a header with a secret marks its value sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub fields: Vec<(Cow<'static, str>, Secret)>,
    /// Asked once there is a connection. Without it nothing is sent.
    pub permit: Permit,
}

impl Form {
    pub fn new(url: Url) -> Self {
        Self { url, headers: Vec::new(), fields: Vec::new(), permit: Permit::default() }
    }

    pub fn add(&mut self, name: impl Into<Cow<'static, str>>, value: Secret) {
        self.fields.push((name.into(), value));
    }
}

/// The server's answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// RFC 9449 §8.
    pub dpop_nonce: Option<String>,
    /// The `www-authenticate` headers, joined by commas.
    pub challenge: Option<String>,
    pub content_type: Option<String>,
    /// A secret, because it may hold tokens. Bytes that are no UTF-8 are replaced, and a body that is too large is empty.
    pub body: Secret,
}

impl Answer {
    /// An answer without headers.
    pub fn new(status: u16, body: Secret) -> Self {
        Self { status, retry_after: None, dpop_nonce: None, challenge: None, content_type: None, body }
    }
}

/// No complete answer came.
#[derive(Debug)]
pub struct NotAnswered {
    /// The server may have acted upon the form. False only if it is certain that the server has not: no byte was sent, or the
    /// server said so.
    pub sent: bool,
    pub error: Error,
}
