//! Targets for fuzzing: everything that parses bytes which a server, a proxy, a store or a user wrote.
//!
//! Each target takes any bytes and returns. It panics if a promise of its parser is broken, not if the bytes are refused. The tests
//! beside this file run all targets on stable Rust, and `fuzz/` runs them under libFuzzer.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::client::fuzzing::rejection;
use crate::dpop::Nonces;
use crate::fleet::fuzzing::{record, sealed};
use crate::grant::oauth::fuzzing::{metadata, token_answer};
use crate::http::connect::proxy::fuzzing::{proxy_url, socks, tunnel};
use crate::http::fuzzing::{challenge, header, keep_alive, location, retry_after, url};
use crate::jose::PrivateKey;
use crate::pem;
use crate::secret::Secret;
use crate::store::fuzzing::{file_format, redis_reply};
use crate::token::{Expiry, Tokens};

pub type Target = fn(&[u8]);

/// Name and function. `fuzz/corpus` has a folder of each name.
pub const TARGETS: [(&str, Target); 19] = [
    ("challenge", challenge),
    ("file-format", file_format),
    ("header", header),
    ("jwt", jwt),
    ("keep-alive", keep_alive),
    ("key", key),
    ("location", location),
    ("metadata", metadata),
    ("nonce", nonce),
    ("proxy-url", proxy_url),
    ("record", record),
    ("redis-reply", redis_reply),
    ("rejection", rejection),
    ("retry-after", retry_after),
    ("sealed", sealed),
    ("socks", socks),
    ("token-answer", token_answer),
    ("tunnel", tunnel),
    ("url", url),
];

/// The end that a JWT tells, and tokens that fit into a header.
fn jwt(bytes: &[u8]) {
    let access = Secret::new(String::from_utf8_lossy(bytes).into_owned());
    for is_new in [true, false] {
        if let Some(expiry) = Expiry::of_jwt(&access, is_new) {
            let _end = expiry.on_arrival(is_new, 1_800_000_000_000);
        }
    }
    let header = HeaderValue::from_str(&format!("Bearer {}", access.expose()));
    let tokens = Tokens::new(access, None, None, None);
    assert!(tokens.is_err() || header.is_ok(), "a token that was taken breaks its header");
}

/// Private keys and certificates in all their forms.
fn key(bytes: &[u8]) {
    let text = Secret::new(String::from_utf8_lossy(bytes).into_owned());
    if let Ok(key) = PrivateKey::read(&text) {
        let again = PrivateKey::from_pkcs8(&key.to_pkcs8().expect("a key that was read can be saved"));
        assert!(again.is_ok(), "a key that was saved can be read");
    }
    let _certificates = pem::certificates(text.expose());
    let _key = pem::private_key(text.expose());
}

/// A nonce for proofs: no byte that is kept needs an escape in a proof.
fn nonce(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let url = Url::parse("https://api.example/").expect("a URL");
    let nonces = Nonces::default();
    nonces.hear(&url, &HeaderMap::from_iter([(HeaderName::from_static("dpop-nonce"), value)]));
    let Some(kept) = nonces.newest(&url) else { return };
    assert!(kept.as_bytes() == bytes && !kept.is_empty(), "another nonce is kept");
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    assert!(kept.bytes().all(fits), "a nonce needs an escape");
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
