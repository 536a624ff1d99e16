//! Reads a token endpoint's answer (RFC 6749 §5): tokens, or what the failure says of the refresh token.
//!
//! Servers deviate from the standard in harmless ways, and their answers are read all the same. The head may have another content
//! type or another status 2xx; an error may have status 200. The body may begin with a byte order mark, be a form in place of JSON,
//! write numbers as text, and null for an absent field.
//!
//! Invariant: a token is taken only if it is the one text of its name, and can be sent as it is. No message shows a value.

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::num::NonZeroU64;

use crate::clock;
use crate::error::{Cause, Told};
use crate::grant::oauth::lifetime;
use crate::grant::oauth::refusal::Refusal;
use crate::grant::{Answer, GrantError};
use crate::secret::Secret;
use crate::token::{Expiry, Malformed, Tokens};

/// An answer without tokens.
pub(super) struct Failed {
    pub(super) error: GrantError,
    /// None if the server claims success.
    pub(super) refusal: Option<Refusal>,
}

pub(super) fn read(answer: &Answer) -> Result<Tokens, Failed> {
    let text = json(answer);
    let fields: Option<Fields> = serde_json::from_str(text.expose()).ok();
    let is_success = (200..300).contains(&answer.status);
    let mut problem = Problem::NoObject;
    let mut successor = None;
    if let Some(fields) = fields.filter(|_| is_success) {
        let refresh = fields.token(&REFRESH, is_refresh);
        match fields.token(&ACCESS, is_access) {
            // A refresh token that cannot be used costs no access token. The one held is kept.
            Ok(access) => {
                let tokens = fields.into_tokens(access, refresh.ok());
                return tokens.map_err(|_| malformed(answer, None, Problem::Unusable));
            }
            Err(found) => problem = found,
        }
        successor = refresh.ok();
    }
    let value: Option<Value> = serde_json::from_str(text.expose()).ok();
    let refusal = Refusal::of(answer, value.as_ref());
    let says_error = refusal.code.is_some() || value.as_ref().is_some_and(says_error);
    if is_success && !says_error {
        return Err(malformed(answer, successor, problem));
    }
    let cause = Some(refusal.cause());
    let error = if refusal.is_of_the_token() {
        GrantError::Terminal { cause }
    } else if refusal.may_pass() || refusal.is_of_the_client() || refusal.is_of_the_proof() {
        GrantError::Unspent { retry_after: answer.retry_after, cause }
    } else {
        GrantError::Unknown { cause }
    };
    Err(Failed { error, refusal: Some(refusal) })
}

/// True if the access token is bound to the key of the question's proof (RFC 9449 §5).
pub(super) fn says_dpop(answer: &Answer) -> bool {
    let body: Option<Value> = serde_json::from_str(json(answer).expose()).ok();
    let kind = body.as_ref().and_then(|body| body.get("token_type").or(body.get("tokenType")));
    kind.and_then(Value::as_str).is_some_and(|kind| kind.trim().eq_ignore_ascii_case("dpop"))
}

fn malformed(answer: &Answer, refresh: Option<Secret>, problem: Problem) -> Failed {
    let told = Told { status: Some(answer.status), ..Told::default() };
    let cause = Some(Cause::of_grant(format!("HTTP {}: {problem}", answer.status), told));
    Failed { error: GrantError::Malformed { refresh, cause }, refusal: None }
}

fn says_error(body: &Value) -> bool {
    body["error"].as_str().is_some_and(|error| !error.trim().is_empty())
}

const ACCESS: [&str; 2] = ["access_token", "accessToken"];
const REFRESH: [&str; 2] = ["refresh_token", "refreshToken"];

/// The fields that become part of [`Tokens`], or would be taken for such.
const TAKEN: [&str; 6] =
    ["access_token", "accessToken", "refresh_token", "refreshToken", "__proto__", "expiresAt"];

/// A deeper value would break programs that copy or print tokens.
const DEEPEST: usize = 32;

/// Why an answer has no usable token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("the answer is no JSON object")]
    NoObject,
    #[error("the answer has no access_token")]
    Absent,
    #[error("access_token is no text")]
    NoText,
    #[error("access_token has characters that a token cannot have, or more than 16384 of them")]
    Unusable,
    /// Two readers could take different ones.
    #[error("the answer has two access_token that differ")]
    Twice,
}

/// The members of an answer's object. Values stay the text that they are.
struct Fields<'a> {
    members: IndexMap<String, &'a RawValue>,
    /// Names of tokens that came twice, with values that differ.
    twice: Vec<String>,
}

