//! A private key, parsed once.

use std::fmt;

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::jose::algorithm::Algorithm;
use crate::jose::jwk;
use crate::jose::key_error::KeyError;
use crate::jose::pair::{Curve, Pair};
use crate::secret::Secret;

/// Prints its thumbprint, which is public.
pub struct PrivateKey {
    pair: Pair,
    id: Option<String>,
    preferred: Option<Algorithm>,
    thumbprint: String,
}

impl PrivateKey {
    /// Reads PEM, a JWK, or the JSON of a Google service account.
    pub fn read(text: &Secret) -> Result<Self, KeyError> {
        let text = text.expose().trim_ascii();
        if !text.starts_with('{') {
            return Self::read_pem(text);
        }
        match jwk::read(text)? {
            jwk::Read::Pair { pair, id, algorithm } => {
                let preferred = algorithm.as_deref().and_then(Algorithm::from_name);
                let preferred = preferred.filter(|algorithm| pair.algorithms().contains(algorithm));
                Ok(Self { id, preferred, ..Self::of(pair) })
            }
            jwk::Read::Pem { pem, id } => Ok(Self { id, ..Self::read_pem(pem.expose())? }),
        }
    }

    fn read_pem(text: &str) -> Result<Self, KeyError> {
        // An environment variable often has the two characters in place of a line's end, which PEM never holds.
        let text = Zeroizing::new(text.replace("\\n", "\n"));
        if text.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let Ok(der) = PrivateKeyDer::from_pem_slice(text.as_bytes()) else {
            let is_public = ["BEGIN PUBLIC KEY", "BEGIN RSA PUBLIC KEY", "BEGIN CERTIFICATE"];
            let is_public = is_public.iter().any(|label| text.contains(label));
            return Err(if is_public { KeyError::Public } else { KeyError::NotAKey });
        };
        let der = Zeroizing::new(der);
        let pair = match &*der {
            PrivateKeyDer::Pkcs8(der) => Pair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => Pair::rsa_from_pkcs1(der.secret_pkcs1_der()),
            PrivateKeyDer::Sec1(der) => Pair::ec_from_der(der.secret_sec1_der()),
            _ => None,
        };
        pair.map(Self::of).ok_or(KeyError::Unsupported)
    }

    /// A new key on a curve: RSA is too slow to be made while a caller waits.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let curve = match algorithm {
            Algorithm::ES256 => Curve::P256,
            Algorithm::ES384 => Curve::P384,
            Algorithm::ES512 => Curve::P521,
            Algorithm::EdDSA | Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Failed)?;
                return Ok(Self { preferred: Some(algorithm), ..Self::of(Pair::Ed25519(pair)) });
            }
            _ => return Err(KeyError::Unsupported),
        };
        let pair = EcdsaKeyPair::generate(curve.signing()).map_err(|_| KeyError::Failed)?;
        Ok(Self::of(Pair::Ec(curve, pair)))
    }

    fn of(pair: Pair) -> Self {
        let members = pair.public_members();
        let members = members.iter().map(|(name, value)| format!(r#""{name}":"{value}""#));
        let canonical = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
        Self { pair, id: None, preferred: None, thumbprint }
    }

    /// PKCS#8 in base64, to be saved sealed.
    pub fn to_pkcs8(&self) -> Result<Secret, KeyError> {
        let der = self.pair.pkcs8().map_err(|_| KeyError::Failed)?;
        Ok(Secret::new(STANDARD.encode(&*der)))
    }

    pub fn from_pkcs8(text: &Secret) -> Result<Self, KeyError> {
        let der = Zeroizing::new(STANDARD.decode(text.expose()).map_err(|_| KeyError::NotAKey)?);
        Pair::from_pkcs8(&der).map(Self::of).ok_or(KeyError::NotAKey)
    }

    /// The `alg` of the JWK, else the usual one of the key's kind.
    pub fn default_algorithm(&self) -> Algorithm {
        self.preferred.unwrap_or(self.pair.algorithms()[0])
    }

    /// Checks that the key signs with `algorithm`.
    pub fn fits(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        let fit = self.pair.algorithms();
        if fit.contains(&algorithm) {
            return Ok(());
        }
        let fit = fit.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ");
        Err(KeyError::Unfit { asked: algorithm.to_string(), fit })
    }

    /// The key's own id: the `kid` of a JWK, or the `private_key_id` of a Google service account.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The public half as a JWK, without optional members.
    pub fn public_jwk(&self) -> Value {
        let members = self.pair.public_members().into_iter();
        Value::Object(members.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>())
    }

    /// RFC 7638, of SHA-256, in base64url.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    pub(super) fn pair(&self) -> &Pair {
        &self.pair
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.thumbprint)
    }
}
