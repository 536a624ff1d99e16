//! Handshakes with a real TLS server: which servers are trusted, and which certificate the client shows.

use rcgen::BasicConstraints::{Constrained, Unconstrained};
use rcgen::{CertificateParams, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use crate::error::{Error, Phase};
use crate::http::testing::tls::{Authority, acceptor, authority, certificate, https, trusting};
use crate::http::testing::{get, listen, rules};
use crate::http::{HyperTransport, PhaseCell, Response, TlsOptions, TransportOptions, exchange};

/// A server that says hello over TLS to clients with a certificate of `clients`, or to any client.
pub(super) async fn server(certificate: (String, String), clients: Option<&Authority>) -> Url {
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

async fn run(url: Url, tls: TlsOptions) -> (Result<Box<Response>, Error>, PhaseCell) {
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
async fn a_self_signed_certificate_that_is_given_is_trusted_whatever_its_constraints() {
    let constraints = [IsCa::NoCa, IsCa::ExplicitNoCa, IsCa::Ca(Unconstrained), IsCa::Ca(Constrained(0))];
    for is_ca in constraints {
        let made = |name: &str| {
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.is_ca = is_ca;
            let key = KeyPair::generate().unwrap();
            (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
        };
        let trusting = |(pem, _): &(String, String)| TlsOptions {
            ca: Some(pem.clone().into()),
            ..TlsOptions::default()
        };
        let own = made("localhost");
        let url = server(own.clone(), None).await;
        assert_eq!(run(url.clone(), trusting(&own)).await.0.unwrap().body, "hello", "{is_ca:?}");
        let file = std::env::temp_dir().join(format!("token-rotator-{}.pem", url.port().unwrap()));
        std::fs::write(&file, format!("no certificate\n{}", own.0)).unwrap();
        let name = file.to_str().unwrap().to_owned();
        let extra = TlsOptions { extra_ca: Some(name), ..TlsOptions::default() };
        assert_eq!(run(url.clone(), extra).await.0.unwrap().body, "hello", "{is_ca:?}");
        std::fs::remove_file(file).unwrap();
        // A stranger's of the same name, and the own one under another name.
        refused(url, trusting(&made("localhost"))).await;
        let elsewhere = made("other.example");
        let url = server(elsewhere.clone(), None).await;
        assert_eq!(refused(url, trusting(&elsewhere)).await, "ERR_TLS_CERT_ALTNAME_INVALID", "{is_ca:?}");
    }
}

#[tokio::test]
async fn a_given_certificate_that_has_expired_is_refused() {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(Unconstrained);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let url = server((pem.clone(), key.serialize_pem()), None).await;
    let given = TlsOptions { ca: Some(pem.into()), ..TlsOptions::default() };
    assert_eq!(refused(url, given).await, "CERT_HAS_EXPIRED");
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
    let known = TlsOptions { cert: Some(cert.into()), key: Some(key.into()), ..trusting(&authority) };
    assert_eq!(run(url.clone(), known).await.0.unwrap().body, "hello");
    // In TLS 1.3 the server refuses after the client has finished, so the request may be on its way.
    let outcome = run(url, trusting(&authority)).await.0;
    assert!(
        matches!(outcome, Err(Error::Network { fault, .. }) if matches!(fault.code(), Some("EPROTO" | "ECONNRESET"))),
        "{outcome:?}"
    );
}
