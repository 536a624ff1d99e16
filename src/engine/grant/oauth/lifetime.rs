//! The times in a token endpoint's answer. The rules are those of `lib/tokens/expiry.js`, which reads the same fields of what
//! a `refresh` function returns.
//!
//! A field that is no time counts as absent. An expiry read too early would cost a refresh for each request, and one read too late
//! would keep a token in use after its end.

use std::time::Duration;

use serde_json::Value;

use crate::token::Expiry;

/// Of new tokens the lifetime counts first, because a moment is only right if two clocks agree.
const LIFETIMES: [&str; 2] = ["expires_in", "expiresIn"];
const MOMENTS: [&str; 5] = ["expiresAt", "expires_at", "expiresOn", "expires_on", "expiry_date"];

/// When the server wants the tokens to be rotated, in seconds from now (Microsoft).
const WANTED: [&str; 2] = ["refresh_in", "refreshIn"];

/// The end of the refresh token as a moment in epoch ms, which is shown beside the tokens, and the lifetimes that it is made of
/// (Google, GitHub; Keycloak; Intuit).
pub(super) const END_OF_REFRESH: (&str, [&str; 3]) =
    ("refreshExpiresAt", ["refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"]);

/// A lifetime in seconds, if it is one.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(number(value)?).ok()
}

/// When the server wants the tokens to be rotated.
pub(super) fn wanted(value: impl Fn(&str) -> Option<Value>) -> Option<Expiry> {
    WANTED.iter().find_map(|name| seconds(&value(name)?)).map(Expiry::In)
}

/// True if the field tells the end of the access token, or when it is to be rotated.
pub(super) fn is_read(name: &str) -> bool {
    LIFETIMES.contains(&name) || MOMENTS.contains(&name) || WANTED.contains(&name)
}

/// The end of the access token, as the answer tells it.
pub(super) fn expiry(value: impl Fn(&str) -> Option<Value>) -> Option<Expiry> {
    let number = |name: &&str| number(&value(name)?);
    let lifetime = LIFETIMES.iter().filter_map(number).find_map(lifetime);
    lifetime.or_else(|| MOMENTS.iter().filter_map(number).find_map(moment))
}

/// Servers write numbers as text too.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // They write 0 and -1 for "unknown".
    number.filter(|number| *number > 0.0 && *number <= LAST_DATE_MS)
}

/// Seconds, as RFC 6749 has it; or milliseconds, or a moment, where the number is plainly that.
fn lifetime(number: f64) -> Option<Expiry> {
    if is_milliseconds(number) {
        return Some(Expiry::In(Duration::try_from_secs_f64(number / 1000.0).ok()?));
    }
    if [number, number / 1000.0].iter().any(|seconds| EPOCHS.contains(seconds)) {
        return moment(number);
    }
    Some(Expiry::In(Duration::try_from_secs_f64(number).ok()?))
}

/// Milliseconds or seconds since 1970; a small number is a lifetime in the wrong field.
fn moment(number: f64) -> Option<Expiry> {
    let ms = match number {
        number if number >= MILLISECONDS_FROM => number,
        number if number >= SECONDS_FROM => number * 1000.0,
        number if number >= SHORTEST_LIFETIME => return lifetime(number),
        _ => return None,
    };
    Some(Expiry::At(u64::try_from(Duration::try_from_secs_f64(ms / 1000.0).ok()?.as_millis()).ok()?))
}

/// 3 600 000 is one hour in milliseconds, or 41.7 days in seconds. Lifetimes are round: a number of more than a day is
/// milliseconds if it makes whole hours of them, or whole minutes of them and no whole days in seconds. Servers that round
/// down say 3599 for an hour.
fn is_milliseconds(number: f64) -> bool {
    let is_whole = |of: f64| number % of == 0.0;
    let rounded_down = (number % 60_000.0 - 59_000.0).abs() < 0.5;
    number > DAY && (is_whole(3_600_000.0) || rounded_down || is_whole(60_000.0) && !is_whole(DAY))
}

const DAY: f64 = 86_400.0;

/// The last moment of a JavaScript Date. A greater number is no time.
const LAST_DATE_MS: f64 = 8.64e15;

/// Numbers from the first on are after September 2001 as seconds; those from the second on are after 1973 as milliseconds.
const SECONDS_FROM: f64 = 1e9;
const MILLISECONDS_FROM: f64 = 1e11;

/// 2017 to 2096. As a lifetime such a number would be half a century.
const EPOCHS: std::ops::Range<f64> = 1.5e9..4e9;

/// A smaller `expires_at` means "expired".
const SHORTEST_LIFETIME: f64 = 60.0;

#[cfg(test)]
mod tests;
