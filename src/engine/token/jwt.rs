//! The end of an access token that is a JWT, for answers that tell no lifetime. Nothing is verified: the end is a hint for
//! when to rotate, and a server decides whether the token is valid.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use std::time::Duration;

use crate::secret::Secret;
use crate::token::Expiry;

/// RFC 7519 §4.1.4, §4.1.6: seconds, with or without a fraction.
#[derive(Deserialize)]
struct Times {
    exp: f64,
    iat: Option<f64>,
}

/// The end by `exp`; of a new token its lifetime from `iat` on, because that needs no clock that agrees with the server's.
pub(super) fn expiry(access: &Secret, is_new: bool) -> Option<Expiry> {
    let mut parts = access.expose().split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    let Times { exp, iat } = serde_json::from_slice(&payload).ok()?;
    let seconds = |seconds| Duration::try_from_secs_f64(seconds).ok();
    match iat {
        Some(iat) if is_new => seconds(exp - iat).filter(|life| !life.is_zero()).map(Expiry::In),
        _ => Some(Expiry::At(u64::try_from(seconds(exp)?.as_millis()).ok()?)),
    }
}
