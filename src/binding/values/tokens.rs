//! Tokens as they cross: [`NativeTokens`] in, a flat array out. `lib/tokens.js` reads the shapes that users write.

use std::num::NonZeroU64;
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
    /// When the server wants them to be rotated: epoch ms, or ms from now on.
    pub refresh_at: Option<f64>,
    pub refresh_in: Option<f64>,
    /// They come from a refresh.
    pub is_new: bool,
    /// The other fields, as JSON.
    pub extra: Option<String>,
}

impl TryFrom<NativeTokens> for Tokens {
    type Error = Error;

    fn try_from(native: NativeTokens) -> std::result::Result<Self, Error> {
        let expiry = moment(native.expires_at, native.lifetime);
        let wanted = moment(native.refresh_at, native.refresh_in);
        let access = Secret::new(native.access_token);
        let expiry = expiry.or_else(|| Expiry::of_jwt(&access, native.is_new));
        let on_arrival = |expiry: Expiry| expiry.on_arrival(native.is_new, clock::wall_ms());
        let expires_at = expiry.and_then(on_arrival);
        let refresh_at = wanted.and_then(on_arrival).and_then(NonZeroU64::new);
        let refresh = native.refresh_token.map(Secret::new);
        let tokens = Tokens::new(access, refresh, expires_at, native.extra.map(Secret::new));
        tokens
            .map(|tokens| tokens.due_at(refresh_at))
            .map_err(|malformed| Error::invalid_option("tokens", format!("cannot be used: {malformed}")))
    }
}

/// Epoch ms, or ms from now on.
fn moment(at: Option<f64>, lifetime: Option<f64>) -> Option<Expiry> {
    match (at, lifetime) {
        (Some(at), _) => Some(Expiry::At(at as u64)),
        (None, Some(lifetime)) => Duration::try_from_secs_f64(lifetime / 1000.0).ok().map(Expiry::In),
        (None, None) => None,
    }
}

/// `[accessToken, refreshToken | null, expiresAt | null, extra | null, refreshAt | null]`
pub(crate) fn write(scope: Scope, tokens: &Tokens) -> Result<Js> {
    let secret =
        |secret: Option<&Secret>| secret.map_or_else(|| scope.null(), |secret| scope.text(secret.expose()));
    let moment = |at: Option<u64>| at.map_or_else(|| scope.null(), |at| scope.number(at as f64));
    scope.array(&[
        scope.text(tokens.access.expose())?,
        secret(tokens.refresh.as_ref())?,
        moment(tokens.expires_at())?,
        secret(tokens.extra())?,
        moment(tokens.refresh_at().map(NonZeroU64::get))?,
    ])
}
