//! Connections that must not carry another request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use url::Url;

use crate::error::Error;
use crate::fault::Fault;
use crate::http::testing::http2::Http2Server;
use crate::http::testing::{Server, get, listen, read_request, rules, transport};
use crate::http::{Download, HyperTransport, Limits, PhaseCell, Response, Rules, WireRequest, exchange};

pub(super) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

pub(super) async fn ask(transport: &HyperTransport, method: Method, url: &Url) -> Box<Response> {
    let request = WireRequest { method, body: Bytes::from_static(b"x").into(), ..get(url.clone()) };
    exchange(transport, &request, &rules(), &PhaseCell::default()).await.unwrap()
}

/// The body of an answer to GET, still to be read.
async fn streamed(transport: &HyperTransport, url: &Url) -> Box<Download> {
    let rules = Rules { limits: Limits { whole_up_to: 0, ..rules().limits }, ..rules() };
    let answer = exchange(transport, &get(url.clone()), &rules, &PhaseCell::default()).await.unwrap();
    answer.download.unwrap()
}

/// A connection whose first request has been answered.
pub(super) async fn served(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await.unwrap();
    stream.write_all(OK).await.unwrap();
    stream
}

pub(super) async fn pass(time: Duration) {
    // The connection goes back to the pool in a task of its own.
    tokio::task::yield_now().await;
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// How many connections two requests take, `pause` apart.
async fn connections(method: Method, answer: &str, pause: Duration) -> usize {
    let server = Server::answering(vec![answer.into(), OK.to_vec()]).await;
    let transport = transport();
    ask(&transport, method, &server.url).await;
    pass(pause).await;
    ask(&transport, Method::POST, &server.url).await;
    *server.connections.lock().unwrap()
}

#[tokio::test]
async fn a_connection_rests_no_longer_than_its_server_allows() {
    let answer = |header: &str| format!("HTTP/1.1 200 OK\r\n{header}content-length: 2\r\n\r\nok");
    let chunked =
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let empty = "HTTP/1.1 204 No Content\r\nkeep-alive: timeout=3\r\n\r\n";
    let table = [
        (answer(""), 3900, 1),
        (answer(""), 4100, 2),
        (answer("keep-alive: timeout=60\r\n"), 4100, 2),
        (answer("keep-alive: timeout=3\r\n"), 1900, 1),
        (answer("keep-alive: timeout=3\r\n"), 2000, 2),
        (answer("keep-alive: timeout=1\r\n"), 0, 2),
        (chunked.to_owned(), 1900, 1),
        (chunked.to_owned(), 2000, 2),
        (empty.to_owned(), 1900, 1),
        (empty.to_owned(), 2000, 2),
    ];
    for (answer, pause, expected) in table {
        let used = connections(Method::POST, &answer, Duration::from_millis(pause)).await;
        assert_eq!(used, expected, "{answer} {pause}");
    }
}

#[tokio::test]
async fn so_does_one_after_a_redirect_whose_body_nobody_reads() {
    for (timeout, expected) in [(1, 2), (60, 1)] {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: /b\r\nkeep-alive: timeout={timeout}\r\n");
        let redirect = format!("{head}content-length: 2\r\n\r\nno");
        let server = Server::answering(vec![redirect.into(), OK.to_vec()]).await;
        ask(&transport(), Method::GET, &server.url).await;
        assert_eq!(*server.connections.lock().unwrap(), expected, "{timeout}");
    }
}

#[tokio::test]
async fn a_connection_is_not_used_after_head() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
    assert_eq!(connections(Method::HEAD, answer, Duration::ZERO).await, 2);
}

