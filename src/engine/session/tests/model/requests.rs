//! Requests of the model: tokens asked for, refused and accepted.

use crate::error::Error;
use crate::session::state::{Acquire, IGNORE_REJECTIONS_FOR, LOOK_AGAIN, Purpose, Rejected, Sending, YOUNG};
use crate::session::tests::model::{Witness, named};
use crate::session::tests::support::secs;
use crate::session::{Held, Stamp};

impl Witness {
    pub(super) fn acquire(&mut self, epochs_ago: u64) {
        let epoch = self.state.epoch().wrapping_sub(epochs_ago);
        let valid = self.state.held().is_some_and(|held| !held.expired(self.now));
        match self.state.acquire(epoch, &self.policy, self.now) {
            acquired if epochs_ago > 0 => {
                assert!(matches!(acquired, Acquire::Fail(error) if error == Error::logged_out()));
            }
            Acquire::Use(held) => self.used(&held, epoch),
            Acquire::UseAndRotate(held) => {
                self.used(&held, epoch);
                assert!(self.flight.is_none() && !self.cooling());
                self.depart(Purpose::Rotate);
            }
            Acquire::Anonymous(stamp) => {
                assert!(
                    self.policy.anonymous
                        && self.read
                        && (self.state.held().is_none() || self.lost.is_some())
                );
                assert!(!(valid && self.lost.is_some()), "a lost session serves its token to the end");
                assert!(!self.rotating(), "what a rotation brings is waited for");
                assert_eq!(stamp, self.state.stamp());
            }
            Acquire::Wait(purpose) => {
                let looks = self.lost.is_some();
                assert_eq!(purpose == Purpose::Load, !self.read || looks);
                assert!(!looks || self.looked.is_none_or(|at| self.now - at >= LOOK_AGAIN), "seldom");
                assert!(!self.late());
                let asks = purpose == Purpose::Rotate && self.flight.is_none();
                assert!(!(asks && self.policy.anonymous && self.state.held().is_none()), "only a 401 asks");
                if self.flight.is_none() {
                    assert!(!valid && !self.cooling(), "valid tokens are used, and a cool-down is kept");
                    self.depart(purpose);
                }
            }
            Acquire::Fail(error) => {
                assert!(!(self.policy.anonymous && self.lost.is_some()));
                assert!(!(self.lost.is_some() && valid), "a lost session serves its token to the end");
                self.failed(&error, valid && !self.rejected);
            }
        }
    }

    fn used(&self, held: &Held, epoch: u64) {
        assert_eq!(held.epoch(), epoch, "never another login's");
        assert!(!held.expired(self.now), "never expired");
        assert!(
            self.lost.is_none() || self.serves,
            "no token after a loss but one that nothing speaks against"
        );
        assert!(
            self.flight.is_none() || !self.rejected,
            "never a rejected one while better ones are on the way"
        );
    }

    /// Checks that a failure is right. With `usable` tokens only a loss is.
    pub(super) fn failed(&self, error: &Error, usable: bool) {
        match error {
            Error::RefreshTimeout { .. } => assert!(self.late() && !usable),
            Error::Refresh(failure) => {
                assert!(self.cooling() && !usable);
                assert_eq!(failure.retry_after, self.cooling_until.map(|until| until - self.now));
            }
            _ => assert_eq!(Some(error), self.lost.as_ref()),
        }
    }

