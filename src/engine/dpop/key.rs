//! The key that tokens are bound to.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use crate::jose::{Algorithm, KeyError, PrivateKey};
use crate::secret::Secret;

/// A private key. Clones are cheap and share the parsed key.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    saved: Secret,
    /// Parsed by the first proof, because most keys that are read from a store sign nothing.
    signing: OnceLock<Result<Signing, KeyError>>,
}

/// A parsed key, and the head of its proofs.
pub(super) struct Signing {
    pub(super) key: PrivateKey,
    pub(super) algorithm: Algorithm,
    pub(super) header: Map<String, Value>,
}

impl Key {
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let key = PrivateKey::generate(algorithm)?;
        let saved = key.to_pkcs8()?;
        Ok(Self(Arc::new(Inner { saved, signing: OnceLock::from(Ok(Signing::of(key))) })))
    }

    /// The key that [`Key::saved`] wrote.
    pub fn new(saved: Secret) -> Self {
        Self(Arc::new(Inner { saved, signing: OnceLock::new() }))
    }

    /// PKCS#8 in base64. It may go into a sealed record, and nowhere else.
    pub fn saved(&self) -> &Secret {
        &self.0.saved
    }

    pub(super) fn signing(&self) -> Result<&Signing, KeyError> {
        let read = || PrivateKey::from_pkcs8(self.saved()).map(Signing::of);
        self.0.signing.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

impl Signing {
    fn of(key: PrivateKey) -> Self {
        let algorithm = key.default_algorithm();
        let mut header = Map::new();
        header.insert("typ".to_owned(), json!("dpop+jwt"));
        header.insert("jwk".to_owned(), key.public_jwk());
        Self { key, algorithm, header }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.saved() == other.saved()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.saved(), f)
    }
}

/// How tokens are bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub key: Key,
    /// False: the server answered a proof with a Bearer token. The refresh token of a public client is bound all the same
    /// (RFC 9449 §5), so that the key is needed for the next refresh.
    pub access: bool,
}
