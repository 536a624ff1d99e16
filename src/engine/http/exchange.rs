//! One request and its answer: sends the request, follows its redirects, and reads as much of the body as arrives at once.
//! The caller does replays, retries and time limits: it drops the future when time is up, and the [`PhaseCell`] says how
//! far the exchange came.
//!
//! Invariant: a stream that was sent and cannot be made again is not sent a second time.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::error::{Error, Phase, RedirectKind};
use crate::http::body::download::{Download, Limits, fill};
use crate::http::body::outgoing::UploadGuard;
use crate::http::connect::watch::watched;
use crate::http::{PhaseCell, RedirectMode, Transport, WireRequest, WireResponse, origin, redirect};

/// The options of a request that the wire needs.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub redirect: RedirectMode,
    pub max_redirects: u32,
    pub limits: Limits,
    pub allow_insecure: bool,
}

/// An answer.
pub struct Response {
    pub status: u16,
    pub reason: Cow<'static, str>,
    /// The URL of the last request after redirects.
    pub url: Url,
    pub redirected: bool,
    /// A redirect changed the method to GET.
    pub became_get: bool,
    /// A redirect led to another origin. The token did not go there, so the answer says nothing about the token.
    pub left_origin: bool,
    pub headers: HeaderMap,
    /// Decoded. Empty if the body is in `download`.
    pub body: Bytes,
    /// The body, if it is too large or takes too long to be read at once.
    pub download: Option<Box<Download>>,
}

/// Sends `request`, follows redirects as `rules` allow, and reads the answer. Keeps `phase` up to date.
pub async fn exchange(
    transport: &dyn Transport,
    request: &WireRequest,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Response, Error> {
    let mut redirected: Option<WireRequest> = None;
    phase.begin();
    for _ in 0..=rules.max_redirects {
        let current = redirected.as_ref().unwrap_or(request);
        let mut upload = UploadGuard::new(&current.body);
        phase.set(Phase::Response);
        let answer = watched(phase, transport.send(current)).await?;
        phase.answered();
        let head = (answer.status, &answer.headers);
        let next = redirect::next_request(rules.redirect, rules.allow_insecure, current, head)?;
        let Some((next, leaves_origin)) = next else {
            let (url, became_get) = (current.url.clone(), current.method != request.method);
            let body_is_empty = has_no_body(&current.method, answer.status);
            let WireResponse { status, reason, headers, body, unsent } = answer;
            upload.unsent = unsent;
            let (body, download) = if body_is_empty {
                (Bytes::new(), None)
            } else {
                fill(body, status.as_u16(), &headers, rules.limits, upload).await?
            };
            return Ok(Response {
                status: status.as_u16(),
                reason,
                url,
                redirected: redirected.is_some(),
                became_get,
                left_origin: phase.is_away(),
                headers,
                body,
                download,
            });
        };
        drop(upload);
        if leaves_origin {
            phase.leave_origin();
        }
        if !next.body.is_fresh() {
            return Err(Error::BodyNotReplayable);
        }
        redirected = Some(next);
    }
    let kind = RedirectKind::TooMany { limit: rules.max_redirects };
    Err(Error::Redirect { origin: origin::name(&request.url), kind })
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Such an answer has no body though its headers may describe one; a decoder would report the empty body as broken.
fn has_no_body(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

#[cfg(test)]
mod tests;
