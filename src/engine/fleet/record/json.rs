//! The parts of a record whose JSON is not their shape in Rust.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Id, Kept, millis};
use crate::dpop::Key;
use crate::secret::Secret;
use crate::token::Tokens;

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:032x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(|_| D::Error::custom("no id"))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    access: &'a str,
    refresh: Option<&'a str>,
    expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_at: Option<NonZeroU64>,
    /// The text of the user's fields, because a parsed value could lose digits and half surrogates.
    extra: Option<&'a str>,
    lifetime: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop: Option<WrittenKey<'a>>,
}

#[derive(Serialize)]
struct WrittenKey<'a> {
    key: &'a str,
    access: bool,
}

#[derive(Deserialize)]
struct Read {
    access: String,
    refresh: Option<String>,
    expires_at: Option<u64>,
    refresh_at: Option<NonZeroU64>,
    extra: Option<String>,
    lifetime: Option<u64>,
    dpop: Option<ReadKey>,
}

#[derive(Deserialize)]
struct ReadKey {
    key: String,
    access: bool,
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let tokens = &*self.tokens;
        Written {
            access: tokens.access.expose(),
            refresh: tokens.refresh.as_ref().map(Secret::expose),
            expires_at: tokens.expires_at(),
            refresh_at: tokens.refresh_at(),
            extra: tokens.extra().map(Secret::expose),
            lifetime: self.lifetime.map(millis),
            dpop: tokens
                .bound()
                .map(|bound| WrittenKey { key: bound.key.saved().expose(), access: bound.access }),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Read { access, refresh, expires_at, refresh_at, extra, lifetime, dpop } =
            Read::deserialize(from)?;
        let tokens =
            Tokens::new(Secret::new(access), refresh.map(Secret::new), expires_at, extra.map(Secret::new))
                .map_err(D::Error::custom)?;
        let tokens = tokens.due_at(refresh_at);
        let tokens = match dpop {
            Some(ReadKey { key, access }) => tokens.bound_to(Key::new(Secret::new(key)), access),
            None => tokens,
        };
        Ok(Self { tokens: Arc::new(tokens), lifetime: lifetime.map(Duration::from_millis) })
    }
}

/// A reason that a newer release has is told as a refusal.
pub(super) mod reason {
    use super::{Deserialize, Deserializer, Serializer};
    use crate::error::LostReason;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(in super::super) fn serialize<S: Serializer>(reason: &LostReason, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(reason.as_str())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<LostReason, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let known = [LostReason::NoRefreshToken, LostReason::RotationOutcomeUnknown];
        Ok(known.into_iter().find(|reason| reason.as_str() == text).unwrap_or(LostReason::Rejected))
    }
}
