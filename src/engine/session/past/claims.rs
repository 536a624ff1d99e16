//! The claims that a server wants to see in the next access token, as Microsoft's continuous access evaluation asks for them.

use crate::secret::Secret;
use crate::session::{Inner, Stamp};

/// The claims of the latest challenge.
pub(super) struct Claims {
    text: Secret,
    epoch: u64,
    /// The first generation that was asked for with them. None: no refresh with them was answered yet.
    since: Option<u64>,
}

impl Inner {
    /// A server has rejected the tokens of `stamp` because of these claims. Returns the first generation that was asked for with
    /// them: to ask again for these would bring nothing new.
    pub(in crate::session) fn want_claims(&mut self, text: Secret, stamp: Stamp) -> Option<u64> {
        let epoch = stamp.epoch;
        match &mut self.past().claims {
            Some(known) if known.epoch == epoch && known.text == text => {
                // A later refresh was asked for without them.
                if known.since.is_some_and(|since| stamp.generation > since) {
                    known.since = None;
                }
                known.since
            }
            claims => {
                *claims = Some(Box::new(Claims { text, epoch, since: None }));
                None
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
    pub(in crate::session) fn claims_were_asked_for(&mut self, text: &Secret, epoch: u64) {
        let next = self.state.next_stamp();
        let Some(claims) = self.past.as_mut().and_then(|past| past.claims.as_mut()) else { return };
        if claims.epoch == epoch && next.epoch == epoch && claims.text == *text {
            claims.since = Some(next.generation);
        }
    }
}