    pub(super) fn reject(&mut self, epochs_ago: u64, generations_ago: u64, endpoint: u32, replayed: bool) {
        let held = self.state.held().cloned();
        if held.is_none() && !self.policy.anonymous {
            return;
        }
        let newest = self.state.stamp();
        let stamp = Stamp {
            epoch: newest.epoch.wrapping_sub(epochs_ago),
            generation: newest.generation.saturating_sub(generations_ago),
        };
        // A rejection near the end of a life means that the server has ended it earlier.
        let near = |held: &Held| {
            held.lifetime().is_some_and(|life| self.now + secs(1).min(life / 2) >= held.arrived + life)
        };
        let valid = held.as_deref().filter(|held| !held.expired(self.now) && !near(held));
        let is_valid = valid.is_some();
        let accepted = valid.is_some_and(Held::accepted);
        let in_vain = valid.is_some_and(|held| held.from_refresh && !held.accepted());
        let refusing = valid.is_some() && self.refusing.contains(&endpoint);
        let in_vain_before = !self.refused.contains(&endpoint)
            && valid.is_some_and(|held| self.now - held.arrived < YOUNG)
            && self.asked.get(&endpoint).is_some_and(|generation| *generation < newest.generation);
        let replays = replayed || in_vain_before;
        // An endpoint that accepted, and never refused a token and its successor, refuses a token that was accepted.
        let news = accepted
            && self.accepting.contains(&endpoint)
            && !self.refused.contains(&endpoint)
            && (!replays || self.accepting_held.contains(&endpoint));
        // Nobody has used the token, so that it may have been revoked since it came.
        let known = self.accepting.contains(&endpoint) && !self.refused.contains(&endpoint);
        let awaited =
            known && valid.is_some_and(|held| held.from_refresh) && !self.accepting_held.contains(&endpoint);
        let unused = !replays && (known || valid.is_some_and(|held| self.now - held.arrived >= YOUNG));
        let long_ago = self.given_back.is_some_and(|at| self.now - at >= IGNORE_REJECTIONS_FOR);
        let sending = Sending { stamp, endpoint: named(endpoint), replayed };
        let replayed = replays;
        match self.state.rejected(sending, &self.policy, self.now) {
            answer if epochs_ago > 0 => assert!(matches!(answer, Rejected::GiveBack)),
            answer if stamp.generation < newest.generation && held.is_some() => {
                assert!(matches!(answer, Rejected::Replay));
            }
            Rejected::Replay => panic!("nothing newer is held"),
            Rejected::Load => {
                assert!(!self.read || self.lost.is_some() && stamp == newest);
                if self.flight.is_none() {
                    self.depart(Purpose::Load);
                }
            }
            Rejected::Again(pause) => {
                let held = valid.expect("a valid token");
                assert!(
                    (in_vain || awaited)
                        && !refusing
                        && !self.rotating()
                        && !self.cooling()
                        && self.lost.is_none()
                );
                assert!(self.now + pause - held.arrived <= secs(2), "only while it is new");
            }
            Rejected::GiveBack if self.lost.is_some() => {
                assert!(stamp != newest || held.is_some());
                let dropped = self.policy.anonymous && self.state.held().is_none();
                assert!(!news || !self.serves || dropped, "nothing else says that the token has ended");
                self.serves &= self.state.held().is_some();
            }
            Rejected::GiveBack => {
                assert!(!news, "a real revocation is refreshed at once");
                assert!(valid.is_some() && !long_ago, "given back for a while only");
                assert!(refusing || !self.rotating(), "what a rotation brings is waited for");
                self.given_back.get_or_insert(self.now);
                if replayed && !self.rotating() && !self.cooling() {
                    self.refused_twice(endpoint);
                }
            }
            Rejected::Fail(error) => {
                assert!(!(self.policy.anonymous && self.lost.is_some()));
                self.rejected |= self.late();
                self.serves = false;
                self.failed(&error, false);
            }
            Rejected::Wait => {
                assert!(!self.late() && self.lost.is_none());
                assert!(!refusing || long_ago, "a new token does not cure it");
                if self.flight.is_none() {
                    assert!(!self.cooling());
                    assert!(
                        !(in_vain && !unused || accepted && replayed && !news) || long_ago,
                        "a refresh did not help a moment ago"
                    );
                    self.given_back = None;
                    if replayed && is_valid {
                        self.refused_twice(endpoint);
                    }
                    if is_valid {
                        self.asked.entry(endpoint).or_insert(newest.generation);
                    }
                    self.rejected = true;
                    self.depart(Purpose::Rotate);
                }
                self.rejected = true;
            }
        }
    }

    fn refused_twice(&mut self, endpoint: u32) {
        if !self.accepting_held.contains(&endpoint) {
            self.refusing.insert(endpoint);
        }
        self.refused.insert(endpoint);
    }

    pub(super) fn accept(&mut self, endpoint: u32, replayed: bool) {
        let Some(held) = self.state.held() else { return };
        self.state.accepted(Sending { stamp: Stamp::of(held), endpoint: named(endpoint), replayed });
        self.given_back = None;
        self.accepting.insert(endpoint);
        self.accepting_held.insert(endpoint);
        self.refusing.remove(&endpoint);
        self.asked.remove(&endpoint);
    }
}
