use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::super::{MANY, Pool};
use super::*;
use crate::http::Payload;
use crate::http::testing::connector::{Fake, Reached, Told, reached};
use crate::http::transport::dial::Dialler;
use crate::http::transport::failure::Failure;

const MOST_IDLE: usize = 2;

struct Client {
    tell: mpsc::UnboundedSender<Told>,
    connector: Fake,
    pool: Pool,
    connections: Arc<Connections>,
}

fn client() -> Client {
    let (tell, connector) = Fake::new();
    let pool = Pool::new(Dialler::new(connector.clone()), MOST_IDLE);
    let connections = pool.origin("origin").unwrap();
    Client { tell, connector, pool, connections }
}

fn uri() -> Uri {
    Uri::from_static("http://origin/path")
}

fn request() -> Request<OutgoingBody> {
    let (body, _) = Payload::Bytes(Bytes::new()).outgoing();
    let mut request = Request::new(body);
    *request.uri_mut() = uri();
    request
}

impl Client {
    /// The next connect succeeds. Gives the server's end of the connection.
    fn accept(&self) -> DuplexStream {
        self.accept_in(false)
    }

    fn accept_in(&self, http2: bool) -> DuplexStream {
        let (ours, theirs) = duplex(1024);
        self.tell.send(Ok(Reached(TokioIo::new(ours), http2))).unwrap();
        theirs
    }

    async fn check_out(&self) -> Checkout {
        self.pool.check_out(&self.connections, &uri()).await.unwrap()
    }

    /// A new connection after one answer, and the server's end of it.
    async fn used(&self) -> (Checkout, DuplexStream) {
        let mut server = self.accept();
        let mut checkout = self.check_out().await;
        exchange(&mut checkout, &mut server).await;
        (checkout, server)
    }
}

async fn read(server: &mut DuplexStream) -> String {
    let mut bytes = vec![0; 1024];
    let length = server.read(&mut bytes).await.unwrap();
    bytes.truncate(length);
    String::from_utf8(bytes).unwrap()
}

/// One request and an answer without a body.
async fn exchange(checkout: &mut Checkout, server: &mut DuplexStream) {
    let (answer, ()) = tokio::join!(checkout.send(request()), async {
        assert_eq!(read(server).await, "GET /path HTTP/1.1\r\nhost: origin\r\n\r\n");
        server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    });
    assert_eq!(answer.ok().unwrap().status(), 204);
}

async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

/// Lets the tasks of the connections run.
async fn settle() {
    for _ in 0..8 {
        yield_now().await;
    }
}

#[tokio::test]
async fn the_connection_that_came_back_last_is_used_next() {
    let client = client();
    let (mut first, mut second) = (client.accept(), client.accept());
    let (mut one, mut two) = (client.check_out().await, client.check_out().await);
    assert!(one.is_new() && two.is_new());
    exchange(&mut two, &mut second).await;
    exchange(&mut one, &mut first).await;
    two.give_back();
    one.give_back();
    settle().await;
    let mut again = client.check_out().await;
    assert!(!again.is_new());
    exchange(&mut again, &mut first).await;
    exchange(&mut client.check_out().await, &mut second).await;
}

#[tokio::test]
async fn a_request_that_waits_takes_a_connection_that_comes_back() {
    let client = client();
    let (checkout, mut server) = client.used().await;
    let uri = uri();
    let mut given_up = Box::pin(client.pool.check_out(&client.connections, &uri));
    let mut waiting = Box::pin(client.pool.check_out(&client.connections, &uri));
    assert!(is_pending(&mut given_up).await && is_pending(&mut waiting).await);
    drop(given_up);
    checkout.give_back();
    exchange(&mut waiting.await.unwrap(), &mut server).await;
    // Its own connection is made all the same, and rests.
    let mut other = client.accept();
    settle().await;
    assert_eq!(client.connector.left(), 0);
    exchange(&mut client.check_out().await, &mut other).await;
}

#[tokio::test]
async fn the_request_that_came_first_takes_the_first_connection_that_comes_back() {
    let client = client();
    let (checkout, mut server) = client.used().await;
    let uri = uri();
    let mut first = Box::pin(client.pool.check_out(&client.connections, &uri));
    let mut second = Box::pin(client.pool.check_out(&client.connections, &uri));
    assert!(is_pending(&mut first).await && is_pending(&mut second).await);
    checkout.give_back();
    settle().await;
    assert!(is_pending(&mut second).await);
    exchange(&mut first.await.unwrap(), &mut server).await;
}

#[tokio::test]
async fn a_connection_comes_back_when_its_answer_is_complete() {
    let client = client();
    let mut server = client.accept();
    let mut checkout = client.check_out().await;
    let (answer, ()) = tokio::join!(checkout.send(request()), async {
        read(&mut server).await;
        server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await.unwrap();
    });
    checkout.give_back();
    settle().await;
    assert!(client.connections.is_empty());
    server.write_all(b"k").await.unwrap();
    settle().await;
    drop(answer);
    settle().await;
    exchange(&mut client.check_out().await, &mut server).await;
}

