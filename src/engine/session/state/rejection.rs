//! What servers say of the token held, and whether a rotation would help.

use std::time::Duration;

use crate::clock::Instant;
use crate::error::Error;
use crate::session::held::{Held, Stamp};
use crate::session::schedule;
use crate::session::schedule::Policy;
use crate::session::state::{Sending, State, Status, cooling};

/// How long rejections that say nothing about the token start no refresh, from the first since a server accepted it.
/// Then one refresh is tried, because the token may have expired meanwhile.
pub const IGNORE_REJECTIONS_FOR: Duration = Duration::from_secs(30);

/// Tokens mostly live longer than this, so that an endpoint which refuses a younger one does not refuse it for its age.
pub const YOUNG: Duration = Duration::from_secs(300);

/// The next step of a caller whose token was rejected.
#[derive(Debug)]
pub enum Rejected {
    /// Send the request again with the newer tokens that are held.
    Replay,
    /// Wait for the rotation, then send the request again.
    Wait,
    /// Read the store first, because it may hold tokens that the session does not know.
    Load,
    /// Send the request again with the same token after a pause, because the token is so new that not every server knows
    /// it.
    Again(Duration),
    /// Return the rejection to the program.
    GiveBack,
    Fail(Error),
}

impl State {
    /// A server accepted the token of this sending.
    pub fn accepted(&mut self, Sending { stamp, endpoint, replayed }: Sending) {
        if stamp.epoch != self.epoch() {
            return;
        }
        let held = self.held.as_ref().filter(|held| Stamp::of(held) == stamp);
        self.endpoints.accepted(endpoint, held.is_some(), replayed);
        if let Some(held) = held {
            held.accept();
            self.endpoints.trusts_held();
        }
    }

    /// A server rejected the token of this sending, or a request that had none.
    pub fn rejected(&mut self, sending: Sending, policy: &Policy, now: Instant) -> Rejected {
        let Sending { stamp, endpoint, .. } = sending;
        if stamp.epoch != self.epoch() {
            return Rejected::GiveBack;
        }
        if stamp.generation < self.generation && self.held.is_some() {
            return Rejected::Replay;
        }
        // Else an endpoint that meets two tokens at the end of their life would count as one that refuses all.
        let valid = self.held.clone().filter(|held| !schedule::may_have_expired(held, now));
        // Before the status, so that such a rejection waits for nothing and takes the token from no other request.
        if valid.is_some() && self.endpoints.refuses(endpoint) && self.doubts(now) {
            return Rejected::GiveBack;
        }
        match &self.status {
            Status::Unread => return Rejected::Load,
            Status::Lost { error, .. } => {
                let error = Error::clone(error);
                return self.rejected_after_loss(error, sending, policy, valid.as_deref());
            }
            Status::Rotating { overdue, .. } => {
                self.held_was_rejected = true;
                return overdue
                    .map_or(Rejected::Wait, |after| Rejected::Fail(Error::RefreshTimeout { after }));
            }
            Status::CoolingDown { until, error } if now < *until => {
                return Rejected::Fail(cooling(error, *until, now));
            }
            _ => {}
        }
        if let Some(held) = valid {
            // A server that knows the token may not be the one that this endpoint asks.
            let unknown = held.from_refresh && (!held.accepted() || self.endpoints.awaits_held(endpoint));
            let pause = schedule::again_pause(&held, now).filter(|_| unknown);
            if let Some(pause) = pause
                && !policy.anonymous
                && !self.endpoints.refuses(endpoint)
            {
                return Rejected::Again(pause);
            }
            let young = now - held.arrived < YOUNG;
            let replayed =
                sending.replayed || young && self.endpoints.rotated_in_vain(endpoint, self.generation);
            let helps = match (held.accepted(), replayed) {
                (true, false) => self.endpoints.deserves_rotation(endpoint, now),
                // A replay in vain, unless the token was revoked after this endpoint had accepted it.
                (true, true) => self.endpoints.accepts_held(endpoint),
                (false, _) if !held.from_refresh => true,
                // A refresh has brought this token a moment ago, and the next one would bring another like it.
                (false, false) => pause.is_none() && self.endpoints.deserves_another(endpoint, young, now),
                (false, true) => false,
            };
            if replayed {
                self.endpoints.refused(endpoint, self.generation, now);
            }
            if !helps && self.doubts(now) {
                return Rejected::GiveBack;
            }
            self.endpoints.rotates(endpoint, self.generation);
        }
        self.endpoints.trusts_held();
        self.held_was_rejected = true;
        Rejected::Wait
    }

    /// A server wants a token with more claims than that of this sending has. `asked`: the first generation that was asked for
    /// with these claims.
    ///
    /// A newer token does not help by its age, as it does after [`State::rejected`]. Other requests use the token held
    /// meanwhile, because it is as good as before for all that want no more.
    pub fn challenged(&mut self, sending: Sending, asked: Option<u64>, now: Instant) -> Rejected {
        let Sending { stamp, endpoint, replayed } = sending;
        if stamp.epoch != self.epoch() {
            return Rejected::GiveBack;
        }
        match asked {
            Some(asked) if stamp.generation >= asked => return Rejected::GiveBack,
            Some(asked) if self.generation >= asked && self.held.is_some() => return Rejected::Replay,
            _ => {}
        }
        match &self.status {
            Status::Unread | Status::Lost { .. } => return Rejected::GiveBack,
            Status::Rotating { overdue: Some(after), .. } => {
                return Rejected::Fail(Error::RefreshTimeout { after: *after });
            }
            Status::Rotating { overdue: None, .. } => return Rejected::Wait,
            Status::CoolingDown { until, error } if now < *until => {
                return Rejected::Fail(cooling(error, *until, now));
            }
            _ => {}
        }
        // Else a server that asks for other claims each time would begin a rotation for each request.
        if replayed {
            self.endpoints.refused(endpoint, self.generation, now);
        }
        if !self.endpoints.deserves_rotation(endpoint, now) {
            return Rejected::GiveBack;
        }
        self.endpoints.rotates(endpoint, self.generation);
        Rejected::Wait
    }

    /// A rejection says nothing about the token held. Returns false if such rejections have been ignored for long, and no
    /// server has accepted the token meanwhile.
    fn doubts(&mut self, now: Instant) -> bool {
        now - self.endpoints.doubted_since(now) < IGNORE_REJECTIONS_FOR
    }

    /// There is no other token to send the request with, so that a rejection that would start a rotation ends the use of
    /// the token held.
    fn rejected_after_loss(
        &mut self,
        error: Error,
        Sending { stamp, endpoint, .. }: Sending,
        policy: &Policy,
        valid: Option<&Held>,
    ) -> Rejected {
        if valid.is_some_and(|held| held.accepted() && !self.endpoints.accepts(endpoint)) {
            return Rejected::GiveBack;
        }
        let had_token = self.drop_held();
        // A request with a lost token is over. A request without a token asks whether somebody has logged in.
        if !policy.anonymous {
            Rejected::Fail(error)
        } else if stamp == self.stamp() && !had_token {
            Rejected::Load
        } else {
            Rejected::GiveBack
        }
    }
}
