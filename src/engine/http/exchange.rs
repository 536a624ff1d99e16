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
use crate::http::body::download::{Download, Limits};
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
    /// The caller judges answers with these statuses before their redirect is followed, and has their bodies whole.
    pub judged: Statuses,
}

/// A set of statuses from 200 to 399.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statuses([u64; 4]);

impl Statuses {
    pub fn contains(&self, status: u16) -> bool {
        matches!(status, 200..400) && self.0[usize::from(status - 200) / 64] >> ((status - 200) % 64) & 1 == 1
    }
}

impl FromIterator<u16> for Statuses {
    /// Leaves out statuses below 200 and above 399.
    fn from_iter<T: IntoIterator<Item = u16>>(statuses: T) -> Self {
        let mut set = Self::default();
        for status in statuses.into_iter().filter(|status| matches!(status, 200..400)) {
            set.0[usize::from(status - 200) / 64] |= 1 << ((status - 200) % 64);
        }
        set
    }
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
    /// Where a redirect with a judged status leads.
    pub unfollowed: Option<Box<Unfollowed>>,
}

/// A redirect that waits for its answer to be judged. [`follow`] goes on with it.
pub struct Unfollowed {
    next: Result<(WireRequest, bool), Error>,
    hops: u32,
}

/// Sends `request`, follows redirects as `rules` allow, and reads the answer. Keeps `phase` up to date.
pub async fn exchange(
    transport: &dyn Transport,
    request: &WireRequest,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Box<Response>, Error> {
    phase.begin();
    run(transport, request, None, rules, phase).await
}

/// Follows a redirect of `request` that [`exchange`] left to its caller.
pub async fn follow(
    transport: &dyn Transport,
    request: &WireRequest,
    redirect: Unfollowed,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Box<Response>, Error> {
    let hop = hop(request, redirect.next?, redirect.hops, rules, phase)?;
    run(transport, request, Some(hop), rules, phase).await
}

/// A request that a redirect led to, after so many redirects. Boxed, because most requests have none and would move the room.
type Hop = Box<(WireRequest, u32)>;

async fn run(
    transport: &dyn Transport,
    request: &WireRequest,
    mut redirected: Option<Hop>,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Box<Response>, Error> {
    loop {
        let (current, hops) = redirected.as_deref().map_or((request, 0), |(request, hops)| (request, *hops));
        let mut upload = UploadGuard::new(&current.body);
        phase.set(Phase::Response);
        let answer = watched(phase, transport.send(current)).await.inspect_err(|error| {
            if matches!(error, Error::Transport { unsent: true, .. }) {
                phase.unprocessed();
            }
        })?;
        phase.answered();
        let judged = rules.judged.contains(answer.status.as_u16());
        let unfollowed = match redirect(current, &answer, rules, hops) {
            Some(redirect) if !judged => {
                drop(upload);
                redirected = Some(hop(request, redirect.next?, hops, rules, phase)?);
                continue;
            }
            unfollowed => unfollowed,
        };
        let body_is_empty = has_no_body(&current.method, answer.status);
        let WireResponse { status, reason, headers, body, unsent } = answer;
        let mut response = Box::new(Response {
            status: status.as_u16(),
            reason,
            url: current.url.clone(),
            redirected: redirected.is_some(),
            became_get: current.method != request.method,
            left_origin: phase.is_away(),
            headers,
            body: Bytes::new(),
            download: None,
            unfollowed,
        });
        if !body_is_empty {
            upload.unsent = unsent;
            let mut download = Download::new(body, rules.limits, upload);
            if download.fill((response.status, judged), &response.headers).await? {
                response.body = download.whole();
            } else {
                response.download = Some(Box::new(download));
            }
        }
        return Ok(response);
    }
}

/// The redirect that `answer` to `current` asks for.
fn redirect(
    current: &WireRequest,
    answer: &WireResponse,
    rules: &Rules,
    hops: u32,
) -> Option<Box<Unfollowed>> {
    let head = (answer.status, &answer.headers);
    let next = redirect::next_request(rules.redirect, rules.allow_insecure, current, head).transpose()?;
    Some(Box::new(Unfollowed { next, hops }))
}

fn hop(
    request: &WireRequest,
    (next, leaves_origin): (WireRequest, bool),
    hops: u32,
    rules: &Rules,
    phase: &PhaseCell,
) -> Result<Hop, Error> {
    if hops == rules.max_redirects {
        let kind = RedirectKind::TooMany { limit: rules.max_redirects };
        return Err(Error::Redirect { origin: origin::name(&request.url), kind });
    }
    if leaves_origin {
        phase.leave_origin();
    }
    if !next.body.is_fresh() {
        return Err(Error::BodyNotReplayable);
    }
    Ok(Box::new((next, hops + 1)))
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