#[tokio::test]
async fn a_connection_is_not_used_after_a_request_that_was_given_up() {
    let (listener, url) = listen().await;
    let (answered, is_answered) = oneshot::channel();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut answered = Some(answered);
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            while read_request(&mut stream).await.is_some() {
                stream.write_all(OK).await.unwrap();
                if let Some(answered) = answered.take() {
                    answered.send(()).unwrap();
                }
            }
        }
    });
    let transport = transport();
    let request = Box::pin(ask(&transport, Method::POST, &url));
    let Either::Left((_, request)) = select(is_answered, request).await else { panic!("an answer") };
    // hyper reads the answer, and the request does not hear of it.
    let others_run = async || {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    };
    others_run().await;
    drop(request);
    others_run().await;
    ask(&transport, Method::POST, &url).await;
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_body_may_pause_for_longer_than_a_connection_may_rest() {
    let (listener, url) = listen().await;
    let (go, wait) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\no";
        stream.write_all(head).await.unwrap();
        wait.await.unwrap();
        stream.write_all(b"k").await.unwrap();
    });
    let mut body = streamed(&transport(), &url).await;
    assert_eq!(body.chunk().await.unwrap().unwrap(), "o");
    let mut rest = Box::pin(body.chunk());
    for _ in 0..10 {
        assert!((&mut rest).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    assert_eq!(rest.await.unwrap().unwrap(), "k");
}

#[tokio::test]
async fn a_late_end_of_a_body_does_not_end_the_next_request() {
    let (listener, url) = listen().await;
    let (asked, next) = oneshot::channel();
    let (go, wait) = oneshot::channel();
    tokio::spawn(async move {
        let mut stream = served(&listener).await;
        read_request(&mut stream).await.unwrap();
        asked.send(()).unwrap();
        wait.await.unwrap();
        stream.write_all(OK).await.unwrap();
    });
    let transport = transport();
    let mut first = streamed(&transport, &url).await;
    assert_eq!(first.chunk().await.unwrap().unwrap(), "ok");
    let end_the_first = async {
        next.await.unwrap();
        assert_eq!(first.chunk().await.unwrap(), None);
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let (second, ()) = tokio::join!(ask(&transport, Method::POST, &url), end_the_first);
    assert_eq!(&second.body[..], b"ok");
}

#[tokio::test]
async fn a_body_that_is_dropped_late_does_not_free_the_next_one_of_its_limit() {
    let (listener, url) = listen().await;
    let (go, wait) = oneshot::channel();
    tokio::spawn(async move {
        let mut stream = served(&listener).await;
        read_request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        wait.await.unwrap();
        // A chunk's size that has no end, but for this test's.
        let _ = stream.write_all(&vec![b'0'; 2 << 20]).await;
    });
    let transport = transport();
    let mut first = streamed(&transport, &url).await;
    assert_eq!(first.chunk().await.unwrap().unwrap(), "ok");
    let mut second = streamed(&transport, &url).await;
    drop(first);
    go.send(()).unwrap();
    let error = second.chunk().await.unwrap_err();
    assert!(matches!(error, Error::Network { fault: Fault::BadChunks, .. }), "{error:?}");
}

#[tokio::test]
async fn a_request_that_waits_does_not_get_a_connection_that_must_not_be_used_again() {
    let mut server = Http2Server::new().await;
    server.options.http2 = false;
    let transport = Arc::new(server.transport());
    let start = || {
        let (transport, url) = (Arc::clone(&transport), server.url.clone());
        tokio::spawn(async move { ask(&transport, Method::POST, &url).await })
    };
    let first = start();
    let mut connection = server.accept().await;
    assert!(connection.read(&mut [0; 1024]).await.unwrap() > 0);
    let second = start();
    let connecting = server.connection().await;
    connection
        .write_all(b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok")
        .await
        .unwrap();
    assert_eq!(first.await.unwrap().body, "ok");
    // Until its client has closed it, which TLS takes for an error.
    let _ = connection.read(&mut [0; 1024]).await;
    let mut connection = server.acceptor.accept(connecting).await.unwrap();
    assert!(connection.read(&mut [0; 1024]).await.unwrap() > 0);
    connection.write_all(OK).await.unwrap();
    assert_eq!(second.await.unwrap().body, "ok");
    assert!(server.connection().now_or_never().is_none(), "a third connection");
}
