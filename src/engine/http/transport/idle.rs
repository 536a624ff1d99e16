//! How long an HTTP/1.1 connection may rest between an answer and the next request.
//!
//! Invariant: no request is written to a connection that its server has announced to close by then.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method, Response};
use url::Url;

use crate::http::connect::link_handle::{Endings, LinkHandle, Rest};
use crate::http::host;

/// undici's number: below the 5 s after which a Node server closes an idle connection, so that its close and the next
/// request do not cross.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How much earlier than announced a connection is taken for closed, because the announcement and the next request are
/// both under way for a while.
const MARGIN: Duration = Duration::from_secs(1);

/// The knowledge of the connections to each origin, by host and port.
#[derive(Default)]
pub(crate) struct Origins(Mutex<HashMap<String, Endings>>);

impl Origins {
    pub(crate) fn endings(&self, url: &Url) -> Endings {
        let name = host::with_port(url);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endings) = known.get(name) {
            return endings.clone();
        }
        if known.len() >= MANY {
            known.clear();
        }
        known.entry(name.to_owned()).or_default().clone()
    }
}

/// The rest of the connection over which `answer` to `method` came.
pub(crate) fn rest_after<B>(method: &Method, answer: &Response<B>, endings: Endings) -> Option<Rest> {
    let link = answer.extensions().get::<LinkHandle>()?;
    Some(link.rest(longest(method, answer.headers()), endings))
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

/// A client has few origins. If it has more than this, all are forgotten, so that the map stays small.
const MANY: usize = 1000;

#[cfg(test)]
mod tests;
