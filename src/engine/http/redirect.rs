//! Whether and how a redirect is followed. Pure: [`decide`] reads a response's head, [`follow`] makes the next
//! request, [`crate::http::exchange`] sends it.
//!
//! Invariant: what a request carries never reaches another origin, except the few headers that say nothing about the
//! caller, and the body that a 307 or 308 in mode `follow` asks for. What was dropped on the way stays dropped, even if
//! a later redirect comes back.

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
    /// Follows anywhere, leaving the request's headers behind where it leaves the origin.
    Follow,
    /// Every redirect is an error.
    Error,
    /// Every redirect is a response like any other.
    Manual,
}

/// Where a redirect leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) url: Url,
    pub(crate) method: Method,
    pub(crate) keeps_body: bool,
    pub(crate) leaves_origin: bool,
}

/// The fetch standard's number.
pub(crate) const MAX_REDIRECTS: u32 = 20;

/// What follows from the head of an answer to `method` and `url`: another request, or `None` if it is the caller's.
/// Without a `location` it is, but in mode `error`, as the fetch standard says.
pub(crate) fn decide(
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
    let method = next_method(status, method);
    let keeps_body = method.1;
    Ok(Some(Hop { url: next, method: method.0, keeps_body, leaves_origin }))
}

/// The request that goes to `hop` after `previous` was redirected there.
pub(crate) fn follow(hop: Hop, previous: &WireRequest) -> WireRequest {
    let Hop { url, method, keeps_body, leaves_origin } = hop;
    let sends_body = keeps_body && !previous.body.is_empty();
    let mut headers = HeaderMap::new();
    for (name, value) in &previous.headers {
        let about_the_body = is_about_the_body(name);
        let dropped = about_the_body && !sends_body;
        // A sensitive value is a secret whatever name the user chose for it.
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

/// The fetch standard's redirect statuses; 300 and 304 are none.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The only `location`, resolved. The fragment of the request stays unless there is a new one.
fn location(url: &Url, headers: &HeaderMap) -> Option<Url> {
    let mut all = headers.get_all(header::LOCATION).iter();
    let (only, None) = (all.next()?, all.next()) else {
        return None;
    };
    let mut next = url.join(std::str::from_utf8(only.as_bytes()).ok()?).ok()?;
    if next.fragment().is_none() {
        next.set_fragment(url.fragment());
    }
    Some(next)
}

/// The next method, and whether the body goes along.
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
