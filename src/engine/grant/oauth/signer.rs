//! A key with all that a JWT signed by it says of the key. All of it follows the sources.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::jose::{Algorithm, KeyError, PrivateKey, sign};
use crate::secret::Secret;
use crate::source::{Live, Source, SourceError, Unfit};

pub struct Signing {
    pub key: Source,
    /// None: the usual one of the key's kind.
    pub algorithm: Option<Algorithm>,
    /// `kid`. None: the key's own id, if it has one.
    pub key_id: Option<String>,
    /// Adds `x5t#S256`.
    pub certificate: Option<Source>,
}

pub(super) struct Signer(Live<Ready>);

pub(super) struct Ready {
    key: PrivateKey,
    algorithm: Algorithm,
    header: Map<String, Value>,
}

impl Signer {
    pub(super) fn new(signing: Signing) -> Self {
        let Signing { key, algorithm, key_id, certificate } = signing;
        let sources = std::iter::once(key).chain(certificate).collect();
        Self(Live::of(sources, move |texts| ready(texts, algorithm, key_id.as_deref())))
    }

    pub(super) fn check(&self) -> Result<(), Unfit> {
        self.0.check().map(drop)
    }

    pub(super) async fn get(&self) -> Result<Arc<Ready>, SourceError> {
        self.0.get().await
    }
}

fn ready(texts: &[Secret], algorithm: Option<Algorithm>, key_id: Option<&str>) -> Result<Ready, Unfit> {
    let unfit = |at| move |error: KeyError| Unfit { at, problem: error.to_string().into() };
    let key = PrivateKey::read(&texts[0]).map_err(unfit(0))?;
    let algorithm = algorithm.unwrap_or(key.default_algorithm());
    key.fits(algorithm).map_err(unfit(0))?;
    let mut header = Map::from_iter([("typ".to_owned(), "JWT".into())]);
    if let Some(id) = key_id.or(key.id()) {
        header.insert("kid".into(), id.into());
    }
    if let Some(certificate) = texts.get(1) {
        let thumbprint = key.certificate_thumbprint(certificate).map_err(unfit(1))?;
        header.insert("x5t#S256".into(), thumbprint.into());
    }
    Ok(Ready { key, algorithm, header })
}

impl Ready {
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<Secret, KeyError> {
        sign(&self.key, self.algorithm, self.header.clone(), claims)
    }
}

#[cfg(test)]
impl Ready {
    pub(super) fn key_thumbprint(&self) -> String {
        self.key.thumbprint().to_owned()
    }
}

impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.header == other.header
    }
}
