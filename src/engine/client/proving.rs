//! Adds a proof to every request that carries a bound token (RFC 9449 §7.1).
//!
//! Invariant: a proof is made for one sending, with the method and URL of that sending: a retry, a replay and a redirect each
//! have their own. A request without the token, as after a redirect to another origin, gets none.

use std::sync::Arc;

use ::http::Method;
use ::http::header::{HeaderName, HeaderValue};
use futures_util::future::BoxFuture;
use url::Url;

use crate::dpop::{Key, Nonces, PROOF};
use crate::error::Error;
use crate::http::{Response, Transport, WireRequest, WireResponse};
use crate::lock::Lock;
use crate::secret::Secret;
use crate::session::Held;

/// A transport over another one, for requests with one token.
pub(super) struct Proving<'a> {
    way: &'a dyn Transport,
    /// Carries the token. A request that does not carry it needs no proof.
    header: &'a HeaderName,
    held: &'a Held,
    key: &'a Key,
    nonces: &'a Nonces,
    /// The nonce of the last proof.
    used: Lock<Option<Arc<str>>>,
}

impl<'a> Proving<'a> {
    /// None: a Bearer token, which needs no proof. In a box, because few requests need the room.
    pub(super) fn over(
        way: &'a dyn Transport,
        header: &'a HeaderName,
        held: &'a Held,
        nonces: &'a Nonces,
    ) -> Option<Box<Self>> {
        let key = held.tokens.proof_key()?;
        Some(Box::new(Self { way, header, held, key, nonces, used: Lock::default() }))
    }

    /// True if the server of `answer` has given a nonce that the last proof did not have.
    pub(super) fn knows_newer_nonce(&self, answer: &Response) -> bool {
        let newest = self.nonces.newest(&answer.url);
        newest.is_some() && newest != *self.used.lock()
    }

    fn proof(&self, request: &WireRequest) -> Result<HeaderValue, Error> {
        let nonce = self.nonces.newest(&request.url);
        let proof =
            proof(self.key, &self.held.tokens.access, (&request.method, &request.url), nonce.as_deref())?;
        *self.used.lock() = nonce;
        Ok(proof)
    }
}

/// The proof of one request with a token.
pub(super) fn proof(
    key: &Key,
    access: &Secret,
    (method, url): (&Method, &Url),
    nonce: Option<&str>,
) -> Result<HeaderValue, Error> {
    key.proof(method, url, nonce, Some(access)).map_err(|_| Error::StoreCorrupt {
        cause: None,
        fault: Some("the DPoP key beside the tokens cannot be read; log in again and call setTokens".into()),
    })
}

impl Transport for Proving<'_> {
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>> {
        Box::pin(async move {
            if !request.headers.contains_key(self.header) {
                return self.way.send(request).await;
            }
            let mut proven = request.clone();
            proven.headers.insert(PROOF, self.proof(request)?);
            let answer = self.way.send(&proven).await?;
            self.nonces.hear(&request.url, &answer.headers);
            Ok(answer)
        })
    }
}
