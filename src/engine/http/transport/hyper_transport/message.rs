//! A request in the form that hyper takes, and hyper's answer in ours.
//!
//! Invariant: a URL is parsed twice: when the user passes it, and here into the URI that hyper takes.

use std::borrow::Cow;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, RANGE,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;
use url::{Position, Url};

use crate::error::Error;
use crate::fault::Fault;
use crate::http::body::decode::{self, Coding};
use crate::http::body::incoming::IncomingBody;
use crate::http::body::outgoing::OutgoingBody;
use crate::http::body::unsent::Unsent;
use crate::http::connect::link_handle::LinkHandle;
use crate::http::{WireBody, WireRequest, WireResponse};

pub(super) fn outgoing(request: &WireRequest) -> Result<(Request<OutgoingBody>, Option<Unsent>), Error> {
    let (body, upload) = request.body.outgoing();
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = uri(&request.url)?;
    *outgoing.headers_mut() = headers(request);
    Ok((outgoing, upload.map(Unsent::new)))
}

/// `url` without fragment, user name and password, which are not sent.
fn uri(url: &Url) -> Result<Uri, Error> {
    let text = match &url[Position::BeforeUsername..Position::BeforeHost] {
        "" => Cow::from(&url[..Position::AfterQuery]),
        _ => [&url[..Position::BeforeUsername], &url[Position::BeforeHost..Position::AfterQuery]]
            .concat()
            .into(),
    };
    if text.len() > LONGEST_URL {
        return Err(Error::invalid_option("url", "is longer than 65534 bytes, the most that can be sent"));
    }
    Uri::try_from(&*text).map_err(|_| Error::invalid_option("url", "cannot be sent as an HTTP/1.1 request"))
}

/// The request's own headers, and the usual ones that it lacks. The connection adds `host`, and hyper the body's length.
fn headers(request: &WireRequest) -> HeaderMap {
    let WireRequest { method, headers: own, body, .. } = request;
    let mut headers = HeaderMap::with_capacity(own.len() + ADDED);
    for (name, value) in own {
        // Only the body's real length may be sent: a larger one makes the server wait, a smaller one makes it take the
        // rest for the next request.
        if name != CONTENT_LENGTH && name != TRANSFER_ENCODING {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.entry(ACCEPT).or_insert(ANYTHING);
    headers.entry(USER_AGENT).or_insert(OURSELVES);
    // As in fetch, because a part of a compressed body cannot be decoded.
    let codings = if own.contains_key(RANGE) { IDENTITY } else { CODINGS };
    headers.entry(ACCEPT_ENCODING).or_insert(codings);
    if body.is_empty() && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        // RFC 9110 §8.6. hyper leaves it out, and then some servers answer 411.
        headers.insert(CONTENT_LENGTH, ZERO);
    }
    headers
}

/// The fault of an answer that leaves open where the next answer on its connection begins.
pub(super) fn fault(response: &Response<Incoming>, link: &LinkHandle) -> Option<Fault> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Some(Fault::Upgraded);
    }
    let headers = response.headers();
    if link.is_refused() {
        return Some(Fault::FoldedFraming);
    }
    let has_two_ends = headers.contains_key(TRANSFER_ENCODING)
        && headers.contains_key(CONTENT_LENGTH)
        && !response.body().is_end_stream();
    has_two_ends.then_some(Fault::TwoEnds)
}

pub(super) fn incoming(response: Response<IncomingBody>, uri: Uri) -> WireResponse {
    let (mut head, body) = response.into_parts();
    let reason = match head.extensions.get::<ReasonPhrase>() {
        // Header bytes are Latin-1.
        Some(reason) => reason.as_bytes().iter().copied().map(char::from).collect::<String>().into(),
        None => head.status.canonical_reason().unwrap_or_default().into(),
    };
    // An answer to HEAD has no body; its headers describe the body that GET would get.
    let coding = if body.is_end_stream() { None } else { Coding::of(&head.headers) };
    if coding.is_some() {
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
    }
    WireResponse {
        status: head.status,
        reason,
        headers: head.headers,
        body: WireBody::new(body, coding, uri),
        unsent: None,
    }
}

// Constants, so that HeaderMap takes them without an allocation.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
pub(crate) const OURSELVES: HeaderValue =
    HeaderValue::from_static(concat!("token-rotator/", env!("CARGO_PKG_VERSION")));
const CODINGS: HeaderValue = HeaderValue::from_static(decode::ACCEPTED);
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const ZERO: HeaderValue = HeaderValue::from_static("0");

/// Room for the three above, `host` and `content-length`, so that the map never grows.
const ADDED: usize = 5;

/// The most that the crate http takes. Servers usually take 8 or 16 KiB.
const LONGEST_URL: usize = 65_534;

#[cfg(test)]
mod tests;
