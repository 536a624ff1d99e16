//! Reads from an answer why the token that was sent was rejected.

use futures_util::future::BoxFuture;
use url::Url;

use crate::error::Error;
use crate::http::challenge::{challenges, lines};
use crate::http::{PhaseCell, Response, Statuses};

/// Why a server rejected a request with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// The token is not valid, or not any more: a rotation helps.
    Token,
    /// The token is valid and does not reach this far: a rotation would bring another one like it.
    Scope,
}

/// The user's opinion of what an expired token looks like. Asked only about failures, network errors and judged statuses.
pub trait Judge: Send + Sync {
    /// `None` if there is no opinion, because the user's code threw.
    fn is_expired<'a>(
        &'a self,
        session: &'a str,
        answer: &'a Result<Response, Error>,
        url: &'a Url,
    ) -> BoxFuture<'a, Option<bool>>;
}

/// How `answer` rejects the token, if it does: as the judge says, or else by status 401.
pub(super) async fn rejection(
    judge: Option<&dyn Judge>,
    session: &str,
    answer: &Result<Response, Error>,
    url: &Url,
    judged: Statuses,
    phase: &PhaseCell,
) -> Option<Rejection> {
    // Another origin never saw the token.
    if phase.is_away() {
        return None;
    }
    match answer {
        Ok(Response { status, .. }) if (200..400).contains(status) && !judged.contains(*status) => {
            return None;
        }
        Ok(_) | Err(Error::Network { .. }) => {}
        Err(_) => return None,
    }
    let opinion = match judge {
        Some(judge) => judge.is_expired(session, answer, url).await,
        None => None,
    };
    match (opinion, answer) {
        (Some(expired), _) => expired.then_some(Rejection::Token),
        (None, Ok(response)) if response.status == 401 => Some(reason(lines(&response.headers))),
        (None, _) => None,
    }
}

/// The reason that a 401 gives for itself (RFC 6750 §3.1). Without one the token is taken for expired.
pub(super) fn reason(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Rejection {
    let challenges = challenges(lines);
    let says = |error| challenges.iter().any(|challenge| challenge.param("error") == Some(error));
    if says("insufficient_scope") && !says("invalid_token") { Rejection::Scope } else { Rejection::Token }
}
