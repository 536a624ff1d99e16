//! Tokens as they cross: [`NativeTokens`] in, a flat array out. `lib/tokens.js` reads the shapes that users write.

use std::time::Duration;

use napi::Result;
use napi_derive::napi;

use super::napi_value::{Js, Scope};
use engine::clock;
use engine::error::Error;
use engine::secret::Secret;
use engine::token::{Expiry, Tokens};

/// Tokens that `lib/tokens.js` has read. Absent fields are undefined, never null.
#[napi(object, object_to_js = false)]
pub struct NativeTokens {
    /// Empty if there is only a refresh token.
    pub access_token: String,
    pub refresh_token: Option<String>,
    /// Epoch ms.
    pub expires_at: Option<f64>,
    /// Ms from now on; without `expires_at`.
    pub lifetime: Option<f64>,
    /// They come from a refresh.
    pub is_new: bool,
    /// The other fields, as JSON.
    pub extra: Option<String>,
}

impl TryFrom<NativeTokens> for Tokens {
    type Error = Error;

    fn try_from(native: NativeTokens) -> std::result::Result<Self, Error> {
        let expiry = match (native.expires_at, native.lifetime) {
            (Some(at), _) => Some(Expiry::At(at as u64)),
            (None, Some(lifetime)) => Duration::try_from_secs_f64(lifetime / 1000.0).ok().map(Expiry::In),
            (None, None) => None,
        };
        let access = Secret::new(native.access_token);
        let expiry = expiry.or_else(|| Expiry::of_jwt(&access, native.is_new));
        let expires_at = expiry.and_then(|expiry| expiry.on_arrival(native.is_new, clock::wall_ms()));
        Tokens::new(access, native.refresh_token.map(Secret::new), expires_at, native.extra.map(Secret::new))
            .map_err(|malformed| Error::invalid_option("tokens", format!("cannot be used: {malformed}")))
    }
}

/// `[accessToken, refreshToken | null, expiresAt | null, extra | null]`
pub(crate) fn write(scope: Scope, tokens: &Tokens) -> Result<Js> {
    let secret =
        |secret: Option<&Secret>| secret.map_or_else(|| scope.null(), |secret| scope.text(secret.expose()));
    let expires_at = tokens.expires_at.map_or_else(|| scope.null(), |at| scope.number(at as f64))?;
    scope.array(&[
        scope.text(tokens.access.expose())?,
        secret(tokens.refresh.as_ref())?,
        expires_at,
        secret(tokens.extra.as_ref())?,
    ])
}
