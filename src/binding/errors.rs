//! Errors as `lib/errors.js` takes them: `[code, message, retryable, detail, retryAfter, thrown]`.
//!
//! Only plain data crosses; the classes, and the user's own thrown values, live in JavaScript.

use napi::Result;

use super::napi_value::{Js, Scope};
use engine::error::{Cause, Error};

pub(super) fn raw(scope: Scope, error: &Error, queue: u64) -> Result<Js> {
    let detail = match error {
        Error::SessionLost { reason, .. } => Some(reason.as_str()),
        Error::Timeout { phase, .. } => Some(phase.as_str()),
        Error::Network { code, .. } => *code,
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
        scope.number(thrown(error, queue).map_or(0.0, f64::from))?,
    ])
}

/// The number of the value that caused it, if this environment is the one that holds it.
fn thrown(error: &Error, queue: u64) -> Option<u32> {
    let cause = match error {
        Error::Refresh(failure) => &failure.cause,
        Error::SessionLost { cause, .. }
        | Error::Store { cause, .. }
        | Error::StoreCorrupt { cause }
        | Error::Body { cause }
        | Error::Format { cause } => cause,
        _ => &None,
    };
    let Cause(thrown) = cause.as_ref()?;
    let (holder, number) = thrown.place();
    (holder == queue).then_some(number)
}

/// An error thrown at once, from a constructor: its code is the status that napi makes the error's `code` of.
pub(super) fn thrown_now(error: &Error) -> napi::Error<String> {
    napi::Error::new(error.code().to_owned(), error.to_string())
}
