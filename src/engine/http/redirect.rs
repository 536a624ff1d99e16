//! Decides whether a redirect is followed, and makes the next request; [`crate::http::exchange`] sends it.
//!
//! Invariant: another origin gets only the few headers that say nothing about the caller, and the body that a 307 or 308
//! in mode `follow` asks for. A header that was dropped stays dropped, even if a later redirect comes back.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use url::Url;

use crate::error::{Error, RedirectKind};
use crate::http::{Payload, WireRequest, origin};

/// The option `redirect`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedirectMode {
    /// Follows within the origin; a redirect that leaves it is an error.
    #[default]
    SameOrigin,
    /// Follows to any origin, without the request's headers if it is another one.
    Follow,
    /// Every redirect is an error.
    Error,
    /// The caller gets every redirect.
    Manual,
}

/// The destination of a redirect.
#[derive(Debug, PartialEq, Eq)]
struct Hop {
    url: Url,
    method: Method,
    keeps_body: bool,
    leaves_origin: bool,
}

/// How many redirects are followed unless a request says otherwise. The fetch standard's number.
pub const MAX_REDIRECTS: u32 = 20;

/// The request that follows `request`, to which the answer is `status` and `headers`; true beside it if that request goes
/// to another origin. `None` if the caller gets the answer.
pub fn next_request(
    mode: RedirectMode,
    allow_insecure: bool,
    request: &WireRequest,
    answer: (StatusCode, &HeaderMap),
) -> Result<Option<(WireRequest, bool)>, Error> {
    let hop = decide(mode, allow_insecure, (&request.method, &request.url), answer)?;
    Ok(hop.map(|hop| {
        let leaves_origin = hop.leaves_origin;
        (follow(hop, request), leaves_origin)
    }))
}

/// The caller gets a redirect without a `location`, except in mode `error`, as in the fetch standard.
fn decide(
    mode: RedirectMode,
    allow_insecure: bool,
    (method, url): (&Method, &Url),
    (status, headers): (StatusCode, &HeaderMap),
) -> Result<Option<Hop>, Error> {
    if mode == RedirectMode::Manual || !is_redirect(status) {
        return Ok(None);
    }
    let refused = |kind| Error::Redirect { origin: origin::name(url), kind };
    if mode == RedirectMode::Error {
        return Err(refused(RedirectKind::Forbidden));
    }
    if !headers.contains_key(header::LOCATION) {
        return Ok(None);
    }
    let next = location(url, headers).ok_or_else(|| refused(RedirectKind::NotAUrl))?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(refused(RedirectKind::NotHttp));
    }
    if origin::has_credentials(&next) {
        return Err(refused(RedirectKind::HasCredentials));
    }
    if url.scheme() == "https" && next.scheme() == "http" {
        return Err(refused(RedirectKind::Downgrade));
    }
    let leaves_origin = !origin::same_origin(url, &next);
    if leaves_origin && mode == RedirectMode::SameOrigin {
        return Err(refused(RedirectKind::LeavesOrigin { to: origin::name(&next) }));
    }
    origin::check_transport(&next, allow_insecure)?;
    let (method, keeps_body) = next_method(status, method);
    Ok(Some(Hop { url: next, method, keeps_body, leaves_origin }))
}

fn follow(hop: Hop, previous: &WireRequest) -> WireRequest {
    let Hop { url, method, keeps_body, leaves_origin } = hop;
    let sends_body = keeps_body && !previous.body.is_empty();
    let mut headers = HeaderMap::new();
    for (name, value) in &previous.headers {
        let about_the_body = is_about_the_body(name);
        let dropped = about_the_body && !sends_body;
        // A sensitive value is a secret, whatever the header is called.
        let stays_behind =
            leaves_origin && (value.is_sensitive() || !(about_the_body || TRAVELS.contains(name)));
        if !dropped && !stays_behind {
            headers.append(name.clone(), value.clone());
        }
    }
    let body = if keeps_body { previous.body.clone() } else { Payload::default() };
    WireRequest { method, url, headers, body }
}

/// Headers that are the same for every caller of every origin.
const TRAVELS: [HeaderName; 4] =
    [header::ACCEPT, header::ACCEPT_ENCODING, header::ACCEPT_LANGUAGE, header::USER_AGENT];

/// The redirect statuses of the fetch standard, without 300 and 304.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The `location`, resolved, if there is exactly one. Without a fragment it gets the fragment of the request.
fn location(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let mut all = headers.get_all(header::LOCATION).iter();
    let (only, None) = (all.next()?, all.next()) else {
        return None;
    };
    let mut next = url.join(&text(only.as_bytes())).ok()?;
    if next.fragment().is_none() {
        next.set_fragment(url.fragment());
    }
    Some(next)
}

/// UTF-8 as it is. Other bytes, such as Latin-1, go to the server as it wrote them: percent-encoded, as in browsers.
fn text(location: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(location) {
        return text.into();
    }
    let byte = |&byte: &u8| match byte {
        0..0x80 => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    location.iter().map(byte).collect()
}

/// The next method, and whether the body is sent again.
fn next_method(status: StatusCode, method: &Method) -> (Method, bool) {
    let becomes_get = match status.as_u16() {
        303 => !matches!(*method, Method::GET | Method::HEAD),
        301 | 302 => *method == Method::POST,
        _ => false,
    };
    if becomes_get { (Method::GET, false) } else { (method.clone(), true) }
}

fn is_about_the_body(name: &HeaderName) -> bool {
    name.as_str().starts_with("content-") || *name == header::TRANSFER_ENCODING
}

#[cfg(test)]
mod tests;
