//! How a token gets into a request.
//!
//! [`custom`] asks the user once for each token and keeps the answer; [`Bearer`] is quicker than keeping. A token that is bound
//! to a key also needs a proof in each request, which the client adds.
//!
//! Invariant: every header made here is marked sensitive, so that no redirect carries it to another origin.

mod custom;
#[cfg(test)]
mod tests;

use std::future::ready;
use std::sync::Arc;

use ::http::header::HeaderValue;
use futures_util::future::BoxFuture;

use crate::error::Error;
use crate::session::Held;

pub use custom::Format;

/// An SDK that insists on a key is given this text. An auth header that holds it gives way to the token: it is no secret, so that no
/// program sends it on purpose.
pub const PLACEHOLDER: &str = "token-rotator-placeholder";

/// True if an auth header that a request brings gives way to the token.
pub fn is_placeholder(value: &HeaderValue) -> bool {
    value.as_bytes().windows(PLACEHOLDER.len()).any(|part| part == PLACEHOLDER.as_bytes())
}

/// Makes the auth headers of one session, as one client wants them.
pub trait Presenter: Send + Sync {
    /// The auth header of a request that is sent with `held`.
    fn header<'a>(&'a self, held: &'a Held) -> Presented<'a>;
}

/// An auth header, or the way to it.
pub enum Presented<'a> {
    Made(HeaderValue),
    /// The user's code makes it. Nothing happens before the future is polled.
    Making(BoxFuture<'a, Result<HeaderValue, Error>>),
}

impl Presented<'_> {
    pub async fn value(self) -> Result<HeaderValue, Error> {
        match self {
            Self::Made(value) => Ok(value),
            Self::Making(value) => value.await,
        }
    }
}

/// A presenter for one session: `format`, or else `Bearer` and the token.
pub fn presenter(format: Option<&Arc<dyn Format>>) -> Box<dyn Presenter> {
    match format {
        None => Box::new(Bearer),
        Some(format) => Box::new(custom::Custom::new(Arc::clone(format))),
    }
}

/// `Bearer` and the token (RFC 6750 §2.1), or `DPoP` and a token that is bound (RFC 9449 §7.1). Made for each request, in a tenth of a microsecond: kept, it would be one more
/// copy of the token in each session.
struct Bearer;

impl Presenter for Bearer {
    fn header<'a>(&'a self, held: &'a Held) -> Presented<'a> {
        let scheme = if held.tokens.proof_key().is_some() { "DPoP" } else { "Bearer" };
        match HeaderValue::try_from([scheme, " ", held.tokens.access.expose()].concat()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                Presented::Made(value)
            }
            Err(_) => Presented::Making(Box::pin(ready(Err(Error::Internal)))),
        }
    }
}
