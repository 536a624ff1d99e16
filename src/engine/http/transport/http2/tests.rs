//! HTTP/2 over real connections, with a server that sends single frames.

use std::sync::Arc;

use bytes::Bytes;

use h2::Reason;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::clock;
use crate::error::Error;
use crate::http::testing::http2::*;
use crate::http::testing::{get, headers, rules, whole};
use crate::http::{HyperTransport, PhaseCell, Response, Transport, WireRequest, exchange};

const MAX_CONCURRENT_STREAMS_10: [u8; 6] = [0, 3, 0, 0, 0, 10];

type Outcome = (Result<Box<Response>, Error>, PhaseCell);

/// Starts a request for `path`.
fn start(transport: &Arc<HyperTransport>, server: &Http2Server, path: &str) -> JoinHandle<Outcome> {
    let request = WireRequest { method: Method::POST, ..get(server.url.join(path).unwrap()) };
    start_this(transport, request)
}

fn start_this(transport: &Arc<HyperTransport>, request: WireRequest) -> JoinHandle<Outcome> {
    let transport = Arc::clone(transport);
    tokio::spawn(async move {
        let phase = PhaseCell::default();
        let answer = async { whole(exchange(&*transport, &request, &rules(), &phase).await).await };
        (answer.await, phase)
    })
}

fn code((outcome, _): &Outcome) -> &'static str {
    let Err(Error::Network { subject, fault }) = outcome else { panic!("{outcome:?}") };
    assert!(subject.starts_with("https://localhost:"), "{subject}");
    fault.code().unwrap()
}

fn body((outcome, _): &Outcome) -> &[u8] {
    &outcome.as_ref().unwrap().body
}

#[tokio::test]
async fn requests_share_a_connection_and_get_their_own_answers_in_any_order() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let first = start(&transport, &server, "/0");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    peer.respond(stream, "0").await;
    assert_eq!(body(&first.await.unwrap()), b"0");

    let started: Vec<_> = (1..=20).map(|n| start(&transport, &server, &format!("/{n}"))).collect();
    let mut streams = Vec::new();
    for _ in &started {
        streams.push(peer.request().await);
    }
    // Their bodies in pieces, one of each in turn, the last request first.
    for stream in streams.iter().rev() {
        peer.send(HEADERS, END_HEADERS, *stream, &STATUS_200).await;
    }
    for _ in 0..3 {
        for stream in streams.iter().rev() {
            peer.send(DATA, 0, *stream, format!("{stream},").as_bytes()).await;
        }
    }
    for stream in &streams {
        peer.send(DATA, END_STREAM, *stream, b"").await;
    }
    for (request, stream) in started.into_iter().zip(streams) {
        assert_eq!(body(&request.await.unwrap()), format!("{stream},").repeat(3).as_bytes());
    }
}

#[tokio::test]
async fn http1_is_spoken_where_http2_is_not_offered() {
    let mut server = Http2Server::new().await;
    server.options.http2 = false;
    let transport = Arc::new(server.transport());
    let request = start(&transport, &server, "/");
    let mut stream = server.accept().await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let _ = stream.read(&mut [0; 1024]).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
    assert_eq!(body(&request.await.unwrap()), b"hi");
}

#[tokio::test]
async fn a_host_header_that_differs_from_the_url_is_sent_in_http1() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let other = WireRequest { headers: headers(&[("host", "other.example")]), ..get(server.url.clone()) };
    let request = start_this(&transport, other);
    let mut stream = server.accept().await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut sent = [0; 1024];
    let length = stream.read(&mut sent).await.unwrap();
    assert!(std::str::from_utf8(&sent[..length]).unwrap().contains("host: other.example\r\n"));
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
    assert_eq!(body(&request.await.unwrap()), b"hi");
}

