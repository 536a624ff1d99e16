//! A body that is still being sent when its exchange is over, and the connection under it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use url::Url;

use crate::error::Error;
use crate::http::body::outgoing::{Chunks, Source};
use crate::http::testing::http2::*;
use crate::http::testing::{Server, get, rules, transport, whole};
use crate::http::{Payload, PhaseCell, Response, Transport, WireRequest, exchange};

/// Chunks that are ready at once; after them the stream ends, or never does.
struct Stream {
    chunks: VecDeque<Bytes>,
    length: Option<u64>,
    ends: bool,
    /// Gets a message for each chunk that is taken; closed when the stream is dropped.
    taken: Mutex<Option<UnboundedSender<()>>>,
}

impl Source for Stream {
    fn open(&self) -> Option<Chunks> {
        let taken = self.taken.lock().unwrap().take();
        let chunks = stream::iter(self.chunks.clone()).map(move |chunk| {
            let _ = taken.as_ref().map(|taken| taken.send(()));
            Ok(chunk)
        });
        Some(if self.ends { chunks.boxed() } else { chunks.chain(stream::pending()).boxed() })
    }

    fn is_fresh(&self) -> bool {
        true
    }

    fn length(&self) -> Option<u64> {
        self.length
    }

    fn failure(&self) -> Option<Error> {
        None
    }

    fn stop(&self) {}
}

fn post(url: Url, body: Payload) -> WireRequest {
    WireRequest { method: Method::POST, body, ..get(url) }
}

async fn run(transport: &impl Transport, request: &WireRequest) -> Result<Box<Response>, Error> {
    exchange(transport, request, &rules(), &PhaseCell::default()).await
}

#[tokio::test]
async fn a_stream_that_reached_its_length_leaves_its_connection_as_good_as_it_was() {
    let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec();
    let server = Server::answering(vec![ok.clone(), ok]).await;
    let transport = transport();
    for _ in 0..2 {
        let body = Stream {
            chunks: [Bytes::from_static(b"ab"), Bytes::from_static(b"c")].into(),
            length: Some(3),
            ends: true,
            taken: Mutex::default(),
        };
        let request = post(server.url("/"), Payload::Stream(Arc::new(body)));
        assert_eq!(whole(run(&transport, &request).await).await.unwrap().status, 200);
    }
    assert!(server.request(1).ends_with("\r\n\r\nabc"), "{}", server.request(1));
    assert_eq!(*server.connections.lock().unwrap(), 1);
}

/// A server behind a Unix socket, which takes only a few pieces of a body.
#[cfg(unix)]
struct Stalling {
    path: std::path::PathBuf,
    listener: tokio::net::UnixListener,
    transport: Arc<crate::http::HyperTransport>,
}

#[cfg(unix)]
impl Stalling {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("token-rotator-{}-{name}", std::process::id()));
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let options = crate::http::TransportOptions {
            idle_per_origin: 4,
            socket_path: Some(path.to_str().unwrap().to_owned()),
            ..Default::default()
        };
        Self { path, listener, transport: Arc::new(crate::http::HyperTransport::new(&options).unwrap()) }
    }

    /// Starts `request`, and gives its connection.
    async fn start(
        self,
        request: WireRequest,
    ) -> (JoinHandle<Result<Box<Response>, Error>>, tokio::net::UnixStream) {
        let transport = self.transport;
        let sending = tokio::spawn(async move { run(&*transport, &request).await });
        let (stream, _) = self.listener.accept().await.unwrap();
        std::fs::remove_file(&self.path).unwrap();
        (sending, stream)
    }

    /// A request with a body that is much larger than the socket takes.
    fn request() -> (WireRequest, UnboundedReceiver<()>) {
        let (taken, pieces) = unbounded_channel();
        let body = Stream {
            chunks: vec![Bytes::from(vec![0; 64 * 1024]); 1000].into(),
            length: None,
            ends: false,
            taken: Mutex::new(Some(taken)),
        };
        (post("http://localhost/".parse().unwrap(), Payload::Stream(Arc::new(body))), pieces)
    }

    /// Waits until no more of the body is sent.
    async fn stalled(pieces: &mut UnboundedReceiver<()>) {
        pieces.recv().await.unwrap();
        loop {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            if pieces.try_recv().is_err() {
                return;
            }
        }
    }

    /// Waits until the body is dropped.
    async fn freed(mut pieces: UnboundedReceiver<()>) {
        while pieces.recv().await.is_some() {}
    }
}

#[cfg(unix)]
#[tokio::test]
async fn giving_up_a_request_aborts_a_connection_that_is_not_read() {
    let (request, mut pieces) = Stalling::request();
    let (sending, _server) = Stalling::new("given-up").start(request).await;
    Stalling::stalled(&mut pieces).await;
    sending.abort();
    Stalling::freed(pieces).await;
}

#[cfg(unix)]
#[tokio::test]
async fn so_does_one_whose_answer_is_dropped_half_read() {
    let (request, mut pieces) = Stalling::request();
    let (sending, mut server) = Stalling::new("half-read").start(request).await;
    assert_ne!(server.read(&mut [0; 64]).await.unwrap(), 0);
    Stalling::stalled(&mut pieces).await;
    server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhalf").await.unwrap();
    let answer = sending.await.unwrap().unwrap();
    assert!(answer.download.is_some());
    drop(answer);
    Stalling::freed(pieces).await;
}

const WINDOW_UPDATE: u8 = 8;

/// The client's report of a body that is answered, after the socket has room again.
async fn reset_after_the_answer(body: Payload) -> u32 {
    let server = Http2Server::new().await;
    let transport = server.transport();
    let request = post(server.url.clone(), body);
    let sending = tokio::spawn(async move {
        let answer = whole(run(&transport, &request).await).await.unwrap();
        (transport, answer.status)
    });
    let mut peer = server.peer(&[]).await;
    let stream = peer.request().await;
    peer.respond(stream, "early").await;
    let (_transport, status) = sending.await.unwrap();
    assert_eq!(status, 200);
    for stream in [0, stream] {
        peer.send(WINDOW_UPDATE, 0, stream, &(1_u32 << 24).to_be_bytes()).await;
    }
    let reset = peer.next(RST_STREAM).await;
    assert_eq!(reset.stream, stream);
    u32::from_be_bytes(reset.payload.try_into().unwrap())
}

#[tokio::test]
async fn http2_is_told_to_cancel_the_rest_of_the_bytes() {
    let body = Bytes::from(vec![0; 1024 * 1024]).into();
    assert_eq!(reset_after_the_answer(body).await, u32::from(h2::Reason::CANCEL));
}

#[tokio::test]
async fn http2_is_told_to_cancel_the_rest_of_a_stream() {
    let body = Stream {
        chunks: vec![Bytes::from(vec![0; 64 * 1024]); 100].into(),
        length: None,
        ends: true,
        taken: Mutex::default(),
    };
    assert_eq!(reset_after_the_answer(Payload::Stream(Arc::new(body))).await, u32::from(h2::Reason::CANCEL));
}
