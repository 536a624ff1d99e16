//! HTTP/2, which an https origin is offered and chooses by ALPN: its settings, and what of it proves that a request was
//! not processed.
//!
//! Invariant: a request is called unprocessed only by the server's word, or because it was never given to a connection.

use std::error::Error as StdError;
use std::time::Duration;

use hyper_util::client::legacy::{self, Builder};
use hyper_util::rt::TokioTimer;

use crate::http::diagnose::proves_unsent;

/// What ALPN offers, in the order of preference.
pub(crate) fn protocols(http2: bool) -> Vec<Vec<u8>> {
    let all: [&[u8]; 2] = [b"h2", b"http/1.1"];
    all[usize::from(!http2)..].iter().map(|name| name.to_vec()).collect()
}

pub(crate) fn configure(client: &mut Builder) {
    client
        .timer(TokioTimer::new())
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_header_list_size(MAX_HEAD)
        .http2_initial_max_send_streams(UNTIL_TOLD)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PONG_WITHIN);
}

/// Whether the server cannot have acted upon the request that failed with `error`, in HTTP/1.1 or 2.
pub(crate) fn unprocessed(error: &legacy::Error) -> bool {
    let never_connected = error.connect_info().is_none();
    never_connected || proves_unsent(error)
}

/// Whether it was another request's connection that failed: this one waited to share it. hyper-util shows no more of
/// that error than its text.
pub(crate) fn missed(error: &legacy::Error) -> bool {
    let cause = error.source().map(ToString::to_string);
    error.is_connect() && cause.is_some_and(|text| MISSED.contains(&text.as_str()))
}

const MISSED: [&str; 2] = ["request was canceled", "checked out connection was closed"];

/// What a server may send of one body before it is read: 20 MB/s at a round trip of 100 ms.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;

/// The same for a connection, and no bound at all beside the streams': bodies that nobody reads must not hold up the
/// others. Go's number.
const CONNECTION_WINDOW: u32 = 1024 * 1024 * 1024;

/// Of a head, uncompressed, with 32 bytes more for each field. Node's number.
const MAX_HEAD: u32 = 64 * 1024;

/// How many requests go out before the server has said how many it takes at once, so that it need not refuse what a
/// storm begins with. The others wait for a round trip.
const UNTIL_TOLD: usize = 10;

/// While an answer is awaited and nothing comes, the server is asked whether it is there. With the time it gets to say
/// so, a dead connection is known before a request's default 30 s are over; TCP alone would take a minute.
const PING_AFTER: Duration = Duration::from_secs(15);
const PONG_WITHIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
