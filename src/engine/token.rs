//! A set of tokens, as a grant brings it and a store keeps it.
//!
//! Invariant: [`Tokens`] can be stored and sent as they are, because [`Tokens::new`] checks them.

mod jwt;

use std::num::NonZeroU64;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::dpop::{Bound, Key};
use crate::secret::Secret;

/// JWTs with group claims reach 8 KiB; servers limit headers to little more than this.
pub const MAX_TOKEN_BYTES: usize = 16_384;

/// A longer lifetime is a mistake in the answer's unit rather than a promise: it is cut to a year.
pub const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// Empty: there is only a refresh token, so that these tokens count as expired.
    pub access: Secret,
    pub refresh: Option<Secret>,
    expires_at: Option<NonZeroU64>,
    /// In a block of its own, because a hundred thousand sessions hold tokens that have none of it. Never empty.
    beside: Option<Box<Beside>>,
}

/// The parts that few tokens have.
#[derive(Clone, Debug, Default, PartialEq)]
struct Beside {
    refresh_at: Option<NonZeroU64>,
    extra: Option<Secret>,
    bound: Option<Box<Bound>>,
}

/// The end of an access token, as an answer tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Epoch ms.
    At(u64),
    /// From the arrival on.
    In(Duration),
}

impl Expiry {
    /// That of a JWT, for tokens that came without a lifetime.
    pub fn of_jwt(access: &Secret, is_new: bool) -> Option<Self> {
        jwt::expiry(access, is_new)
    }

    /// Epoch ms for tokens that arrive at `wall`. None: unknown. A new token that seems to have expired means that two clocks
    /// differ. If that were believed, every request would refresh.
    pub fn on_arrival(self, is_new: bool, wall: u64) -> Option<u64> {
        let latest = wall.saturating_add(ms(MAX_LIFETIME));
        let at = match self {
            Self::At(at) => at,
            Self::In(lifetime) => wall.saturating_add(ms(lifetime)),
        };
        Some(at.min(latest)).filter(|at| !is_new || *at > wall)
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The reason why a value is not a set of tokens. It does not show the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    #[error(
        "the access token must be 1 to {MAX_TOKEN_BYTES} visible ASCII characters (RFC 6749 A.12, no space)"
    )]
    Access,
    #[error("the refresh token must be 1 to {MAX_TOKEN_BYTES} printable ASCII characters (RFC 6749 A.17)")]
    Refresh,
}

impl Tokens {
    pub fn new(
        access: Secret,
        refresh: Option<Secret>,
        expires_at: Option<u64>,
        extra: Option<Secret>,
    ) -> Result<Self, Malformed> {
        let is_alone = access.expose().is_empty() && refresh.is_some();
        if !is_alone && !fits(&access, b'!') {
            return Err(Malformed::Access);
        }
        if refresh.as_ref().is_some_and(|token| !fits(token, b' ')) {
            return Err(Malformed::Refresh);
        }
        let tokens = Self { access, refresh, expires_at: None, beside: None };
        Ok(tokens.expiring_at(expires_at).with(|beside| beside.extra = extra))
    }

