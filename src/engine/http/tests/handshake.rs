//! Handshakes with a real TLS server: which servers are trusted, and which certificate the client shows.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use crate::error::{Error, Phase};
use crate::http::testing::tls::{Authority, acceptor, authority, certificate, https, trusting};
use crate::http::testing::{get, listen, rules};
use crate::http::{HyperTransport, PhaseCell, Response, TlsOptions, TransportOptions, exchange};

/// A server that says hello over TLS to clients with a certificate of `clients`, or to any client.
async fn server(certificate: (String, String), clients: Option<&Authority>) -> Url {
    let acceptor = acceptor(&certificate, clients, &["h2", "http/1.1"]);
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            let _ = stream.read(&mut [0; 1024]).await;
            let protocol = String::from_utf8(protocol.unwrap_or_default()).unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\nx-alpn: {protocol}\r\ncontent-length: 5\r\n\r\nhello");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    https(&url)
}

async fn run(url: Url, tls: TlsOptions) -> (Result<Response, Error>, PhaseCell) {
    let transport =
        HyperTransport::new(&TransportOptions { tls, http2: false, ..TransportOptions::default() }).unwrap();
    let phase = PhaseCell::default();
    (exchange(&transport, &get(url), &rules(), &phase).await, phase)
}

async fn refused(url: Url, tls: TlsOptions) -> &'static str {
    let (outcome, phase) = run(url, tls).await;
    let Err(Error::Network { subject, fault }) = outcome else { panic!("{outcome:?}") };
    assert!(subject.starts_with("https://localhost:"), "{subject}");
    assert_eq!(phase.get(), Phase::Connect);
    assert!(phase.provably_unsent());
    fault.code().unwrap()
}

#[tokio::test]
async fn an_authority_of_the_option_ca_is_trusted() {
    let authority = authority();
    let url = server(certificate(Some(&authority), "localhost"), None).await;
    let response = run(url, trusting(&authority)).await.0.unwrap();
    assert_eq!(
        (&response.body[..], &response.headers["x-alpn"]),
        (&b"hello"[..], &"http/1.1".parse().unwrap())
    );
}

#[tokio::test]
async fn another_name_is_refused() {
    let authority = authority();
    let url = server(certificate(Some(&authority), "other.example"), None).await;
    assert_eq!(refused(url, trusting(&authority)).await, "ERR_TLS_CERT_ALTNAME_INVALID");
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let url = server(certificate(None, "localhost"), None).await;
    assert_eq!(refused(url.clone(), trusting(&authority())).await, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    // By the system's authorities, or Mozilla's on a machine without.
    assert_eq!(refused(url, TlsOptions::default()).await, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

#[tokio::test]
async fn anyone_is_trusted_by_the_transport_that_was_told_to() {
    let url = server(certificate(None, "other.example"), None).await;
    let lax = TlsOptions { trust_anyone: true, ..TlsOptions::default() };
    assert_eq!(run(url.clone(), lax).await.0.unwrap().body, "hello");
    assert_eq!(refused(url, trusting(&authority())).await, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let authority = authority();
    let url = server(certificate(Some(&authority), "localhost"), Some(&authority)).await;
    let (cert, key) = certificate(Some(&authority), "client");
    let known = TlsOptions { cert: Some(cert), key: Some(key), ..trusting(&authority) };
    assert_eq!(run(url.clone(), known).await.0.unwrap().body, "hello");
    // In TLS 1.3 the server refuses after the client has finished, so the request may be on its way.
    let outcome = run(url, trusting(&authority)).await.0;
    assert!(
        matches!(outcome, Err(Error::Network { fault, .. }) if matches!(fault.code(), Some("EPROTO" | "ECONNRESET"))),
        "{outcome:?}"
    );
}
