//! Tokens that another process got, with an end by this machine's wall clock (§14).

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::fleet::State as Known;
use crate::session::held::Versioned;
use crate::token::Tokens;

/// The tokens of a state that another process has stored.
pub(super) fn arriving(known: &Known, tokens: &Arc<Tokens>) -> Versioned {
    // No older than the last read that showed the tokens before them, whatever the wall clocks say (§14). Else two machines
    // whose clocks are ahead would take each other's tokens for expired, and rotate in turn for ever.
    let at_most =
        known.seen_before.map_or(Duration::MAX, |before| clock::uptime().saturating_duration_since(before));
    let tokens = match known.lifetime.and_then(|lifetime| aged(tokens, lifetime, at_most, clock::wall_ms())) {
        Some(aged) => Arc::new(aged),
        None => Arc::clone(tokens),
    };
    Versioned { tokens, version: known.mark.commit.0.to_be_bytes().into() }
}

/// The tokens with an end by this machine's wall clock. None: theirs is right.
fn aged(tokens: &Tokens, lifetime: Duration, at_most: Duration, wall: u64) -> Option<Tokens> {
    let expires_at = tokens.expires_at()?;
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let age = wall.saturating_sub(expires_at.saturating_sub(ms(lifetime))).min(ms(at_most));
    let ends = wall.saturating_add(ms(lifetime).saturating_sub(age));
    let refresh_at = tokens
        .refresh_at()
        .map(|at| at.get().saturating_add(ends).saturating_sub(expires_at))
        .and_then(NonZeroU64::new);
    (ends != expires_at).then(|| tokens.clone().expiring_at(Some(ends)).due_at(refresh_at))
}

#[cfg(test)]
mod tests;