#[tokio::test]
async fn a_server_that_wants_http1_gets_the_request_again_and_all_others() {
    for goes_away in [false, true] {
        let server = Http2Server::new().await;
        let transport = Arc::new(server.transport());
        let post = WireRequest {
            method: Method::POST,
            body: bytes::Bytes::from_static(b"body").into(),
            ..get(server.url.clone())
        };
        let mut request = start_this(&transport, post.clone());
        let mut peer = server.peer(&[]).await;
        let stream = peer.request().await;
        if goes_away {
            peer.go_away(0, Reason::HTTP_1_1_REQUIRED).await;
        } else {
            peer.reset(stream, Reason::HTTP_1_1_REQUIRED).await;
        }
        for _ in 0..2 {
            let mut stream = server.accept().await;
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            let mut sent = Vec::new();
            while !sent.ends_with(b"body") {
                assert!(stream.read_buf(&mut sent).await.unwrap() > 0);
            }
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
            stream.write_all(answer).await.unwrap();
            assert_eq!(body(&request.await.unwrap()), b"hi");
            request = start_this(&transport, post.clone());
        }
        request.abort();
    }
}

#[tokio::test]
async fn a_refused_stream_was_not_processed() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let refused = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    peer.reset(stream, Reason::REFUSED_STREAM).await;
    let refused = refused.await.unwrap();
    assert_eq!((code(&refused), refused.1.provably_unsent()), ("ERR_HTTP2_STREAM_ERROR", true));

    for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::ENHANCE_YOUR_CALM, Reason::NO_ERROR] {
        let reset = start(&transport, &server, "/");
        let stream = peer.request().await;
        peer.reset(stream, reason).await;
        let reset = reset.await.unwrap();
        assert_eq!(
            (code(&reset), reset.1.provably_unsent()),
            ("ERR_HTTP2_STREAM_ERROR", false),
            "{reason:?}"
        );
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_after_it_was_answered_proves_nothing() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let request = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    peer.send(HEADERS, END_HEADERS, stream, &STATUS_200).await;
    peer.send(DATA, 0, stream, b"half").await;
    peer.reset(stream, Reason::REFUSED_STREAM).await;
    let request = request.await.unwrap();
    assert_eq!((code(&request), request.1.provably_unsent()), ("ERR_HTTP2_STREAM_ERROR", false));
}

#[tokio::test]
async fn of_a_goaway_only_streams_above_its_last_were_not_processed() {
    for reason in [Reason::NO_ERROR, Reason::ENHANCE_YOUR_CALM] {
        let server = Http2Server::new().await;
        let transport = Arc::new(server.transport());
        let first = start(&transport, &server, "/1");
        let mut peer = server.peer(&[]).await;
        let one = peer.request().await;
        let second = start(&transport, &server, "/2");
        let two = peer.request().await;
        let third = start(&transport, &server, "/3");
        peer.request().await;
        peer.go_away(two, reason).await;

        let third = third.await.unwrap();
        assert_eq!((code(&third), third.1.provably_unsent()), ("ERR_HTTP2_GOAWAY_SESSION", true));
        peer.respond(one, "one").await;
        assert_eq!(body(&first.await.unwrap()), b"one");
        // The server took the second, and leaves without a word about it.
        drop(peer);
        let second = second.await.unwrap();
        assert_eq!((code(&second), second.1.provably_unsent()), ("ECONNRESET", false));
    }
}

#[tokio::test]
async fn after_a_goaway_the_next_request_gets_another_connection() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let first = start(&transport, &server, "/1");
    let mut leaving = server.peer(&[]).await;
    let one = leaving.request().await;
    leaving.go_away(one, Reason::NO_ERROR).await;
    leaving.heard().await;

    let second = start(&transport, &server, "/2");
    let mut peer = server.peer(&[]).await;
    let two = peer.request().await;
    peer.respond(two, "two").await;
    assert_eq!(body(&second.await.unwrap()), b"two");
    leaving.respond(one, "one").await;
    assert_eq!(body(&first.await.unwrap()), b"one");
}

#[tokio::test]
async fn a_lost_connection_proves_nothing() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let request = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    peer.request().await;
    drop(peer);
    let request = request.await.unwrap();
    assert_eq!((code(&request), request.1.provably_unsent()), ("ECONNRESET", false));

    let request = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    peer.request().await;
    peer.end().await;
    let request = request.await.unwrap();
    assert_eq!((code(&request), request.1.provably_unsent()), ("ECONNRESET", false));

    let request = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    peer.send(HEADERS, END_HEADERS, stream, &STATUS_200).await;
    peer.send(DATA, 0, stream, b"half").await;
    drop(peer);
    let request = request.await.unwrap();
    assert_eq!((code(&request), request.1.provably_unsent()), ("ECONNRESET", false));
}

