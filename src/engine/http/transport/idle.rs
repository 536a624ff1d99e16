//! How long an HTTP/1.1 connection may rest between an answer and the next request.
//!
//! Invariant: no request is written to a connection that its server has announced to close by then.

use std::time::Duration;

use http::{HeaderMap, Method};

use crate::http::connect::link_handle::{Endings, LinkHandle, Rest};

/// undici's number: below the 5 s after which a Node server closes an idle connection, so that its close and the next
/// request do not cross.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How much earlier than announced a connection is taken for closed, because the announcement and the next request are
/// both under way for a while.
const MARGIN: Duration = Duration::from_secs(1);

/// The rest of the connection `link` after an answer to `method`.
pub(crate) fn rest_after(link: &LinkHandle, method: &Method, headers: &HeaderMap, endings: &Endings) -> Rest {
    link.rest(longest(method, headers), endings.clone())
}

/// Zero if the connection must not be used again.
pub(in crate::http) fn longest(method: &Method, headers: &HeaderMap) -> Duration {
    // Some servers send a body all the same, and a late one would be taken for the next answer. undici does likewise.
    if *method == Method::HEAD {
        return Duration::ZERO;
    }
    let announced = headers.get_all("keep-alive").iter().filter_map(|value| value.to_str().ok());
    let seconds = announced.flat_map(|value| value.split(',')).filter_map(timeout).min();
    let until_closed = seconds.map_or(Duration::MAX, Duration::from_secs);
    until_closed.saturating_sub(MARGIN).min(IDLE_TIMEOUT)
}

/// The seconds of `timeout=5`, as servers write it: RFC 2068 §19.7.1.1.
fn timeout(parameter: &str) -> Option<u64> {
    let (name, value) = parameter.split_once('=')?;
    let seconds = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("timeout").then_some(seconds)?.parse().ok()
}

#[cfg(test)]
mod tests;
