//! Storms against a real server that counts, and connections that fail in the middle.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use h2::Reason;
use tokio::sync::mpsc;

use super::*;
use crate::http::connect::watch::watched;
use crate::http::testing::connector::{Fake, Told, reached};
use crate::http::testing::http2::*;
use crate::http::testing::{get, rules, whole};
use crate::http::{HyperTransport, PhaseCell, exchange};

const STORM: usize = 30;

/// Answers every request on `peer` until its client leaves.
async fn answer(mut peer: Peer) {
    while let Some(frame) = peer.frame().await {
        if frame.kind == HEADERS {
            peer.respond(frame.stream, "ok").await;
        }
    }
}

/// Counts the connections, those included that are given up before TLS.
fn serve(server: &Arc<Http2Server>) -> Arc<AtomicUsize> {
    let connections = Arc::new(AtomicUsize::new(0));
    let (server, count) = (Arc::clone(server), Arc::clone(&connections));
    tokio::spawn(async move {
        loop {
            let stream = server.connection().await;
            count.fetch_add(1, Ordering::Relaxed);
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                if let Some(peer) = server.handshake(stream, &[]).await {
                    answer(peer).await;
                }
            });
        }
    });
    connections
}

async fn request(transport: &HyperTransport, server: &Http2Server) {
    let phase = PhaseCell::default();
    let response = exchange(transport, &get(server.url.clone()), &rules(), &phase).await;
    assert_eq!(whole(response).await.unwrap().body, "ok");
}

async fn storm(transport: &HyperTransport, server: &Http2Server) {
    join_all((0..STORM).map(|_| request(transport, server))).await;
}

#[tokio::test]
async fn of_a_cold_storm_no_request_is_lost() {
    let server = Arc::new(Http2Server::new().await);
    serve(&server);
    storm(&server.transport(), &server).await;
}

#[tokio::test]
async fn a_storm_on_an_origin_that_is_known_makes_one_connection() {
    let server = Arc::new(Http2Server::new().await);
    let transport = server.transport();
    let (mut peer, ()) = tokio::join!(
        async {
            let mut peer = server.peer(&[]).await;
            let stream = peer.request().await;
            peer.respond(stream, "ok").await;
            peer.go_away(stream, Reason::NO_ERROR).await;
            peer
        },
        request(&transport, &server),
    );
    while peer.frame().await.is_some() {}
    let connections = serve(&server);
    storm(&transport, &server).await;
    // Comes after all that came before.
    request(&server.transport(), &server).await;
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

fn fake() -> (mpsc::UnboundedSender<Told>, Http2Dedup<Fake>) {
    let (tell, connector) = Fake::new();
    (tell, Http2Dedup::new(connector))
}

fn origin() -> Uri {
    Uri::from_static("https://origin/")
}

async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

#[tokio::test]
async fn connects_to_a_known_origin_wait_for_the_first_unless_it_fails() {
    for failure in [Err("refused".into()), Ok(reached(false))] {
        let (tell, mut sharing) = fake();
        tell.send(Ok(reached(true))).unwrap();
        sharing.call(origin()).await.unwrap();

        let mut first = sharing.call(origin());
        assert!(is_pending(&mut first).await);
        let mut others = [sharing.call(origin()), sharing.call(origin())];
        for other in &mut others {
            assert!(is_pending(other).await);
        }
        tell.send(failure).unwrap();
        let _ = first.await;
        for other in &mut others {
            assert!(is_pending(other).await);
        }
        // The last does not wait for the one before it.
        for other in others.into_iter().rev() {
            tell.send(Ok(reached(false))).unwrap();
            assert!(!other.await.unwrap().1);
        }
    }
}

#[tokio::test]
async fn waiting_connects_go_on_when_the_connecting_one_is_dropped() {
    let (tell, mut sharing) = fake();
    tell.send(Ok(reached(true))).unwrap();
    sharing.call(origin()).await.unwrap();
    let mut first = sharing.call(origin());
    let mut second = sharing.call(origin());
    assert!(is_pending(&mut first).await && is_pending(&mut second).await);
    drop(first);
    tell.send(Ok(reached(true))).unwrap();
    assert!(second.await.unwrap().1);
}

#[tokio::test]
async fn a_connect_that_was_let_go_ends_if_its_origin_is_known() {
    let phase = PhaseCell::default();
    let (tell, mut sharing) = fake();
    let mut started = Vec::new();
    watched(&phase, async {
        for _ in 0..2 {
            started.push(sharing.call(origin()));
            assert!(is_pending(started.last_mut().unwrap()).await);
        }
    })
    .await;
    // Nothing is known: it may become a connection for later.
    assert!(is_pending(&mut started[1]).await);
    tell.send(Ok(reached(true))).unwrap();
    started.remove(0).await.unwrap();
    started.remove(0).await.err().unwrap();
}