#[tokio::test]
async fn a_head_above_the_limits_proves_nothing() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let request = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    // A literal field `a` of 70 000 bytes, in frames of 16 KiB (RFC 7541 §6.2.2).
    let mut head = [&STATUS_200[..], &[0, 1, b'a', 0x7f, 0xf1, 0xa1, 0x04]].concat();
    head.resize(head.len() + 70_000, b'x');
    let mut parts = head.chunks(16 * 1024).peekable();
    let mut kind = HEADERS;
    while let Some(part) = parts.next() {
        peer.send(kind, if parts.peek().is_none() { END_HEADERS } else { 0 }, stream, part).await;
        kind = CONTINUATION;
    }
    let request = request.await.unwrap();
    assert_eq!((code(&request), request.1.provably_unsent()), ("ERR_HTTP2_ERROR", false));
}

#[tokio::test]
async fn a_connection_that_the_client_gives_up_proves_nothing() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let request = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    peer.request().await;
    // Of no stream, which there is not (RFC 9113 §6.1).
    peer.send(DATA, 0, 0, b"data").await;
    let request = request.await.unwrap();
    assert_eq!((code(&request), request.1.provably_unsent()), ("ERR_HTTP2_ERROR", false));
}

#[tokio::test]
async fn unread_bodies_do_not_stop_others() {
    const BODIES: usize = 4;
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let request = get(server.url.clone());
    let mut unread = Vec::new();
    let mut peer = None;
    for _ in 0..BODIES {
        let answer = transport.send(&request);
        let serving = async {
            let mut peer = match peer.take() {
                Some(peer) => peer,
                None => server.peer(&[]).await,
            };
            let stream = peer.request().await;
            peer.send(HEADERS, END_HEADERS, stream, &STATUS_200).await;
            for _ in 0..STREAM_WINDOW / 16_384 {
                peer.send(DATA, 0, stream, &vec![0; 16_384]).await;
            }
            peer
        };
        let (answer, same) = tokio::join!(answer, serving);
        unread.push(answer.unwrap());
        peer = Some(same);
    }
    let last = start(&transport, &server, "/");
    let mut peer = peer.unwrap();
    let stream = peer.request().await;
    peer.respond(stream, "read").await;
    assert_eq!(body(&last.await.unwrap()), b"read");
}

