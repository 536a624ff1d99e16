//! Bodies of HTTP/2 that end, and bodies that break off.

use h2::Reason;
use http::Method;

use crate::error::Error;
use crate::http::testing::http2::*;
use crate::http::testing::{get, rules, whole};
use crate::http::{Payload, PhaseCell, Response, WireRequest, exchange};

/// `content-length: 4` as HPACK's static name and a literal.
const LENGTH_4: [u8; 4] = [0x0f, 0x0d, 1, b'4'];

/// `content-encoding: gzip`.
const GZIP: [u8; 7] = [0x0f, 0x0b, 4, b'g', b'z', b'i', b'p'];

/// The outcome of a request with `body` whose answer `end` ends.
async fn ending(
    head: &[u8],
    body: Payload,
    end: impl AsyncFnOnce(&mut Peer, u32),
) -> Result<Box<Response>, Error> {
    let server = Http2Server::new().await;
    let transport = server.transport();
    let request = WireRequest { method: Method::POST, body, ..get(server.url.clone()) };
    let asking = tokio::spawn(async move {
        whole(exchange(&transport, &request, &rules(), &PhaseCell::default()).await).await
    });
    // No window: of a body, nothing can be sent.
    let mut peer = server.peer(&[0, 4, 0, 0, 0, 0]).await;
    let stream = peer.request().await;
    peer.send(HEADERS, END_HEADERS, stream, head).await;
    end(&mut peer, stream).await;
    peer.heard().await;
    peer.end().await;
    asking.await.unwrap()
}

#[tokio::test]
async fn a_reset_ends_no_body_whatever_its_reason() {
    for head in [STATUS_200.to_vec(), [&STATUS_200[..], &LENGTH_4].concat()] {
        for reason in [Reason::NO_ERROR, Reason::CANCEL] {
            for body in ["", "a body"] {
                let outcome = ending(&head, bytes::Bytes::from(body).into(), async |peer, stream| {
                    peer.send(DATA, 0, stream, b"ha").await;
                    peer.reset(stream, reason).await;
                })
                .await;
                let Err(Error::Network { fault, .. }) = outcome else {
                    panic!("{reason:?} {body}: {outcome:?}")
                };
                assert_eq!(fault.code(), Some("ERR_HTTP2_STREAM_ERROR"));
            }
        }
    }
}

#[tokio::test]
async fn a_compressed_body_that_never_began_is_no_empty_one() {
    let head = [&STATUS_200[..], &GZIP].concat();
    let outcome =
        ending(&head, Payload::default(), async |peer, stream| peer.reset(stream, Reason::NO_ERROR).await)
            .await;
    let Err(Error::Network { fault, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(fault.code(), Some("ERR_HTTP2_STREAM_ERROR"));
}

#[tokio::test]
async fn a_connection_that_ends_ends_no_body() {
    let outcome = ending(&STATUS_200, Payload::default(), async |peer, stream| {
        peer.send(DATA, 0, stream, b"ha").await;
        peer.go_away(stream, Reason::NO_ERROR).await;
    })
    .await;
    assert!(matches!(outcome, Err(Error::Network { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_body_that_has_ended_is_whole_whatever_comes_after_it() {
    for head in [STATUS_200.to_vec(), [&STATUS_200[..], &LENGTH_4].concat()] {
        for reason in [Reason::NO_ERROR, Reason::CANCEL] {
            for body in ["", "a body"] {
                let outcome = ending(&head, bytes::Bytes::from(body).into(), async |peer, stream| {
                    peer.send(DATA, END_STREAM, stream, b"half").await;
                    peer.reset(stream, reason).await;
                })
                .await;
                assert_eq!(&outcome.unwrap().body[..], b"half", "{reason:?} {body}");
            }
        }
    }
}