    /// Epoch ms. None: unknown, so that only a rejection tells that the token has expired.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at.map(NonZeroU64::get)
    }

    /// Epoch ms: from then on the server wants the tokens to be rotated (`refresh_in`), long before they expire.
    pub fn refresh_at(&self) -> Option<NonZeroU64> {
        self.beside.as_ref()?.refresh_at
    }

    /// The user's other fields as the text of a JSON object. They are kept and given back, and not interpreted.
    pub fn extra(&self) -> Option<&Secret> {
        self.beside.as_ref()?.extra.as_ref()
    }

    /// None: they are Bearer tokens (RFC 6750). The key never crosses to JavaScript.
    pub fn bound(&self) -> Option<&Bound> {
        self.beside.as_ref()?.bound.as_deref()
    }

    #[must_use]
    pub fn expiring_at(self, expires_at: Option<u64>) -> Self {
        // Zero has passed as well as one.
        Self { expires_at: expires_at.map(|at| NonZeroU64::new(at).unwrap_or(NonZeroU64::MIN)), ..self }
    }

    #[must_use]
    pub fn due_at(self, refresh_at: Option<NonZeroU64>) -> Self {
        self.with(|beside| beside.refresh_at = refresh_at)
    }

    fn with(mut self, change: impl FnOnce(&mut Beside)) -> Self {
        let mut beside = self.beside.take().map_or_else(Beside::default, |beside| *beside);
        change(&mut beside);
        self.beside = (beside != Beside::default()).then(|| Box::new(beside));
        self
    }

    /// These tokens, which were obtained with a proof of `key`. `access`: the access token is bound too.
    #[must_use]
    pub fn bound_to(self, key: Key, access: bool) -> Self {
        self.with(|beside| beside.bound = Some(Box::new(Bound { key, access })))
    }

    /// The key that has to sign each request with the access token (RFC 9449).
    pub fn proof_key(&self) -> Option<&Key> {
        self.bound().filter(|bound| bound.access).map(|bound| &bound.key)
    }

    /// Makes these tokens the successor of `held`. An answer without a refresh token keeps the one held (RFC 6749 §6), and
    /// extra fields that are not in the answer stay.
    #[must_use]
    pub fn succeeding(mut self, held: Option<&Tokens>) -> Self {
        if let Some(held) = held {
            self.refresh = self.refresh.or_else(|| held.refresh.clone());
            return self.with(|beside| beside.extra = merged(held.extra(), beside.extra.take()));
        }
        self
    }

    /// These tokens with another refresh token: a refresh brought no access token beside it.
    #[must_use]
    pub fn with_refresh(&self, refresh: Secret) -> Self {
        Self { refresh: Some(refresh), ..self.clone() }
    }

    /// A refresh token alone.
    pub fn without_access(refresh: Secret) -> Self {
        let access = Secret::new(String::new());
        Self { access, refresh: Some(refresh), expires_at: None, beside: None }
    }

    /// These tokens, which the program brings. It never sees the key of tokens, so that those which it has from here and gives back
    /// would else lose their key.
    #[must_use]
    pub fn with_key_of(self, held: Option<&Tokens>) -> Self {
        match held.filter(|held| held.access == self.access).and_then(Self::bound) {
            Some(bound) if self.bound().is_none() => self.bound_to(bound.key.clone(), bound.access),
            _ => self,
        }
    }

    /// How long the access token lives from `wall` (epoch ms) on. None: unknown.
    pub fn lifetime(&self, wall: u64) -> Option<Duration> {
        if self.access.expose().is_empty() {
            return Some(Duration::ZERO);
        }
        self.expires_at().map(|at| Duration::from_millis(at.saturating_sub(wall)).min(MAX_LIFETIME))
    }
}

fn fits(token: &Secret, lowest: u8) -> bool {
    let bytes = token.expose().as_bytes();
    (1..=MAX_TOKEN_BYTES).contains(&bytes.len()) && bytes.iter().all(|byte| (lowest..=b'~').contains(byte))
}

/// Values stay the text that they are: parsed, one that is deeply nested or has half a surrogate pair would be an error.
type Fields<'a> = IndexMap<String, &'a RawValue>;

fn merged(held: Option<&Secret>, new: Option<Secret>) -> Option<Secret> {
    let Some(new) = new else { return held.cloned() };
    let Some(mut fields) = held.and_then(fields_of) else { return Some(new) };
    let Some(newer) = fields_of(&new) else { return Some(new) };
    fields.extend(newer);
    serde_json::to_string(&fields).ok().map(Secret::new)
}

fn fields_of(extra: &Secret) -> Option<Fields<'_>> {
    serde_json::from_str(extra.expose()).ok()
}

#[cfg(test)]
pub(crate) mod tests;
