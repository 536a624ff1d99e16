//! Certificates, keys and authorities in files that change between two handshakes.

use url::Url;

use super::handshake::server;
use crate::error::Error;
use crate::http::testing::tls::{authority, certificate};
use crate::http::testing::{get, rules};
use crate::http::{HyperTransport, PhaseCell, Response, TlsOptions, TransportOptions, exchange};
use crate::source::Source;

/// A directory with authorities, and with a client's certificate and its key.
struct Files(std::path::PathBuf);

impl Files {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("token-rotator-tls-{:x}", rand::random::<u128>()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn options(&self) -> TlsOptions {
        let file = |name: &str| Some(Source::file(self.0.join(name)));
        TlsOptions { ca: file("ca"), cert: file("cert"), key: file("key"), ..TlsOptions::default() }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn transport(tls: TlsOptions) -> HyperTransport {
    HyperTransport::new(&TransportOptions { tls, http2: false, ..TransportOptions::default() }).unwrap()
}

async fn send(transport: &HyperTransport, url: &Url) -> Result<Box<Response>, Error> {
    exchange(transport, &get(url.clone()), &rules(), &PhaseCell::default()).await
}

#[tokio::test]
async fn certificates_in_files_are_exchanged_between_handshakes() {
    let mut authority = authority();
    let files = Files::new();
    files.write("ca", &authority.pem());
    let transport = transport(files.options());
    for n in 0..100 {
        let (cert, key) = certificate(Some(&authority), "client");
        // Only one of the two is there yet: the pair before it serves, if there was one.
        files.write("cert", &cert);
        let url = server(certificate(Some(&authority), "localhost"), Some(&authority)).await;
        let half = send(&transport, &url).await;
        assert_eq!(half.is_ok(), n % 10 != 0, "{n}: {half:?}");
        files.write("key", &key);
        let url = server(certificate(Some(&authority), "localhost"), Some(&authority)).await;
        assert_eq!(send(&transport, &url).await.unwrap().body, "hello", "{n}");
        if n % 10 == 9 {
            // Servers and clients get another authority, and the pair is still from the old one.
            authority = self::authority();
            files.write("ca", &authority.pem());
        }
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_yet_are_named() {
    let authority = authority();
    let url = server(certificate(Some(&authority), "localhost"), Some(&authority)).await;
    let files = Files::new();
    let transport = transport(files.options());
    let refused = async || {
        let error = send(&transport, &url).await.unwrap_err();
        assert_eq!(error.code(), "ERR_INVALID_OPTION");
        error.to_string()
    };
    let path = |name: &str| files.0.join(name).display().to_string();
    let missing = format!("tls.ca cannot be used: the file {} does not exist;", path("ca"));
    assert!(refused().await.starts_with(&missing), "{}", refused().await);
    files.write("ca", &authority.pem());
    let (cert, key) = certificate(Some(&authority), "client");
    files.write("cert", &cert);
    files.write("key", "s3cr3t");
    let no_key =
        format!("tls.key cannot be used: the file {} is not an unencrypted PEM private key", path("key"));
    assert!(refused().await.starts_with(&no_key), "{}", refused().await);
    files.write("key", &key);
    assert_eq!(send(&transport, &url).await.unwrap().body, "hello");
    // All that was read serves on.
    for name in ["ca", "cert", "key"] {
        std::fs::remove_file(files.0.join(name)).unwrap();
    }
    assert_eq!(send(&transport, &url).await.unwrap().body, "hello");
}
