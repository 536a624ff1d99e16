//! Reads from an answer why the token that was sent was rejected.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use futures_util::future::BoxFuture;
use serde::de::IgnoredAny;
use url::Url;

use crate::error::Error;
use crate::http::challenge::{Challenge, challenges, lines};
use crate::http::{PhaseCell, Response, Statuses};
use crate::secret::Secret;

/// Why a server rejected a request with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// The token is not valid, or not any more: a rotation helps.
    Token,
    /// The token is valid and does not reach this far: a rotation would bring another one like it.
    Scope,
    /// The proof is refused, and not the token: a rotation would change nothing.
    Proof,
    /// The proof is refused, and the server has given the nonce that the next one needs (RFC 9449 §9).
    Nonce,
    /// The token is valid, and the server wants to see these claims in the next one: a JSON object.
    Claims(Secret),
}

/// The user's opinion of what an expired token looks like. Asked only about failures, network errors and judged statuses.
pub trait Judge: Send + Sync {
    /// `None` if there is no opinion, because the user's code threw.
    fn is_expired<'a>(
        &'a self,
        session: &'a str,
        answer: &'a Result<Box<Response>, Error>,
        url: &'a Url,
    ) -> BoxFuture<'a, Option<bool>>;
}

/// How `answer` rejects the token, if it does: as the judge says, or else by status 401.
pub(super) async fn rejection(
    judge: Option<&dyn Judge>,
    session: &str,
    answer: &Result<Box<Response>, Error>,
    url: &Url,
    judged: Statuses,
    phase: &PhaseCell,
) -> Option<Rejection> {
    // Another origin never saw the token.
    if phase.is_away() {
        return None;
    }
    match answer.as_deref() {
        Ok(&Response { status, .. }) if (200..400).contains(&status) && !judged.contains(status) => {
            return None;
        }
        Ok(_) | Err(Error::Network { .. } | Error::Transport { .. }) => {}
        Err(_) => return None,
    }
    let opinion = match judge {
        Some(judge) => judge.is_expired(session, answer, url).await,
        None => None,
    };
    match (opinion, answer) {
        (Some(expired), _) => expired.then_some(Rejection::Token),
        (None, Ok(response)) if response.status == 401 => Some(reason(lines(&response.headers))),
        (None, _) => None,
    }
}

/// True if `answer` refuses the proof beside the token.
pub(super) fn refuses_proof(answer: &Response, phase: &PhaseCell) -> bool {
    answer.status == 401 && !phase.is_away() && reason(lines(&answer.headers)) == Rejection::Proof
}

/// The reason that a 401 gives for itself (RFC 6750 §3.1, RFC 9449 §9). Without one the token is taken for expired.
pub(super) fn reason(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Rejection {
    let challenges = challenges(lines);
    let find = |error| challenges.iter().find(|challenge| challenge.param("error") == Some(error));
    if find("invalid_token").is_some() {
        return Rejection::Token;
    }
    if find("use_dpop_nonce").is_some() || find("invalid_dpop_proof").is_some() {
        return Rejection::Proof;
    }
    if let Some(claims) = find("insufficient_claims").and_then(claims) {
        return Rejection::Claims(claims);
    }
    if find("insufficient_scope").is_some() { Rejection::Scope } else { Rejection::Token }
}

/// Longer claims would not fit into the form of some token endpoints.
const MAX_CLAIMS: usize = 16_384;

/// Both alphabets, with and without padding, because servers send each of them.
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The claims of a challenge, as Microsoft sends them (`insufficient_claims`): JSON, mostly in base64. None: they are not usable,
/// so that only the usual rotation is left.
fn claims(challenge: &Challenge) -> Option<Secret> {
    let value = challenge.param("claims")?.trim();
    let json = if value.starts_with('{') {
        value.to_owned()
    } else {
        let bytes = STANDARD.decode(value).or_else(|_| URL_SAFE.decode(value)).ok()?;
        String::from_utf8(bytes).ok()?.trim().to_owned()
    };
    let is_object = json.starts_with('{') && serde_json::from_str::<IgnoredAny>(&json).is_ok();
    (is_object && json.len() <= MAX_CLAIMS).then(|| Secret::new(json))
}

#[cfg(test)]
mod tests;
