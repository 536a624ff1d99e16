//! How new tokens are obtained.
//!
//! A grant asks once and says what became of the question. The flight decides whether to ask again.

#[cfg(test)]
mod conformance;
pub mod oauth;
mod permit;
mod post;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::dpop::Key;
use crate::error::{Cause, Error};
use crate::secret::Secret;
use crate::token::Tokens;

pub use permit::Permit;
pub use post::{Answer, Form, NotAnswered, Post};

/// A source of new tokens: a user's `refresh` function, or a token endpoint spoken to in Rust. Implementations run the
/// suite in `conformance.rs`.
pub trait Grant: Send + Sync {
    /// Asks for new tokens once. Dropping the future gives the question up (`context.signal` aborts).
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>>;

    /// Resolves when a question can be sent without a further wait, or at once.
    fn ready(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Tells the server that nobody needs these tokens any more.
    fn revoke<'a>(&'a self, _tokens: &'a Tokens) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// True if a logout revokes the tokens of its login.
    fn revokes_on_logout(&self) -> bool {
        false
    }
}

/// One question for new tokens.
#[derive(Debug)]
pub struct Ask {
    pub session: Arc<str>,
    pub refresh_token: Option<Secret>,
    /// The DPoP key of the tokens that are replaced.
    pub bound: Option<Key>,
    /// A server wants to see these claims in the new access token: a JSON object, as OIDC Core §5.5 has it. They go into
    /// the form field `claims`.
    pub claims: Option<Secret>,
    /// The login that the tokens are for.
    pub epoch: u64,
    /// 1 for the first question of a flight.
    pub attempt: u32,
    /// Asked right before the question is sent.
    pub permit: Permit,
    pub entered: Entered,
}

/// Fired when the question really begins, before anything is sent. Deadlines count from then, because a question that
/// waits for a busy event loop has not been asked yet.
#[derive(Clone, Debug, Default)]
pub struct Entered(Arc<Notify>);

impl Entered {
    pub fn fire(&self) {
        self.0.notify_one();
    }

    pub async fn wait(&self) {
        self.0.notified().await;
    }
}

/// Why a question brought no tokens, and what is known about the refresh token.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantError {
    /// The token is as good as before: it was never sent, the answer was 5xx or 429, or the server refused the client and not
    /// the token (RFC 6749 §5.2 `invalid_client`, `unauthorized_client`).
    Unspent { retry_after: Option<Duration>, cause: Option<Cause> },
    /// The token was sent and no answer came: it may be spent.
    Ambiguous { cause: Option<Cause> },
    /// The answer has no usable access token: the refresh token may be spent. `refresh`: its successor, if the answer has that.
    Malformed { refresh: Option<Secret>, cause: Option<Cause> },
    /// The question failed, and nothing tells how.
    Unknown { cause: Option<Cause> },
    /// The authorization server refused the token for good. No other refusal ends a session.
    Terminal { cause: Option<Cause> },
    /// The environment that would have asked has ended; another one may ask.
    Gone,
}
