//! Redis over TLS, with a client certificate.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::server::{Server, new_folder, options, register};
use super::*;
use crate::fault::Fault;
use crate::store::{RedisProblem, StoreFault};

pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority() -> Authority {
    let mut params = CertificateParams::default();
    // Else OpenSSL takes every certificate for a self-signed one, by its name.
    params.distinguished_name.push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name` and its key.
pub(super) fn certificate(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// A server that asks for certificates of `authority`, and the port for TLS.
pub(super) async fn tls_server(authority: &Authority) -> (Server, u16) {
    let folder = new_folder();
    let (cert, key) = certificate(authority, "localhost");
    for (name, text) in [("ca.pem", &authority.pem()), ("cert.pem", &cert), ("key.pem", &key)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let port = server::free_port();
    let tls = ["--tls-ca-cert-file", "ca.pem", "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"];
    let port_text = port.to_string();
    let all = [&["--tls-port", &port_text][..], &tls].concat();
    (Server::start_in(folder, &all).await, port)
}

pub(super) fn tls_register(url: &str, tls: RedisTls) -> RedisRegister {
    register(&RedisOptions { tls, ..options(url) })
}

async fn network_fault(register: &RedisRegister) -> Fault {
    match register.read("session").await {
        Err(StoreError::Fault(StoreFault::Redis { problem: RedisProblem::Network(fault), .. })) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn server_and_client_know_each_other_by_their_certificates() {
    let authority = authority();
    let (_server, port) = tls_server(&authority).await;
    let url = format!("rediss://localhost:{port}");
    let (cert, key) = certificate(&authority, "client");
    let ca = Some(Source::from(authority.pem()));
    let tls = RedisTls { ca: ca.clone(), cert: Some(cert.into()), key: Some(key.into()) };
    let register = tls_register(&url, tls.clone());
    let changed = register.watch("session").unwrap();
    let (first, done) = write(&register, None, "first").await;
    assert!(done);
    tokio::time::timeout(server::PATIENCE, changed).await.unwrap();
    assert_eq!(read(&register).await, Some(first));

    let without_ca = RedisTls { ca: None, ..tls.clone() };
    assert_eq!(network_fault(&tls_register(&url, without_ca)).await, Fault::UnknownIssuer);
    let other_name = url.replace("localhost", "127.0.0.1");
    assert_eq!(network_fault(&tls_register(&other_name, tls)).await, Fault::OtherName);
    // TLS 1.3 refuses a client only after its own handshake is done.
    let without_certificate = tls_register(&url, RedisTls { ca, ..RedisTls::default() });
    let fault = network_fault(&without_certificate).await;
    assert!(matches!(fault, Fault::HandshakeRefused | Fault::HungUp | Fault::Reset), "{fault:?}");
}

/// It waits for the end of what it takes for a command.
#[tokio::test]
async fn server_without_tls_does_not_answer() {
    let server = Server::start(&[]).await;
    let url = format!("rediss://localhost:{}", server.port);
    let register = register(&RedisOptions { timeout: Duration::from_millis(100), ..options(&url) });
    assert_eq!(network_fault(&register).await, Fault::TimedOut);
}

#[test]
fn certificates_that_cannot_be_used_are_named_and_not_shown() {
    let authority = authority();
    let (cert, key) = certificate(&authority, "client");
    let (_, other_key) = certificate(&authority, "other");
    let made = |ca: Option<&str>, cert: Option<&str>, key: Option<&str>| {
        let owned = |text: Option<&str>| text.map(|text| Source::from(text.to_owned()));
        let tls = RedisTls { ca: owned(ca), cert: owned(cert), key: owned(key) };
        RedisRegister::new(&RedisOptions { tls, ..options("rediss://localhost") }).err().unwrap().to_string()
    };
    let broken = "-----BEGIN CERTIFICATE-----\nczNjcjN0\n-----END CERTIFICATE-----\n";
    let table = [
        (made(Some("s3cr3t"), None, None), "store.tls.ca is not a PEM certificate"),
        (made(Some(broken), None, None), "store.tls.ca is not made of X.509"),
        (made(None, Some(&cert), None), "store.tls.cert needs store.tls.key"),
        (made(None, None, Some(&key)), "store.tls.key needs store.tls.cert"),
        (made(None, Some(&cert), Some("s3cr3t")), "store.tls.key is not an unencrypted PEM private key"),
        (made(None, Some("s3cr3t"), Some(&key)), "store.tls.cert is not a PEM certificate"),
        (
            made(None, Some(&cert), Some(&other_key)),
            "store.tls.cert and store.tls.key do not belong together",
        ),
    ];
    for (message, expected) in table {
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains("s3cr3t"), "{message}");
    }
}
