//! Errors as they cross: `[code, message, retryable, detail, retryAfter, thrown, told]`. `lib/crossing/native-errors.js` reads them.
//!
//! Only plain data crosses; the classes, and the values that user code threw, live in JavaScript.

use napi::Result;

use super::napi_value::{Js, Scope};
use engine::error::{Cause, Error, RedirectKind, Told};

pub(crate) fn raw(scope: Scope, error: &Error, queue: u64) -> Result<Js> {
    let detail = match error {
        Error::SessionLost { reason, .. } => Some(reason.as_str()),
        Error::Timeout { phase, .. } => Some(phase.as_str()),
        Error::Network { fault, .. } => fault.code(),
        Error::InvalidOption { option, .. } => Some(*option),
        Error::Redirect { kind: RedirectKind::TooMany { .. }, .. } => Some("too_many"),
        _ => None,
    };
    let retry_after = match error {
        Error::Refresh(failure) => failure.retry_after,
        _ => None,
    };
    scope.array(&[
        scope.text(error.code())?,
        scope.text(&error.to_string())?,
        scope.flag(error.retryable())?,
        detail.map_or_else(|| scope.null(), |detail| scope.text(detail))?,
        retry_after.map_or_else(|| scope.null(), |wait| scope.number(wait.as_secs_f64() * 1000.0))?,
        scope.number(kept(error, queue).map_or(0.0, f64::from))?,
        cause(error).and_then(Cause::told).map_or_else(|| scope.null(), |told| self::told(scope, told))?,
    ])
}

/// `[oauthError, status, code]`: what a grant in Rust tells of its failure. Null for what is absent.
fn told(scope: Scope, Told { oauth_error, status, code }: Told) -> Result<Js> {
    let text = |text: Option<&str>| text.map_or_else(|| scope.null(), |text| scope.text(text));
    let status = status.map_or_else(|| scope.null(), |status| scope.number(f64::from(status)));
    scope.array(&[text(oauth_error)?, status?, text(code)?])
}

/// The number under which this environment keeps the thrown value that caused the error; none if another one keeps it.
fn kept(error: &Error, queue: u64) -> Option<u32> {
    cause(error).filter(|cause| cause.environment == queue).map(|cause| cause.number)
}

fn cause(error: &Error) -> Option<&Cause> {
    match error {
        Error::Refresh(failure) => failure.cause.as_ref(),
        Error::SessionLost { cause, .. }
        | Error::Store { cause, .. }
        | Error::StoreCorrupt { cause, .. }
        | Error::Body { cause }
        | Error::Transport { cause, .. }
        | Error::Format { cause } => cause.as_ref(),
        _ => None,
    }
}

/// An error that a constructor throws. napi makes the JavaScript error's `code` of the status, so that is ours.
pub(crate) fn thrown_now(error: Error) -> napi::Error<String> {
    napi::Error::new(error.code().to_owned(), error.to_string())
}
