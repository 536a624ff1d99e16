//! Connections that a server ends without an announcement, between two requests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use http::Method;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::reuse::{OK, ask, pass, served};
use crate::http::testing::http2::{HEADERS, Http2Server};
use crate::http::testing::{listen, read_request, transport};

/// The time in which the first connections to an origin are on trial.
const TRIAL: Duration = Duration::from_millis(5);

/// A server on a thread of its own. It answers the first request on each connection, and calls `then` with the connection
/// when the test says so; meanwhile the test's own runtime stands still.
fn blocking(then: impl Fn(TcpStream) -> Option<TcpStream> + Send + 'static) -> (Url, impl Fn()) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (go, wait) = mpsc::channel::<mpsc::Sender<()>>();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(OK).unwrap();
            let Ok(done) = wait.recv() else { return };
            kept.extend(then(stream));
            done.send(()).unwrap();
        }
    });
    let act = move || {
        let (done, wait) = mpsc::channel();
        go.send(done).unwrap();
        wait.recv().unwrap();
    };
    (url, act)
}

/// The second request goes out at once after the server's act, which the runtime has not been told of.
async fn survives(then: impl Fn(TcpStream) -> Option<TcpStream> + Send + 'static) {
    let (url, act) = blocking(then);
    let transport = transport();
    for _ in 0..3 {
        let answer = ask(&transport, Method::POST, &url).await;
        assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
        pass(TRIAL).await;
        act();
    }
}

#[tokio::test]
async fn an_end_that_has_arrived_is_seen_before_the_next_request_is_written() {
    survives(|stream| {
        stream.shutdown(Shutdown::Both).unwrap();
        None
    })
    .await;
}

#[tokio::test]
async fn so_is_a_reset() {
    survives(|stream| {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        None
    })
    .await;
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_are_not_the_next_answer() {
    survives(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray").unwrap();
        Some(stream)
    })
    .await;
}

#[tokio::test]
async fn a_server_that_has_just_ended_a_connection_gets_a_new_one_for_each_request() {
    let (listener, url) = listen().await;
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let (end, wait) = oneshot::channel();
    let (ended, has_ended) = oneshot::channel();
    tokio::spawn(async move {
        let stream = served(&listener).await;
        wait.await.unwrap();
        drop(stream);
        ended.send(()).unwrap();
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                while read_request(&mut stream).await.is_some() {
                    let _ = stream.write_all(OK).await;
                }
            });
        }
    });
    let transport = transport();
    ask(&transport, Method::POST, &url).await;
    end.send(()).unwrap();
    has_ended.await.unwrap();
    for expected in [1, 2, 3] {
        ask(&transport, Method::POST, &url).await;
        tokio::task::yield_now().await;
        assert_eq!(connections.load(Ordering::Relaxed), expected);
    }
    pass(Duration::from_secs(1)).await;
    for _ in 0..3 {
        ask(&transport, Method::POST, &url).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(connections.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn the_second_request_to_an_origin_waits_to_see_whether_the_server_ends_the_connection() {
    let (listener, url) = listen().await;
    let (end, wait) = oneshot::channel();
    tokio::spawn(async move {
        let stream = served(&listener).await;
        wait.await.unwrap();
        drop(stream);
        served(&listener).await;
    });
    let transport = transport();
    ask(&transport, Method::POST, &url).await;
    tokio::task::yield_now().await;
    let end = async {
        tokio::task::yield_now().await;
        end.send(()).unwrap();
    };
    let (second, ()) = tokio::join!(ask(&transport, Method::POST, &url), end);
    assert_eq!(&second.body[..], b"ok");
}

#[tokio::test]
async fn a_request_that_http1_gave_back_goes_out_over_http2() {
    let server = Http2Server::new().await;
    let mut tls = ServerConfig::clone(server.acceptor.config());
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let http1 = TlsAcceptor::from(Arc::new(tls));
    let transport = server.transport();
    let (_, mut connection) = tokio::join!(ask(&transport, Method::POST, &server.url), async {
        let mut connection = http1.accept(server.connection().await).await.unwrap();
        assert!(connection.read(&mut [0; 1024]).await.unwrap() > 0);
        connection.write_all(OK).await.unwrap();
        connection
    });
    pass(TRIAL).await;
    connection.flush().await.unwrap();
    // From here to the next request the runtime does not hear of the end.
    drop(connection);
    let (answer, ()) = tokio::join!(ask(&transport, Method::POST, &server.url), async {
        let mut peer = server.peer(&[]).await;
        let head = peer.next(HEADERS).await;
        // `:method: POST` and `:scheme: https` of HPACK's static table: the whole URL has come back with the request.
        assert_eq!(head.payload[..2], [0x83, 0x87]);
        peer.respond(head.stream, "h2").await;
    });
    assert_eq!(&answer.body[..], b"h2");
}
