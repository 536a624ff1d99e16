//! The state machine in any order of events.
//!
//! [`Witness`] sees every call and every answer. It knows the rules, but not how [`State`] keeps them.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, LostReason, RefreshFailure, RefreshFailureKind};
use crate::session::held::tests::stamped;
use crate::session::schedule::Policy;
use crate::session::state::{Acquire, IGNORE_REJECTIONS_FOR, Purpose, Rejected, State, Status};
use crate::session::tests::support::{living, pair, policy, secs};
use crate::session::{Held, Stamp};

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire { epochs_ago: u64 },
    Rejected { epochs_ago: u64, generations_ago: u64 },
    Accepted,
    Demand,
    Overdue,
    End(End),
    Login { lifetime: Option<u64> },
    Logout,
    Pass { millis: u64 },
}

#[derive(Clone, Copy, Debug)]
enum End {
    Rotated { lifetime: Option<u64> },
    Adopted { lifetime: Option<u64> },
    Failed { pause: u64 },
    Lost,
}

/// Milliseconds, if they are known.
struct Lifetime(Option<u64>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lifetime = || prop_oneof![1 => Just(None), 3 => (1..100_000_u64).prop_map(Some)];
    let end = prop_oneof![
        6 => lifetime().prop_map(|lifetime| End::Rotated { lifetime }),
        2 => lifetime().prop_map(|lifetime| End::Adopted { lifetime }),
        3 => (1_000..60_000_u64).prop_map(|pause| End::Failed { pause }),
        1 => Just(End::Lost),
    ];
    let ago = || prop_oneof![6 => Just(0), 1 => 1..4_u64];
    let step = prop_oneof![
        8 => ago().prop_map(|epochs_ago| Step::Acquire { epochs_ago }),
        8 => (ago(), ago()).prop_map(|(epochs_ago, generations_ago)| Step::Rejected { epochs_ago, generations_ago }),
        2 => Just(Step::Accepted),
        1 => Just(Step::Demand),
        1 => Just(Step::Overdue),
        8 => end.prop_map(Step::End),
        1 => lifetime().prop_map(|lifetime| Step::Login { lifetime }),
        1 => Just(Step::Logout),
        3 => (1..20_000_u64).prop_map(|millis| Step::Pass { millis }),
    ];
    prop::collection::vec(step, 1..150)
}

/// A flight under way.
struct FlightHandle {
    purpose: Purpose,
    overdue: bool,
    /// A rejection of tokens that no server had accepted began it.
    in_vain: bool,
    from: Option<Stamp>,
}

struct Witness {
    state: State,
    policy: Policy,
    now: Instant,
    flight: Option<FlightHandle>,
    read: bool,
    lost: Option<Error>,
    cooling_until: Option<Instant>,
    /// The tokens held were rejected, and nothing has ended since.
    rejected: bool,
    refreshed_from: HashSet<(u64, u64)>,
    /// When the last flight ended that a rejection of tokens that no server had accepted began.
    in_vain: Option<Instant>,
    serial: u32,
}

impl Witness {
    fn new(anonymous: bool, forgets: bool) -> Self {
        Self {
            state: State::new(),
            policy: Policy { anonymous, forgets, ..policy() },
            now: clock::now(),
            flight: None,
            read: false,
            lost: None,
            cooling_until: None,
            rejected: false,
            refreshed_from: HashSet::new(),
            in_vain: None,
            serial: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Acquire { epochs_ago } => self.acquire(epochs_ago),
            Step::Rejected { epochs_ago, generations_ago } => self.reject(epochs_ago, generations_ago),
            Step::Accepted => self.accept(),
            Step::Demand => self.demand(),
            Step::Overdue => self.overdue(),
            Step::End(end) => self.end(end),
            Step::Login { lifetime } => self.login(Some(Lifetime(lifetime))),
            Step::Logout => self.login(None),
            Step::Pass { millis } => self.now += Duration::from_millis(millis),
        }
        self.check();
    }

