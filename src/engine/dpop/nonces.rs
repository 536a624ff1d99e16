//! The nonces that servers want in the next proof (RFC 9449 §8 and §9).

use std::sync::Arc;

use http::HeaderMap;
use indexmap::IndexMap;
use url::{Position, Url};

use crate::lock::Lock;

/// The newest nonce of each origin. Authorization servers and resource servers have nonces of their own, even on one origin,
/// so that a token endpoint and an API never share a `Nonces`.
#[derive(Debug, Default)]
pub struct Nonces(Lock<IndexMap<Box<str>, Arc<str>>>);

/// The origin whose nonce is the oldest is forgotten beyond this. It costs one more request.
const ORIGINS: usize = 256;

/// A longer nonce would make each request that much longer.
const MAX_BYTES: usize = 2_048;

impl Nonces {
    /// The nonce for the next request to `url`.
    pub fn newest(&self, url: &Url) -> Option<Arc<str>> {
        self.0.lock().get(origin(url)).cloned()
    }

    /// Notes the nonce in an answer from `url`, if it has one. Any answer may bring one, a 200 too (§8.2).
    pub fn hear(&self, url: &Url, headers: &HeaderMap) {
        let mut lines = headers.get_all("dpop-nonce").iter();
        // Two of them are no nonce (§8).
        if let (Some(only), None) = (lines.next(), lines.next())
            && let Ok(nonce) = only.to_str()
        {
            self.note(url, nonce);
        }
    }

    /// [`Nonces::hear`] for a header that was read already.
    pub fn note(&self, url: &Url, nonce: &str) {
        let fits = (1..=MAX_BYTES).contains(&nonce.len()) && nonce.bytes().all(is_nonce);
        let mut newest = self.0.lock();
        let origin = origin(url);
        if !fits || newest.get(origin).is_some_and(|known| **known == *nonce) {
            return;
        }
        newest.shift_remove(origin);
        newest.insert(origin.into(), nonce.into());
        if newest.len() > ORIGINS {
            newest.shift_remove_index(0);
        }
    }
}

/// `https://api.example:8443`
fn origin(url: &Url) -> &str {
    &url[..Position::BeforePath]
}

/// RFC 9449 §8.1, NQCHAR.
fn is_nonce(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~')
}

#[cfg(test)]
mod tests;
