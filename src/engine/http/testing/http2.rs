//! An HTTP/2 server that sends single frames (RFC 9113 §4.1), because no library makes the mistakes that it has to make.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use url::Url;

use crate::http::testing::listen;
use crate::http::testing::tls::{acceptor, authority, certificate, https, trusting};
use crate::http::{HyperTransport, TransportOptions};

pub(crate) struct Http2Server {
    listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) url: Url,
    pub(crate) options: TransportOptions,
}

/// A client's connection.
pub(crate) struct Peer(TlsStream<TcpStream>);

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// `:status: 200` of HPACK's static table.
pub(crate) const STATUS_200: [u8; 1] = [0x88];

impl Http2Server {
    pub(crate) async fn new() -> Self {
        let authority = authority();
        let (listener, url) = listen().await;
        Self {
            listener,
            acceptor: acceptor(&certificate(Some(&authority), "localhost"), None, &["h2", "http/1.1"]),
            url: https(&url),
            options: TransportOptions { idle_per_origin: 4, tls: trusting(&authority), ..Default::default() },
        }
    }

    pub(crate) fn transport(&self) -> HyperTransport {
        HyperTransport::new(&self.options).unwrap()
    }

    pub(crate) async fn connection(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// The next connection, in TLS.
    pub(crate) async fn accept(&self) -> TlsStream<TcpStream> {
        self.acceptor.accept(self.connection().await).await.unwrap()
    }

    /// The next connection, in HTTP/2 with these settings.
    pub(crate) async fn peer(&self, settings: &[u8]) -> Peer {
        self.handshake(self.connection().await, settings).await.unwrap()
    }

    /// `None` if the client gave it up.
    pub(crate) async fn handshake(&self, stream: TcpStream, settings: &[u8]) -> Option<Peer> {
        let mut stream = self.acceptor.accept(stream).await.ok()?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.ok()?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut peer = Peer(stream);
        peer.send(SETTINGS, 0, 0, settings).await;
        Some(peer)
    }
}

impl Peer {
    /// `None` if the client left.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next frame of this kind; settings and pings that come before are acknowledged.
    pub(crate) async fn next(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.frame().await.expect("a client that stays");
            if frame.kind == kind {
                return frame;
            }
            if matches!(frame.kind, SETTINGS | PING) && frame.flags & ACK == 0 {
                let payload = if frame.kind == PING { frame.payload } else { Vec::new() };
                self.send(frame.kind, ACK, 0, &payload).await;
            }
        }
    }

    /// The stream of the next request.
    pub(crate) async fn request(&mut self) -> u32 {
        self.next(HEADERS).await.stream
    }

    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        // A client may have left.
        let _ = self.0.write_all(&bytes).await;
        let _ = self.0.flush().await;
    }

    /// Waits until the client has read everything sent so far: it answers a ping.
    pub(crate) async fn heard(&mut self) {
        self.send(PING, 0, 0, &[1; 8]).await;
        loop {
            let pong = self.frame().await.expect("a client that stays");
            assert_ne!(pong.kind, HEADERS, "nobody looks for it here");
            if (pong.kind, pong.flags) == (PING, ACK) {
                return;
            }
        }
    }

    pub(crate) async fn respond(&mut self, stream: u32, body: &str) {
        self.send(HEADERS, END_HEADERS, stream, &STATUS_200).await;
        self.send(DATA, END_STREAM, stream, body.as_bytes()).await;
    }

    /// Ends TLS as it should be; dropping a peer does not.
    pub(crate) async fn end(mut self) {
        self.0.shutdown().await.unwrap();
    }

    pub(crate) async fn reset(&mut self, stream: u32, reason: h2::Reason) {
        self.send(RST_STREAM, 0, stream, &u32::from(reason).to_be_bytes()).await;
    }

    /// Streams above `last` are not processed.
    pub(crate) async fn go_away(&mut self, last: u32, reason: h2::Reason) {
        let payload = [last.to_be_bytes(), u32::from(reason).to_be_bytes()].concat();
        self.send(GOAWAY, 0, 0, &payload).await;
    }
}
