//! How new tokens are obtained.
//!
//! A grant asks once and says what became of the question; whether to ask again is the flight's to decide.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Cause;
use crate::secret::Secret;
use crate::token::Tokens;

pub type GrantFuture<'a> = Pin<Box<dyn Future<Output = Result<Tokens, GrantError>> + Send + 'a>>;

/// Where new tokens come from: a user's `refresh` function, or a token endpoint spoken to in Rust.
pub trait Grant: Send + Sync {
    /// Asks for new tokens once. Dropping the future gives the question up (`context.signal` aborts).
    fn refresh(&self, ask: Ask) -> GrantFuture<'_>;
}

/// One question for new tokens.
#[derive(Debug)]
pub struct Ask {
    pub session: Arc<str>,
    pub refresh_token: Option<Secret>,
    /// 1 for the first question of a flight.
    pub attempt: u32,
    pub entered: Entered,
}

/// Fired when the question really begins. Deadlines count from then: a question that waits for a busy event loop has
/// not been asked yet.
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

/// What became of a question that brought no tokens: each kind says what is known about the refresh token.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantError {
    /// The token is as good as before: never sent, or answered with 5xx or 429.
    Unspent { retry_after: Option<Duration>, cause: Option<Cause> },
    /// Sent, and no answer came: the token may be spent.
    Ambiguous { cause: Option<Cause> },
    /// An answer came that is no set of tokens: the token may be spent.
    Malformed { cause: Option<Cause> },
    /// It failed and nothing tells how.
    Unknown { cause: Option<Cause> },
    /// The authorization server refused the token for good.
    Terminal { cause: Option<Cause> },
    /// The environment that would have asked has ended; another one may ask.
    Gone,
}
