//! A target for fuzzing: why an API refuses a token.

use crate::client::judge::{Rejection, reason};
use crate::grant::oauth::fuzzing::claims;

/// Lines of `WWW-Authenticate`, and the claims in them, which go to the token endpoint.
pub(crate) fn rejection(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Rejection::Claims(wanted) = reason(text.lines()) {
        claims(&wanted);
    }
}
