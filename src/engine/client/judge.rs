//! What an answer says about the token that was sent.

use futures_util::future::BoxFuture;
use url::Url;

use crate::error::Error;
use crate::http::{PhaseCell, Response};

/// Why a server rejected a request with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// The token is not valid, or not any more: a rotation helps.
    Token,
}

/// The user's own opinion of what an expired token looks like. Asked only about failures, and network errors; always
/// settles.
pub trait Judge: Send + Sync {
    fn is_expired<'a>(
        &'a self,
        answer: &'a Result<Response, Error>,
        url: &'a Url,
    ) -> BoxFuture<'a, Result<bool, Error>>;
}

/// Whether `answer` rejects the token. Without a judge, status 401 does.
pub(super) async fn rejection(
    judge: Option<&dyn Judge>,
    answer: &Result<Response, Error>,
    url: &Url,
    phase: &PhaseCell,
) -> Result<Option<Rejection>, Error> {
    let expired = match (judge, answer) {
        // Another origin answered, which never saw the token.
        _ if phase.is_away() => false,
        (_, Ok(response)) if (200..400).contains(&response.status) => false,
        (Some(judge), Ok(_) | Err(Error::Network { .. })) => judge.is_expired(answer, url).await?,
        (None, Ok(response)) => response.status == 401,
        (_, Err(_)) => false,
    };
    Ok(expired.then_some(Rejection::Token))
}