#[tokio::test]
async fn frames_without_data_are_no_parts_of_a_body() {
    let server = Http2Server::new().await;
    let transport = server.transport();
    let request = get(server.url.clone());
    let serving = async {
        let mut peer = server.peer(&[]).await;
        let stream = peer.request().await;
        peer.send(HEADERS, END_HEADERS, stream, &STATUS_200).await;
        for part in ["", "a", "", "b"] {
            peer.send(DATA, 0, stream, part.as_bytes()).await;
        }
        peer.send(DATA, END_STREAM, stream, b"").await;
        peer
    };
    let (answer, _peer) = tokio::join!(transport.send(&request), serving);
    let mut body = answer.unwrap().body;
    for part in ["a", "b"] {
        assert_eq!(body.chunk().await.unwrap().unwrap(), part);
    }
    assert_eq!(body.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn as_many_streams_as_the_server_allows() {
    const MAX_CONCURRENT_STREAMS: [u8; 6] = [0, 3, 0, 0, 0, 2];
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let first = start(&transport, &server, "/");
    let mut peer = server.peer(&MAX_CONCURRENT_STREAMS).await;
    let stream = peer.request().await;
    peer.respond(stream, "").await;
    assert_eq!(body(&first.await.unwrap()), b"");

    let requests: Vec<_> = (0..10).map(|_| start(&transport, &server, "/")).collect();
    let mut open = Vec::new();
    for _ in 0..requests.len() {
        open.push(peer.request().await);
        if open.len() == 2 {
            for stream in open.drain(..) {
                peer.respond(stream, &stream.to_string()).await;
            }
        }
    }
    for request in requests {
        assert!(!body(&request.await.unwrap()).is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_noticed_by_a_ping() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let first = start(&transport, &server, "/");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    peer.respond(stream, "").await;
    first.await.unwrap().0.unwrap();

    let waiting = start(&transport, &server, "/");
    peer.request().await;
    tokio::time::pause();
    let begun = clock::now();
    while peer.frame().await.unwrap().kind != PING {}
    // It may have begun to count before.
    assert!((clock::now() - begun).as_secs() >= PING_AFTER.as_secs() - 1);
    // It gets no answer.
    let lost = waiting.await.unwrap();
    assert_eq!((code(&lost), lost.1.provably_unsent()), ("ETIMEDOUT", false));
    assert!(clock::now() - begun < Duration::from_secs(30));
}

#[tokio::test]
async fn a_dropped_request_is_cancelled_on_the_wire() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let dropped = start(&transport, &server, "/dropped");
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    dropped.abort();
    let reset = peer.next(RST_STREAM).await;
    assert_eq!((reset.stream, &reset.payload[..]), (stream, &[0, 0, 0, 8][..]));
}

#[tokio::test]
async fn a_body_goes_and_its_length_is_its_own() {
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let request = WireRequest {
        method: Method::POST,
        headers: headers(&[("content-length", "10"), ("transfer-encoding", "chunked")]),
        body: Bytes::from_static(b"body").into(),
        ..get(server.url.clone())
    };
    let request = start_this(&transport, request);
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    assert_eq!(peer.next(DATA).await.payload, b"body");
    peer.respond(stream, "done").await;
    assert_eq!(body(&request.await.unwrap()), b"done");
}

#[tokio::test]
async fn a_cold_storm_asks_for_no_more_than_a_strict_server_allows() {
    const ALLOWED: usize = 10;
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let requests: Vec<_> = (0..3 * ALLOWED).map(|_| start(&transport, &server, "/")).collect();
    let mut answered = 0;
    let mut peer = loop {
        // The others are let go when the first is ready.
        let stream = server.connection().await;
        if let Some(peer) = server.handshake(stream, &MAX_CONCURRENT_STREAMS_10).await {
            break peer;
        }
    };
    let mut open = Vec::new();
    while answered < requests.len() {
        open.push(peer.request().await);
        assert!(open.len() <= ALLOWED);
        if open.len() == ALLOWED {
            peer.heard().await;
            answered += open.len();
            for stream in open.drain(..) {
                peer.respond(stream, "ok").await;
            }
        }
    }
    for request in requests {
        assert_eq!(body(&request.await.unwrap()), b"ok");
    }
}

#[tokio::test]
async fn a_goaway_fails_at_most_one_of_the_requests_that_wait_for_a_stream() {
    const MAX_CONCURRENT_STREAMS: [u8; 6] = [0, 3, 0, 0, 0, 1];
    let server = Http2Server::new().await;
    let transport = Arc::new(server.transport());
    let first = start(&transport, &server, "/");
    let mut leaving = server.peer(&MAX_CONCURRENT_STREAMS).await;
    let one = leaving.request().await;
    leaving.heard().await;
    let waiting: Vec<_> = (0..5).map(|_| start(&transport, &server, "/")).collect();
    leaving.heard().await;
    leaving.go_away(one, Reason::NO_ERROR).await;
    tokio::spawn(async move {
        let mut peer = server.peer(&[]).await;
        while let Some(frame) = peer.frame().await {
            if frame.kind == HEADERS {
                peer.respond(frame.stream, "ok").await;
            }
        }
    });
    let mut lost = 0;
    for request in waiting {
        let outcome = request.await.unwrap();
        if outcome.0.is_ok() {
            continue;
        }
        lost += 1;
        // Whether it was sent cannot be told.
        assert_eq!((code(&outcome), outcome.1.provably_unsent()), ("ECONNRESET", false));
    }
    assert!(lost <= 1, "{lost}");
    leaving.respond(one, "one").await;
    assert_eq!(body(&first.await.unwrap()), b"one");
}
