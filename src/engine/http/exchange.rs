//! One request and its answer: sent, redirected, read to the end. Replays, retries and time limits are the caller's,
//! who drops the future when time is up and reads from the [`PhaseCell`] how far it came.
//!
//! Invariant: no more of a body is held than the limit, however small it was before decompression.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::connect::watched;
use super::redirect::{self, MAX_REDIRECTS};
use super::{PhaseCell, RedirectMode, Transport, WireBody, WireRequest, WireResponse, origin};
use crate::engine::error::{Error, Phase};

/// What the user chose for a request, as far as the wire is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub redirect: RedirectMode,
    /// Bytes, counted after decompression.
    pub max_response_size: u64,
    pub allow_insecure: bool,
}

/// A whole answer.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    pub reason: Cow<'static, str>,
    /// Where the answer came from, redirects followed.
    pub url: Url,
    pub redirected: bool,
    /// A redirect led to another origin: the token did not go there, so what is said there is not about it.
    pub left_origin: bool,
    pub headers: HeaderMap,
    /// Decoded.
    pub body: Bytes,
}

/// Sends `request`, follows its redirects as `rules` say, and reads the answer. `phase` follows along.
pub async fn exchange(
    transport: &dyn Transport,
    request: &WireRequest,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Response, Error> {
    let mut redirected: Option<WireRequest> = None;
    let mut left_origin = false;
    for _ in 0..=MAX_REDIRECTS {
        let current = redirected.as_ref().unwrap_or(request);
        phase.set(Phase::Response);
        let answer = watched(phase, transport.send(current)).await?;
        phase.answered();
        let head = (answer.status, &answer.headers);
        let hop =
            redirect::decide(rules.redirect, rules.allow_insecure, (&current.method, &current.url), head)?;
        let Some(hop) = hop else {
            let url = current.url.clone();
            let body_is_empty = has_no_body(&current.method, answer.status);
            let WireResponse { status, reason, headers, body } = answer;
            let body = if body_is_empty { Bytes::new() } else { read(body, rules.max_response_size).await? };
            return Ok(Response {
                status: status.as_u16(),
                reason,
                url,
                redirected: redirected.is_some(),
                left_origin,
                headers,
                body,
            });
        };
        left_origin |= hop.leaves_origin;
        redirected = Some(redirect::follow(hop, current));
    }
    Err(Error::Redirect(format!("{} redirects more than {MAX_REDIRECTS} times", origin::name(&request.url))))
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A decoder would take the missing body of such an answer for a broken one.
fn has_no_body(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// All of `body` in one piece. A body that comes in one piece is not copied.
async fn read(mut body: WireBody, limit: u64) -> Result<Bytes, Error> {
    let expected = body.expected();
    if expected.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge { limit });
    }
    let Some(first) = body.chunk().await? else {
        return Ok(Bytes::new());
    };
    if first.len() as u64 > limit {
        return Err(Error::TooLarge { limit });
    }
    let Some(mut chunk) = body.chunk().await? else {
        return Ok(first);
    };
    let expected = expected.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut whole = BytesMut::with_capacity(expected.min(PREALLOCATED).max(first.len() + chunk.len()));
    whole.extend_from_slice(&first);
    drop(first);
    loop {
        if (whole.len() + chunk.len()) as u64 > limit {
            return Err(Error::TooLarge { limit });
        }
        whole.extend_from_slice(&chunk);
        match body.chunk().await? {
            Some(next) => chunk = next,
            None => return Ok(whole.freeze()),
        }
    }
}

/// How much memory a mere `content-length` gets before its bytes arrive. Most bodies fit, and a thousand servers that
/// promise and then stall hold one gigabyte and not the 64 each that the default limit allows.
const PREALLOCATED: usize = 1024 * 1024;

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
