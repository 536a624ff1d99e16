//! The claims that a server wants to see in the next access token, as Microsoft's continuous access evaluation asks for them.

use std::time::Duration;

use crate::clock::Instant;
use crate::secret::Secret;
use crate::session::past::replaced::name;
use crate::session::{Inner, Stamp};

/// Endpoints may want different claims, of which a token can have one set. The same claims take the place of others so often within
/// this time: without a bound, each request of such endpoints would begin a rotation.
const MOST_TURNS: u32 = 2;
const WITHIN: Duration = Duration::from_secs(30);

/// More claims than this are forgotten, the oldest first.
const REMEMBERED: usize = 8;

/// The claims of the latest challenge.
pub(super) struct Claims {
    text: Secret,
    epoch: u64,
    /// The first generation that was asked for with them. None: no refresh with them was answered yet.
    since: Option<u64>,
    /// The refreshes that asked for claims, these or others of this login.
    turns: Vec<Turns>,
}

/// How often the same claims were asked for, and since when that is counted.
struct Turns {
    of: u64,
    since: Instant,
    count: u32,
}

/// These claims and others have taken turns.
pub(in crate::session) struct InTurns;

impl Inner {
    /// A server has rejected the tokens of `stamp` because of these claims. Returns the first generation that was asked for with
    /// them: to ask again for these would bring nothing new.
    pub(in crate::session) fn want_claims(
        &mut self,
        text: Secret,
        stamp: Stamp,
        now: Instant,
    ) -> Result<Option<u64>, InTurns> {
        let epoch = stamp.epoch;
        match &mut self.past().claims {
            Some(known) if known.epoch == epoch && known.text == text => {
                // A later refresh was asked for without them.
                if known.since.is_some_and(|since| stamp.generation > since) {
                    known.since = None;
                }
                Ok(known.since)
            }
            Some(known) if known.epoch == epoch => {
                if known.are_in_turns(&text, now) {
                    return Err(InTurns);
                }
                known.text = text;
                known.since = None;
                Ok(None)
            }
            claims => {
                *claims = Some(Box::new(Claims { text, epoch, since: None, turns: Vec::new() }));
                Ok(None)
            }
        }
    }

    /// The claims that the next refresh asks for.
    pub(in crate::session) fn wanted_claims(&self) -> Option<Secret> {
        let claims = self.past.as_ref()?.claims.as_ref()?;
        let wanted = claims.epoch == self.state.epoch() && claims.since.is_none();
        wanted.then(|| claims.text.clone())
    }

    /// A refresh of `epoch` that asked for these claims was answered.
    pub(in crate::session) fn claims_were_asked_for(&mut self, text: &Secret, epoch: u64, now: Instant) {
        let next = self.state.next_stamp();
        let Some(claims) = self.past.as_mut().and_then(|past| past.claims.as_mut()) else { return };
        if claims.epoch != epoch || next.epoch != epoch {
            return;
        }
        claims.count(text, now);
        if claims.text == *text {
            claims.since = Some(next.generation);
        }
    }
}

impl Claims {
    fn are_in_turns(&self, text: &Secret, now: Instant) -> bool {
        let of = name(text);
        self.turns.iter().any(|it| it.of == of && it.count >= MOST_TURNS && now - it.since < WITHIN)
    }

    /// A refresh has asked for these claims.
    fn count(&mut self, text: &Secret, now: Instant) {
        let of = name(text);
        let counted = self.turns.iter_mut().find(|it| it.of == of && now - it.since < WITHIN);
        if let Some(turns) = counted {
            turns.count += 1;
            return;
        }
        self.turns.retain(|it| it.of != of);
        self.turns.truncate(REMEMBERED - 1);
        self.turns.insert(0, Turns { of, since: now, count: 1 });
    }
}