#[tokio::test]
async fn no_more_connections_rest_than_are_wanted() {
    let client = client();
    let mut servers = Vec::new();
    let mut checkouts = Vec::new();
    for _ in 0..=MOST_IDLE {
        let (checkout, server) = client.used().await;
        servers.push(server);
        checkouts.push(checkout);
    }
    checkouts.into_iter().for_each(Checkout::give_back);
    assert_eq!(read(&mut servers[MOST_IDLE]).await, "");
    for server in servers[..MOST_IDLE].iter_mut().rev() {
        exchange(&mut client.check_out().await, server).await;
    }
}

#[tokio::test]
async fn a_connection_that_has_ended_is_not_used() {
    let client = client();
    let (checkout, server) = client.used().await;
    checkout.give_back();
    drop(server);
    settle().await;
    let mut server = client.accept();
    let mut checkout = client.check_out().await;
    assert!(checkout.is_new());
    exchange(&mut checkout, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_rests_too_long_is_closed() {
    let client = client();
    let (checkout, mut server) = client.used().await;
    checkout.give_back();
    assert_eq!(read(&mut server).await, "");
    assert!(client.connections.is_empty() && !client.connections.resting.lock().swept);
}

#[tokio::test]
async fn connections_end_with_their_pool() {
    let Client { tell, connector: _connector, pool, connections } = client();
    let (ours, mut server) = duplex(1024);
    tell.send(Ok(Reached(TokioIo::new(ours), false))).unwrap();
    let mut checkout = pool.check_out(&connections, &uri()).await.unwrap();
    exchange(&mut checkout, &mut server).await;
    drop((pool, connections));
    checkout.give_back();
    assert_eq!(read(&mut server).await, "");
}

#[tokio::test]
async fn a_thousand_origins_without_connections_are_forgotten() {
    let client = client();
    let (checkout, _server) = client.used().await;
    checkout.give_back();
    settle().await;
    for number in 0..MANY {
        client.pool.origin(&format!("origin{number}")).unwrap();
    }
    assert!(client.pool.origins.lock().len() < MANY);
    assert!(Arc::ptr_eq(&client.connections, &client.pool.origin("origin").unwrap()));
    assert!(client.pool.origin("no header\n").is_err());
}

#[tokio::test]
async fn a_request_without_a_connection_was_not_processed() {
    let client = client();
    client.tell.send(Err("refused".into())).unwrap();
    let refused = client.pool.check_out(&client.connections, &uri()).await.err().unwrap();
    assert!(refused.is_unprocessed() && !refused.is_connected(), "{refused:?}");
    client.tell.send(Ok(reached(true))).unwrap();
    let failed = client.pool.check_out(&client.connections, &uri()).await.err().unwrap();
    assert!(failed.is_unprocessed() && failed.is_connected(), "{failed:?}");
}

#[tokio::test]
async fn a_failed_handshake_has_the_error_of_its_connection() {
    let client = client();
    client.accept().write_all(b"SSH-2.0-server\r\n").await.unwrap();
    let failed = client.pool.check_out(&client.connections, &uri()).await.err().unwrap();
    assert!(matches!(&failed, Failure::Handshake(error) if !error.is_closed()), "{failed:?}");
}

#[tokio::test]
async fn a_request_that_its_connection_never_took_was_not_processed() {
    let client = client();
    let server = client.accept();
    let mut checkout = client.check_out().await;
    drop(server);
    let mut error = checkout.send(request()).await.err().unwrap();
    assert!(error.take_message().is_some());
    let failure = Failure::from(error);
    assert!(failure.is_unprocessed() && failure.is_connected(), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_http2_connection_is_closed() {
    let (client, begun) = (client(), clock::now());
    let uri = uri();
    let mut first = Box::pin(client.pool.check_out(&client.connections, &uri));
    let mut second = Box::pin(client.pool.check_out(&client.connections, &uri));
    assert!(is_pending(&mut first).await && is_pending(&mut second).await);
    let (_kept, mut closed) = (client.accept_in(true), client.accept_in(true));
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(first.is_new() && !second.is_new());
    closed.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(clock::now(), begun, "closed at once, not by the sweep");
    assert!(client.connections.resting.lock().idle.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_that_rested_too_long_is_not_used() {
    let client = client();
    let _servers = [client.accept_in(true), client.accept_in(true)];
    assert!(client.check_out().await.is_new());
    // The sweep comes every four seconds.
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(!client.check_out().await.is_new());
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(!client.check_out().await.is_new());
    tokio::time::advance(IDLE_TIMEOUT).await;
    assert!(client.check_out().await.is_new());
}
