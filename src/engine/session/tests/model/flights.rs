//! Flights and logins of the model.

use std::time::Duration;

use crate::error::{Error, LostReason};
use crate::session::state::Purpose;
use crate::session::tests::model::{End, FlightHandle, Lifetime, Witness, held, unavailable};
use crate::session::tests::support::secs;
use crate::session::{Held, Stamp};

impl Witness {
    pub(super) fn demand(&mut self) {
        match self.state.may_rotate(self.now) {
            Ok(()) => assert!(self.lost.is_none() && !self.late() && !self.cooling()),
            Err(error) => self.failed(&error, false),
        }
    }

    pub(super) fn overdue(&mut self) {
        if let Some(flight) = self.flight.as_mut().filter(|flight| flight.purpose == Purpose::Rotate) {
            flight.overdue = true;
            self.state.overdue(self.state.epoch(), secs(10));
            if self.policy.forgets {
                self.state.forget();
            }
            // One that belongs to an earlier login says nothing about this one.
            self.state.overdue(self.state.epoch().wrapping_sub(1), secs(99));
        }
    }

    pub(super) fn depart(&mut self, purpose: Purpose) {
        assert!(self.flight.is_none(), "at most one flight");
        self.state.begin_flight(purpose);
        let from = self.state.held().map(|held| Stamp::of(held));
        self.flight = Some(FlightHandle { purpose, overdue: false, from });
    }

    pub(super) fn end(&mut self, end: End) {
        let Some(flight) = self.flight.take() else { return };
        if flight.purpose == Purpose::Load {
            return self.end_load(end);
        }
        let rejected = std::mem::take(&mut self.rejected);
        self.cooling_until = None;
        match end {
            End::Rotated { lifetime } => {
                if let Some(from) = flight.from {
                    assert!(
                        self.refreshed_from.insert((from.epoch, from.generation)),
                        "refreshed from twice"
                    );
                }
                self.given_back = None;
                self.accepting_held.clear();
                let held = self.tokens(lifetime, true);
                self.state.rotated(held);
            }
            End::Adopted { lifetime } => {
                self.given_back = None;
                self.accepting_held.clear();
                let held = self.tokens(lifetime, false);
                self.state.rotated(held);
            }
            End::Unchanged => self.state.unchanged(),
            End::Failed { pause } => {
                let pause = Duration::from_millis(pause);
                self.cooling_until = Some(self.now + pause);
                if self.policy.forgets {
                    self.state.forget();
                }
                let told = self.state.cooled(unavailable(), self.now, |_| pause);
                self.failed(&told, false);
            }
            End::Lost => {
                let error = Error::SessionLost { reason: LostReason::Rejected, cause: None };
                self.serves = !rejected;
                self.looked = Some(self.now);
                self.state.lost(error.clone(), self.now);
                self.lost = Some(error);
            }
        }
    }

    fn end_load(&mut self, end: End) {
        if self.lost.is_some() {
            if let End::Rotated { lifetime } | End::Adopted { lifetime } = end {
                self.login(Some(Lifetime(lifetime)));
            } else {
                self.looked = Some(self.now);
                self.state.still_lost(Some(self.now));
            }
            return;
        }
        let held = match end {
            End::Failed { .. } => return self.state.unread(),
            End::Unchanged | End::Lost => None,
            End::Rotated { lifetime } | End::Adopted { lifetime } => Some(self.tokens(lifetime, false)),
        };
        self.read = true;
        self.state.loaded(held);
    }

    pub(super) fn login(&mut self, tokens: Option<Lifetime>) {
        let epoch = self.state.epoch();
        self.serial += 1;
        let (serial, now) = (self.serial, self.now);
        let logged_out = tokens.is_none() && !self.policy.anonymous;
        let stamped =
            |stamp: Stamp| tokens.map(|Lifetime(lifetime)| held(serial, stamp, lifetime, false, now));
        assert_eq!(self.state.login(&self.policy, stamped), epoch + 1);
        self.lost = logged_out.then(Error::logged_out);
        (self.flight, self.cooling_until, self.given_back, self.looked) = (None, None, None, None);
        self.asked.clear();
        (self.read, self.rejected, self.serves) = (true, false, false);
        for endpoints in
            [&mut self.accepting, &mut self.accepting_held, &mut self.refusing, &mut self.refused]
        {
            endpoints.clear();
        }
    }

    fn tokens(&mut self, lifetime: Option<u64>, from_refresh: bool) -> Held {
        self.serial += 1;
        let stamp = self.state.next_stamp();
        if let Some(old) = self.state.held() {
            assert!(stamp.generation > old.generation);
        }
        held(self.serial, stamp, lifetime, from_refresh, self.now)
    }
}
