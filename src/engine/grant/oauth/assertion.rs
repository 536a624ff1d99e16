//! Assertions (RFC 7523): JWTs that prove who a client is, or that stand for a grant.
//!
//! Invariant: each assertion is made for one attempt, because servers refuse a `jti` that they have seen.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::clock;
use crate::grant::oauth::signer::{Signer, Signing};
use crate::secret::Secret;
use crate::source::{Source, SourceError, Unfit};

/// Seconds. A server whose clock is minutes ahead still takes the assertion; servers refuse lives of more than five to
/// ten minutes.
const LIFE: u64 = 180;

/// The assertion of the grant `jwt_bearer`.
pub enum Assertion {
    /// Made by somebody else.
    Ready(Source),
    Signed(SignedAssertion),
}

pub struct SignedAssertion {
    signer: Signer,
    key: Source,
    claims: Map<String, Value>,
}

impl SignedAssertion {
    /// `claims` go over the usual ones; null takes one out. `exp`, `iat` and `jti` are made for each assertion.
    pub fn new(signing: Signing, claims: Map<String, Value>) -> Self {
        Self { key: signing.key.clone(), signer: Signer::new(signing), claims }
    }

    /// Finds mistakes in a key or a certificate that is a value.
    pub fn check(&self) -> Result<(), Unfit> {
        self.signer.check()
    }

    /// Without `sub` among the claims it is `iss`, which is the client's id by default. `audience`: the server's.
    async fn make(&self, client_id: &str, audience: &str) -> Result<Secret, SourceError> {
        let mut claims =
            Map::from_iter([("iss".to_owned(), Value::from(client_id)), ("aud".to_owned(), audience.into())]);
        claims.extend(self.claims.clone());
        if !claims.contains_key("sub") {
            claims.insert("sub".into(), claims["iss"].clone());
        }
        claims.retain(|_, value| !value.is_null());
        claims.extend(made_now());
        let signer = self.signer.get().await?;
        signer.sign(&claims).map_err(|error| self.key.error(error.to_string()))
    }
}

impl Assertion {
    pub async fn make(&self, client_id: &str, audience: &str) -> Result<Secret, SourceError> {
        match self {
            Self::Ready(source) => source.read().await,
            Self::Signed(signed) => signed.make(client_id, audience).await,
        }
    }
}

/// The claims by which a client proves itself (OIDC Core §9).
pub(super) fn client_claims(client_id: &str, audience: &str) -> Map<String, Value> {
    let named = [("iss", client_id), ("sub", client_id), ("aud", audience)];
    let named = named.map(|(name, value)| (name.to_owned(), Value::from(value)));
    named.into_iter().chain(made_now()).collect()
}

fn made_now() -> [(String, Value); 3] {
    let now = clock::wall_ms() / 1000;
    let id = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    [("iat".to_owned(), now.into()), ("exp".to_owned(), (now + LIFE).into()), ("jti".to_owned(), id.into())]
}

#[cfg(test)]
pub(super) mod tests;