    fn check(&self) {
        let rotating = matches!(self.state.status(), Status::Rotating { .. });
        assert_eq!(rotating, self.rotating(), "one flight, and the state knows it");
        match (&self.lost, self.state.status()) {
            (Some(lost), Status::Lost(error)) => assert_eq!(*lost, **error),
            (None, Status::Lost(_)) | (Some(_), _) => panic!("lost only by a loss, and until the next login"),
            _ => {}
        }
        if let Some(held) = self.state.held() {
            assert_eq!(held.epoch, self.state.epoch());
        }
    }

    fn acquire(&mut self, epochs_ago: u64) {
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
                self.depart(Purpose::Rotate, false);
            }
            Acquire::Anonymous(stamp) => {
                assert!(self.policy.anonymous && self.read && self.state.held().is_none());
                assert!(!self.rotating(), "what a rotation brings is waited for");
                assert_eq!(stamp, self.state.stamp());
            }
            Acquire::Wait(purpose) => {
                assert_eq!(purpose == Purpose::Load, !self.read);
                assert!(self.lost.is_none() && !self.late());
                let asks = purpose == Purpose::Rotate && self.flight.is_none();
                assert!(!(asks && self.policy.anonymous && self.state.held().is_none()), "only a 401 asks");
                if self.flight.is_none() {
                    assert!(!valid && !self.cooling(), "valid tokens are used, and a cool-down is kept");
                    self.depart(purpose, false);
                }
            }
            Acquire::Fail(error) => {
                assert!(!(self.policy.anonymous && self.lost.is_some()));
                self.failed(&error, valid && !self.rejected);
            }
        }
    }

    fn used(&self, held: &Held, epoch: u64) {
        assert_eq!(held.epoch, epoch, "never another login's");
        assert!(!held.expired(self.now), "never expired");
        assert!(self.lost.is_none());
        assert!(
            self.flight.is_none() || !self.rejected,
            "never a rejected one while better ones are on the way"
        );
    }

    /// Checks that a failure is right. With `usable` tokens only a loss is.
    fn failed(&self, error: &Error, usable: bool) {
        match error {
            Error::RefreshTimeout { .. } => assert!(self.late() && !usable),
            Error::Refresh(failure) => {
                assert!(self.cooling() && !usable);
                assert_eq!(failure.retry_after, self.cooling_until.map(|until| until - self.now));
            }
            _ => assert_eq!(Some(error), self.lost.as_ref()),
        }
    }

    fn reject(&mut self, epochs_ago: u64, generations_ago: u64) {
        let held = self.state.held().cloned();
        if held.is_none() && !self.policy.anonymous {
            return;
        }
        let newest = self.state.stamp();
        let stamp = Stamp {
            epoch: newest.epoch.wrapping_sub(epochs_ago),
            generation: newest.generation.saturating_sub(generations_ago),
        };
        let never_taken = held
            .as_ref()
            .is_some_and(|held| held.from_refresh && !held.accepted() && !held.expired(self.now));
        match self.state.rejected(stamp, &self.policy, self.now) {
            answer if epochs_ago > 0 => assert!(matches!(answer, Rejected::GiveBack)),
            answer if stamp.generation < newest.generation && held.is_some() => {
                assert!(matches!(answer, Rejected::Replay));
            }
            Rejected::Replay => panic!("nothing newer is held"),
            Rejected::Load => {
                assert!(!self.read || self.lost.is_some() && stamp == newest);
                if self.flight.is_none() {
                    self.depart(Purpose::Load, false);
                }
            }
            Rejected::GiveBack if self.lost.is_some() => assert!(stamp != newest),
            Rejected::GiveBack => {
                assert!(never_taken && self.flight.is_none());
            }
            Rejected::Fail(error) => {
                assert!(!(self.policy.anonymous && self.lost.is_some()));
                self.rejected |= self.late();
                self.failed(&error, false);
            }
            Rejected::Wait => {
                assert!(!self.late() && self.lost.is_none());
                self.rejected = true;
                if self.flight.is_none() {
                    assert!(!self.cooling());
                    self.depart(Purpose::Rotate, never_taken);
                }
            }
        }
        if stamp == newest && !never_taken {
            self.in_vain = None;
        }
    }

    fn accept(&mut self) {
        if let Some(held) = self.state.held() {
            held.accept();
            self.in_vain = None;
            if let Some(flight) = &mut self.flight {
                flight.in_vain = false;
            }
        }
    }

    fn demand(&mut self) {
        match self.state.may_rotate(self.now) {
            Ok(()) => assert!(self.lost.is_none() && !self.late() && !self.cooling()),
            Err(error) => self.failed(&error, false),
        }
    }

    fn overdue(&mut self) {
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

    fn depart(&mut self, purpose: Purpose, in_vain: bool) {
        assert!(self.flight.is_none(), "at most one flight");
        if let (true, Some(last)) = (in_vain, self.in_vain) {
            assert!(self.now - last >= IGNORE_REJECTIONS_FOR, "refreshing did not help a moment ago");
        }
        self.state.begin_flight(purpose);
        let from = self.state.held().map(|held| Stamp::of(held));
        self.flight = Some(FlightHandle { purpose, overdue: false, in_vain, from });
    }

    fn end(&mut self, end: End) {
        let Some(flight) = self.flight.take() else { return };
        if flight.purpose == Purpose::Load {
            return self.end_load(end);
        }
        self.rejected = false;
        self.cooling_until = None;
        match end {
            End::Rotated { lifetime } => {
                if let Some(from) = flight.from {
                    assert!(
                        self.refreshed_from.insert((from.epoch, from.generation)),
                        "refreshed from twice"
                    );
                }
                self.in_vain = flight.in_vain.then_some(self.now);
                let held = self.tokens(lifetime, true);
                self.state.rotated(held);
            }
            End::Adopted { lifetime } => {
                self.in_vain = None;
                let held = self.tokens(lifetime, false);
                self.state.rotated(held);
            }
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
                self.state.lost(error.clone());
                self.lost = Some(error);
            }
        }
    }

    fn end_load(&mut self, end: End) {
        if self.lost.is_some() {
            if let End::Rotated { lifetime } | End::Adopted { lifetime } = end {
                self.login(Some(Lifetime(lifetime)));
            }
            return;
        }
        let held = match end {
            End::Failed { .. } => return self.state.unread(),
            End::Lost => None,
            End::Rotated { lifetime } | End::Adopted { lifetime } => Some(self.tokens(lifetime, false)),
        };
        self.read = true;
        self.state.loaded(held);
    }

    fn login(&mut self, tokens: Option<Lifetime>) {
        let epoch = self.state.epoch();
        self.serial += 1;
        let (serial, now) = (self.serial, self.now);
        let logged_out = tokens.is_none() && !self.policy.anonymous;
        let stamped =
            |stamp: Stamp| tokens.map(|Lifetime(lifetime)| held(serial, stamp, lifetime, false, now));
        assert_eq!(self.state.login(&self.policy, stamped), epoch + 1);
        self.lost = logged_out.then(Error::logged_out);
        (self.flight, self.cooling_until, self.in_vain) = (None, None, None);
        (self.read, self.rejected) = (true, false);
    }

    fn tokens(&mut self, lifetime: Option<u64>, from_refresh: bool) -> Held {
        self.serial += 1;
        let stamp = self.state.next_stamp();
        if let Some(old) = self.state.held() {
            assert!(stamp.generation > old.generation);
        }
        held(self.serial, stamp, lifetime, from_refresh, self.now)
    }

    fn cooling(&self) -> bool {
        self.cooling_until.is_some_and(|until| self.now < until)
    }

    fn rotating(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.purpose == Purpose::Rotate)
    }

    fn late(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.overdue)
    }
}

fn held(serial: u32, stamp: Stamp, lifetime: Option<u64>, from_refresh: bool, now: Instant) -> Held {
    let wall = clock::wall_ms();
    let tokens =
        lifetime.map_or_else(|| pair(serial), |millis| living(serial, Duration::from_millis(millis)));
    stamped(tokens, stamp, from_refresh, now, wall)
}

fn unavailable() -> Error {
    Error::Refresh(RefreshFailure { kind: RefreshFailureKind::Failed, retry_after: None, cause: None })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keeps_its_promises_in_any_order_of_events(
        steps in steps(),
        anonymous in any::<bool>(),
        forgets in any::<bool>(),
    ) {
        let mut witness = Witness::new(anonymous, forgets);
        for step in steps {
            witness.step(step);
        }
    }
}
