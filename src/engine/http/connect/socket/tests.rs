use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// A socket that has read one answer, and its peer. tokio takes the socket for empty.
async fn answered() -> (Socket<tokio::net::TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    let mut socket = Socket::new(stream);
    socket.write_all(b"request").await.unwrap();
    peer.write_all(b"answer").unwrap();
    assert_eq!(read(&mut socket).await, b"answer");
    (socket, peer)
}

async fn read(socket: &mut Socket<tokio::net::TcpStream>) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let length = socket.read(&mut bytes).await.unwrap();
    bytes.truncate(length);
    bytes
}

#[tokio::test]
async fn a_socket_looks_once_after_a_request_was_handed_over() {
    let (mut socket, mut peer) = answered().await;
    peer.write_all(b"stray").unwrap();
    assert_eq!(read(&mut socket).now_or_never(), None, "no request, no look");
    handed_over();
    assert_eq!(read(&mut socket).now_or_never().unwrap(), b"stray");

    handed_over();
    assert_eq!(read(&mut socket).now_or_never(), None, "nothing is there");
    peer.write_all(b"late").unwrap();
    assert_eq!(read(&mut socket).now_or_never(), None, "one look is enough");
}

#[tokio::test]
async fn a_socket_that_awaits_an_answer_leaves_the_look_to_tokio() {
    let (mut socket, mut peer) = answered().await;
    socket.write_all(b"request").await.unwrap();
    peer.write_all(b"answer").unwrap();
    handed_over();
    assert_eq!(read(&mut socket).now_or_never(), None);
    assert_eq!(read(&mut socket).await, b"answer");
}
