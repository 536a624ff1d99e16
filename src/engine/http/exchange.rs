//! One request and its answer: sent, redirected, read as far as it is there. Replays, retries and time limits are the caller's,
//! who drops the future when time is up and reads from the [`PhaseCell`] how far it came.
//!
//! Invariant: a body that was sent as a stream and cannot be made again is not sent a second time.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::error::{Error, Phase};
use crate::http::body::download::{Download, Limits, fill};
use crate::http::body::outgoing::Sending;
use crate::http::connect::watch::watched;
use crate::http::redirect::MAX_REDIRECTS;
use crate::http::{PhaseCell, RedirectMode, Transport, WireRequest, WireResponse, origin, redirect};

/// What the user chose for a request, as far as the wire is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub redirect: RedirectMode,
    pub limits: Limits,
    pub allow_insecure: bool,
}

/// An answer.
pub struct Response {
    pub status: u16,
    pub reason: Cow<'static, str>,
    /// Where the answer came from, redirects followed.
    pub url: Url,
    pub redirected: bool,
    /// A redirect led to another origin: the token did not go there, so what is said there is not about it.
    pub left_origin: bool,
    pub headers: HeaderMap,
    /// Decoded; empty if there is more of it.
    pub body: Bytes,
    /// The body, if it is too large, or its end too far away, to be read at once.
    pub download: Option<Box<Download>>,
}

/// Sends `request`, follows its redirects as `rules` say, and reads the answer. `phase` follows along.
pub async fn exchange(
    transport: &dyn Transport,
    request: &WireRequest,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Response, Error> {
    let mut redirected: Option<WireRequest> = None;
    phase.begin();
    for _ in 0..=MAX_REDIRECTS {
        let current = redirected.as_ref().unwrap_or(request);
        let mut sending = Sending::new(&current.body);
        phase.set(Phase::Response);
        let answer = watched(phase, transport.send(current)).await?;
        phase.answered();
        let head = (answer.status, &answer.headers);
        let hop =
            redirect::decide(rules.redirect, rules.allow_insecure, (&current.method, &current.url), head)?;
        let Some(hop) = hop else {
            let url = current.url.clone();
            let body_is_empty = has_no_body(&current.method, answer.status);
            let WireResponse { status, reason, headers, body, unsent } = answer;
            sending.unsent = unsent;
            let (body, download) = if body_is_empty {
                (Bytes::new(), None)
            } else {
                fill(body, status.as_u16(), &headers, rules.limits, sending).await?
            };
            return Ok(Response {
                status: status.as_u16(),
                reason,
                url,
                redirected: redirected.is_some(),
                left_origin: phase.is_away(),
                headers,
                body,
                download,
            });
        };
        drop(sending);
        if hop.leaves_origin {
            phase.leave_origin();
        }
        let next = redirect::follow(hop, current);
        if !next.body.is_fresh() {
            return Err(Error::BodyNotReplayable);
        }
        redirected = Some(next);
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

#[cfg(test)]
mod tests;
