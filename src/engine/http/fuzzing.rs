//! Targets for fuzzing: the headers of an answer, and the URLs of a request.

use ::http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use ::http::{Method, StatusCode};
use bytes::Bytes;
use url::Url;

use crate::http::challenge::challenges;
use crate::http::origin::{Origins, same_origin};
use crate::http::redirect::next_request;
use crate::http::retry;
use crate::http::transport::idle;
use crate::http::{Payload, RedirectMode, WireRequest};

fn base() -> Url {
    Url::parse("https://api.example/v1").expect("a URL")
}

/// A header as it comes in an answer. None for bytes that hyper refuses.
fn answer(name: HeaderName, bytes: &[u8]) -> Option<HeaderMap> {
    Some(HeaderMap::from_iter([(name, HeaderValue::from_bytes(bytes).ok()?)]))
}

/// A redirect: in mode `same-origin` it does not leave the origin, and `authorization` never goes elsewhere.
pub(crate) fn location(bytes: &[u8]) {
    let Some(headers) = answer(LOCATION, bytes) else { return };
    for mode in [RedirectMode::SameOrigin, RedirectMode::Follow] {
        let secret =
            HeaderMap::from_iter([(::http::header::AUTHORIZATION, HeaderValue::from_static("secret"))]);
        let request = WireRequest {
            method: Method::GET,
            url: base(),
            headers: secret,
            body: Payload::Bytes(Bytes::new()),
        };
        let next = next_request(mode, false, &request, (StatusCode::FOUND, &headers));
        let Ok(Some((next, leaves))) = next else { continue };
        assert_eq!(leaves, !same_origin(&base(), &next.url), "a redirect hides where it goes");
        assert!(!leaves || mode == RedirectMode::Follow, "a redirect leaves the origin");
        assert!(!leaves || next.headers.is_empty(), "a redirect takes the token away");
    }
}

pub(crate) fn retry_after(bytes: &[u8]) {
    let Some(headers) = answer(RETRY_AFTER, bytes) else { return };
    let _pause = retry::retry_after(&headers, 1_800_000_000_000);
}

/// How long a server keeps a connection: it never rests for longer than the client allows.
pub(crate) fn keep_alive(bytes: &[u8]) {
    let Some(headers) = answer(HeaderName::from_static("keep-alive"), bytes) else { return };
    assert!(idle::longest(&Method::GET, &headers) <= idle::IDLE_TIMEOUT, "a connection rests too long");
}

/// Lines of `WWW-Authenticate`.
pub(crate) fn challenge(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for challenge in challenges(text.lines()) {
        assert!(!challenge.scheme.is_empty(), "a challenge has no scheme");
    }
}

/// A name, a line's end, and a value: no header that is taken holds a line's end.
pub(crate) fn header(bytes: &[u8]) {
    let (name, value) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let value = value.get(1..).unwrap_or_default();
    let (name, value) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value));
    if let (Ok(name), Ok(value)) = (name, value) {
        let bytes = [name.as_str().as_bytes(), value.as_bytes()].concat();
        assert!(!bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "a header holds a line's end");
    }
}

/// A reference, a line's end, and a query: the token goes to the base's origin alone.
pub(crate) fn url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (reference, query) = text.split_once('\n').unwrap_or((&text, ""));
    let origins = Origins::new(Some(base()), Vec::new(), false);
    if let Ok(target) = origins.resolve(reference, query) {
        assert_eq!(target.trusted, same_origin(&target.url, &base()), "a foreign URL is trusted");
        assert!(target.url.username().is_empty() && target.url.password().is_none());
    }
}
