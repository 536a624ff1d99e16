//! HTTP/2, which https origins are offered by ALPN: its settings, and the origins that want HTTP/1.1 after all.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use crate::http::host;

/// The protocols that ALPN offers, in order of preference.
pub(crate) fn protocols(http2: bool) -> Vec<Vec<u8>> {
    let all: [&[u8]; 2] = [b"h2", b"http/1.1"];
    all[usize::from(!http2)..].iter().map(|name| name.to_vec()).collect()
}

pub(crate) fn configure(connection: &mut Builder<TokioExecutor>) {
    connection
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEAD)
        .initial_max_send_streams(UNTIL_TOLD)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN);
}

/// The origins that asked for HTTP/1.1 though they took HTTP/2, by host and port. Windows servers do so where a request needs a
/// login that belongs to its connection.
#[derive(Default)]
pub(crate) struct Http1Origins(Mutex<HashSet<String>>);

impl Http1Origins {
    pub(crate) fn contains(&self, url: &Url) -> bool {
        self.lock().contains(host::with_port(url))
    }

    pub(crate) fn insert(&self, url: &Url) {
        let mut known = self.lock();
        if known.len() >= MANY {
            known.clear();
        }
        known.insert(host::with_port(url).to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much a server may send of one body before it is read: 20 MB/s at a round trip of 100 ms.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;

/// The same for a whole connection. Large enough to be no limit beside the streams' own, so that bodies that are not read
/// do not stop the others. Go's number.
const CONNECTION_WINDOW: u32 = 1024 * 1024 * 1024;

/// The size of a head, uncompressed, plus 32 bytes for each field. Node's number.
const MAX_HEAD: u32 = 64 * 1024;

/// How many requests are sent before the server has said how many it takes at once; more might be refused. The others
/// wait for a round trip.
const UNTIL_TOLD: usize = 10;

/// While an answer is awaited and no byte arrives, the server is pinged. Both numbers together find a dead connection
/// before a request's default 30 s are over; TCP alone would take a minute.
const PING_AFTER: Duration = Duration::from_secs(15);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// A client has few origins. If it has more than this, all are forgotten, so that the set stays small.
const MANY: usize = 1000;

#[cfg(test)]
mod tests;
