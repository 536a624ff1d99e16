//! Private keys in JSON: a JWK (RFC 7517, RFC 7518 §6, RFC 8037), or the file of a Google service account.

use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::jose::key_error::KeyError;
use crate::jose::pair::{Curve, Pair};
use crate::secret::Secret;

pub(super) enum Read {
    Pair {
        pair: Pair,
        id: Option<String>,
        algorithm: Option<String>,
    },
    /// A service account has its key as PEM.
    Pem {
        pem: Secret,
        id: Option<String>,
    },
}

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    kty: String,
    #[serde(default)]
    crv: String,
    kid: Option<String>,
    alg: Option<String>,
    n: Option<Part>,
    e: Option<Part>,
    d: Option<Part>,
    p: Option<Part>,
    q: Option<Part>,
    dp: Option<Part>,
    dq: Option<Part>,
    qi: Option<Part>,
    x: Option<Part>,
    y: Option<Part>,
    private_key: Option<String>,
    private_key_id: Option<String>,
}

/// A number or a point, in base64url.
struct Part(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes());
        bytes.map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| D::Error::custom("no base64url"))
    }
}

impl Part {
    /// Some writers put a zero before the number, which is then no minimal encoding.
    fn minimal(&self) -> &[u8] {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        &self.0[zeros..]
    }

    /// Some writers leave out the zeros before it.
    fn padded(&self, width: usize) -> Option<Zeroizing<Vec<u8>>> {
        let number = self.minimal();
        let mut padded = Zeroizing::new(vec![0; width.checked_sub(number.len())?]);
        padded.reserve_exact(number.len());
        padded.extend_from_slice(number);
        Some(padded)
    }
}

pub(super) fn read(text: &str) -> Result<Read, KeyError> {
    let mut json: Json = serde_json::from_str(text).map_err(|_| KeyError::NotAKey)?;
    if let Some(pem) = json.private_key.take() {
        return Ok(Read::Pem { pem: Secret::new(pem), id: json.private_key_id });
    }
    let is_known = matches!(json.kty.as_str(), "RSA" | "EC" | "OKP");
    if !is_known {
        return Err(if json.kty.is_empty() { KeyError::NotAKey } else { KeyError::Unsupported });
    }
    if json.d.is_none() {
        return Err(KeyError::Public);
    }
    let pair = match json.kty.as_str() {
        "RSA" => json.rsa().ok_or(KeyError::NotAKey)?,
        "EC" => json.ec().ok_or(KeyError::NotAKey)?,
        _ => json.okp().ok_or(KeyError::NotAKey)?,
    };
    Ok(Read::Pair { pair: pair?, id: json.kid, algorithm: json.alg })
}

/// None: a part is missing or too long. The error: all are there, and the library refuses them.
type Made = Option<Result<Pair, KeyError>>;

impl Json {
    fn rsa(&self) -> Made {
        let number =
            |part: &'_ Option<Part>| part.as_ref().map(|part| Zeroizing::new(part.minimal().to_vec()));
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: number(&self.n)?, e: number(&self.e)? },
            d: number(&self.d)?,
            p: number(&self.p)?,
            q: number(&self.q)?,
            dP: number(&self.dp)?,
            dQ: number(&self.dq)?,
            qInv: number(&self.qi)?,
        };
        let pair = RsaKeyPair::from_components(&components);
        Some(pair.map(|pair| Pair::Rsa(Box::new(pair))).map_err(|_| KeyError::Unsupported))
    }

    fn ec(&self) -> Made {
        let Some(curve) = Curve::ALL.into_iter().find(|curve| curve.name() == self.crv) else {
            return Some(Err(KeyError::Unsupported));
        };
        let padded = |part: &Option<Part>| part.as_ref()?.padded(curve.width());
        let private = padded(&self.d)?;
        let point = [&[4][..], &padded(&self.x)?, &padded(&self.y)?].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), &private, &point);
        Some(pair.map(|pair| Pair::Ec(curve, pair)).map_err(|_| KeyError::NotAKey))
    }

    fn okp(&self) -> Made {
        if self.crv != "Ed25519" {
            return Some(Err(KeyError::Unsupported));
        }
        let pair = Ed25519KeyPair::from_seed_and_public_key(&self.d.as_ref()?.0, &self.x.as_ref()?.0);
        Some(pair.map(Pair::Ed25519).map_err(|_| KeyError::NotAKey))
    }
}
