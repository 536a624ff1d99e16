//! The compact serialization of a JSON Web Signature (RFC 7515 §3.1).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::jose::algorithm::Algorithm;
use crate::jose::key::PrivateKey;
use crate::jose::key_error::KeyError;
use crate::secret::Secret;

/// `alg` is added to `header`; all else in it is the caller's.
pub fn sign(
    key: &PrivateKey,
    algorithm: Algorithm,
    header: Map<String, Value>,
    claims: &impl Serialize,
) -> Result<Secret, KeyError> {
    key.fits(algorithm)?;
    let signed = signing_input(algorithm, header, claims)?;
    let signature = key.pair().sign(algorithm, signed.as_bytes()).map_err(|_| KeyError::Failed)?;
    Ok(joined(signed, &signature))
}

/// Signs with a secret that the server has too. `algorithm` is HS256, HS384 or HS512.
pub fn sign_hmac(
    secret: &Secret,
    algorithm: Algorithm,
    header: Map<String, Value>,
    claims: &impl Serialize,
) -> Result<Secret, KeyError> {
    let hash = match algorithm {
        Algorithm::HS256 => hmac::HMAC_SHA256,
        Algorithm::HS384 => hmac::HMAC_SHA384,
        Algorithm::HS512 => hmac::HMAC_SHA512,
        _ => {
            let fit = "HS256, HS384, HS512".to_owned();
            return Err(KeyError::Unfit { asked: algorithm.to_string(), fit });
        }
    };
    let signed = signing_input(algorithm, header, claims)?;
    let key = hmac::Key::new(hash, secret.expose().as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    Ok(joined(signed, tag.as_ref()))
}

fn signing_input(
    algorithm: Algorithm,
    mut header: Map<String, Value>,
    claims: &impl Serialize,
) -> Result<String, KeyError> {
    header.insert("alg".into(), algorithm.name().into());
    let header = serde_json::to_vec(&header).map_err(|_| KeyError::Claims)?;
    let claims = serde_json::to_vec(claims).map_err(|_| KeyError::Claims)?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)))
}

fn joined(mut signed: String, signature: &[u8]) -> Secret {
    signed.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut signed);
    Secret::new(signed)
}
