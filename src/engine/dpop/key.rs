//! The key that tokens are bound to.

use std::fmt;
use std::sync::Arc;

use crate::secret::Secret;

/// A private key. Clones are cheap.
#[derive(Clone, PartialEq)]
pub struct Key(Arc<Secret>);

impl Key {
    /// The key that [`Key::saved`] wrote.
    pub fn new(saved: Secret) -> Self {
        Self(Arc::new(saved))
    }

    /// PKCS#8 in base64. It may go into a sealed record, and nowhere else.
    pub fn saved(&self) -> &Secret {
        &self.0
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