impl<'a, 'de: 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields { members: IndexMap::new(), twice: Vec::new() };
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    let before = fields.members.insert(name.clone(), value);
                    if before.is_some_and(|before| before.get() != value.get()) {
                        fields.twice.push(name);
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Fields<'_> {
    /// The first of `names` that is a token.
    fn token(&self, names: &[&str], is_token: fn(&str) -> Option<Secret>) -> Result<Secret, Problem> {
        let mut problem = Problem::Absent;
        for name in names {
            let Some(raw) = self.members.get(*name) else { continue };
            let found = match serde_json::from_str::<Value>(raw.get()) {
                Ok(Value::Null) => continue,
                // Servers write it for "none".
                Ok(Value::String(text)) if text.trim().is_empty() => continue,
                _ if self.twice.iter().any(|twice| twice == name) => Err(Problem::Twice),
                Ok(Value::String(text)) => {
                    let token = is_token(text.trim());
                    drop(Secret::new(text));
                    token.ok_or(Problem::Unusable)
                }
                _ => Err(Problem::NoText),
            };
            match found {
                Ok(token) => return Ok(token),
                Err(found) if problem == Problem::Absent => problem = found,
                Err(_) => {}
            }
        }
        Err(problem)
    }

    fn into_tokens(self, access: Secret, refresh: Option<Secret>) -> Result<Tokens, Malformed> {
        let value = |name: &str| serde_json::from_str::<Value>(self.members.get(name)?.get()).ok();
        let expiry = lifetime::expiry(value).or_else(|| Expiry::of_jwt(&access, true));
        let now = clock::wall_ms();
        let expires_at = expiry.and_then(|expiry| expiry.on_arrival(true, now));
        let wanted = lifetime::wanted(value).and_then(|wanted| wanted.on_arrival(true, now));
        let refresh_at = wanted.and_then(NonZeroU64::new);
        let (shown, lifetimes) = lifetime::END_OF_REFRESH;
        let lifetime = lifetimes.iter().find_map(|name| lifetime::seconds(&value(name)?));
        let ends = lifetime.and_then(|lifetime| u64::try_from(lifetime.as_millis()).ok());
        let ends = ends.map(|lifetime| now.saturating_add(lifetime).to_string());
        let mut extra = IndexMap::new();
        for (name, raw) in &self.members {
            let is_kept =
                !TAKEN.contains(&name.as_str()) && !lifetime::is_read(name) && depth(raw.get()) <= DEEPEST;
            if is_kept {
                extra.insert(if name == "token_type" { "tokenType" } else { name }, raw.get());
            }
        }
        if let Some(ends) = &ends {
            extra.insert(shown, ends);
        }
        let tokens = Tokens::new(access, refresh, expires_at, object(&extra))?;
        Ok(tokens.due_at(refresh_at))
    }
}

/// The text of a JSON object; None if it has no members.
fn object(members: &IndexMap<&str, &str>) -> Option<Secret> {
    let member = |(name, text): (&&str, &&str)| format!("{}:{text}", Value::from(*name));
    let members: Vec<_> = members.iter().map(member).collect();
    (!members.is_empty()).then(|| Secret::new(format!("{{{}}}", members.join(","))))
}

/// How deep arrays and objects of a JSON text are nested.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The header names the scheme, so that a server that writes the scheme into the token would have it twice.
fn is_access(text: &str) -> Option<Secret> {
    let bare = match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => text[7..].trim_start(),
        _ => text,
    };
    let token = Secret::new(bare.to_owned());
    let is_usable = Tokens::new(token.clone(), None, None, None).is_ok();
    is_usable.then_some(token)
}

fn is_refresh(text: &str) -> Option<Secret> {
    let token = Secret::new(text.to_owned());
    Tokens::new(Secret::new(String::new()), Some(token), None, None).ok()?.refresh
}

/// The answer's text without a byte order mark. A form, as GitHub's where it is not asked for JSON, becomes JSON.
fn json(answer: &Answer) -> Secret {
    let text = answer.body.expose().trim_start_matches('\u{feff}').trim();
    let says_form = answer.content_type.as_deref().is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    let is_form = says_form || FORMS.iter().any(|start| text.starts_with(start));
    if text.starts_with('{') || !is_form {
        return Secret::new(text.to_owned());
    }
    let members: IndexMap<String, Value> = url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Secret::new(serde_json::to_string(&members).unwrap_or_default())
}

const FORMS: [&str; 2] = ["access_token=", "error="];

#[cfg(test)]
mod tests;
