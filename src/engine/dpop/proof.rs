//! One proof: a JWT about one request (RFC 9449 §4.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use http::header::HeaderValue;
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::{Position, Url};

use crate::clock;
use crate::dpop::Key;
use crate::jose::{KeyError, sign};
use crate::secret::Secret;

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl Key {
    /// The header `DPoP` of one sending. Its `jti` is new each time, because servers refuse one that they have seen.
    ///
    /// `nonce`: the newest of that server. `access`: the token beside it, of a request to an API.
    pub fn proof(
        &self,
        method: &Method,
        url: &Url,
        nonce: Option<&str>,
        access: Option<&Secret>,
    ) -> Result<HeaderValue, KeyError> {
        let signing = self.signing()?;
        let jti: [u8; 16] = rand::random();
        let claims = Claims {
            jti: URL_SAFE_NO_PAD.encode(jti),
            htm: method.as_str(),
            // Without query and fragment.
            htu: &url[..Position::AfterPath],
            iat: clock::wall_ms() / 1000,
            ath: access.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose()))),
            nonce,
        };
        let proof = sign(&signing.key, signing.algorithm, signing.header.clone(), &claims)?;
        let mut header = HeaderValue::try_from(proof.expose()).map_err(|_| KeyError::Failed)?;
        // A redirect to another origin would else carry it there.
        header.set_sensitive(true);
        Ok(header)
    }
}

#[cfg(test)]
mod tests;
