//! The state machine in any order of events.
//!
//! [`Witness`] sees every call and every answer. It knows the rules, but not how [`State`] keeps them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, LostReason, RefreshFailure, RefreshFailureKind};
use crate::session::held::tests::stamped;
use crate::session::schedule::Policy;
use crate::session::state::{
    Acquire, IGNORE_REJECTIONS_FOR, LOOK_AGAIN, Purpose, Rejected, Sending, State, Status, YOUNG,
};
use crate::session::tests::support::{living, pair, policy, secs};
use crate::session::{Endpoint, Held, Stamp};

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire { epochs_ago: u64 },
    Rejected { epochs_ago: u64, generations_ago: u64, endpoint: u32, replayed: bool },
    Accepted { endpoint: u32, replayed: bool },
    Demand,
    Overdue,
    End(End),
    Login { lifetime: Option<u64> },
    Logout,
    Pass { millis: u64 },
}

#[derive(Clone, Copy, Debug)]
enum End {
    Rotated {
        lifetime: Option<u64>,
    },
    Adopted {
        lifetime: Option<u64>,
    },
    Failed {
        pause: u64,
    },
    /// Another process rotates, and the tokens held are good for now.
    Unchanged,
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
        1 => Just(End::Unchanged),
        1 => Just(End::Lost),
    ];
    let ago = || prop_oneof![6 => Just(0), 1 => 1..4_u64];
    let step = prop_oneof![
        8 => ago().prop_map(|epochs_ago| Step::Acquire { epochs_ago }),
        8 => (ago(), ago(), 0..4_u32, any::<bool>()).prop_map(|(epochs_ago, generations_ago, endpoint, replayed)|
            Step::Rejected { epochs_ago, generations_ago, endpoint, replayed }),
        4 => (0..4_u32, any::<bool>()).prop_map(|(endpoint, replayed)| Step::Accepted { endpoint, replayed }),
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
    from: Option<Stamp>,
}

struct Witness {
    state: State,
    policy: Policy,
    now: Instant,
    flight: Option<FlightHandle>,
    read: bool,
    lost: Option<Error>,
    /// When the store of the lost session was read last.
    looked: Option<Instant>,
    /// The lost session still serves its access token.
    serves: bool,
    cooling_until: Option<Instant>,
    /// The tokens held were rejected, and nothing has ended since.
    rejected: bool,
    refreshed_from: HashSet<(u64, u64)>,
    /// The first rejection that was given back, since a server accepted the token held.
    given_back: Option<Instant>,
    /// Endpoints that have accepted a token.
    accepting: HashSet<u32>,
    /// The same for the token held.
    accepting_held: HashSet<u32>,
    /// Endpoints that have refused a token and its successor, and accepted none since.
    refusing: HashSet<u32>,
    /// Endpoints whose rejection of this generation began a rotation, and that have accepted nothing since.
    asked: HashMap<u32, u64>,
    /// Endpoints that were refusing at any time.
    refused: HashSet<u32>,
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
            looked: None,
            serves: false,
            cooling_until: None,
            rejected: false,
            refreshed_from: HashSet::new(),
            given_back: None,
            accepting: HashSet::new(),
            accepting_held: HashSet::new(),
            refusing: HashSet::new(),
            asked: HashMap::new(),
            refused: HashSet::new(),
            serial: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Acquire { epochs_ago } => self.acquire(epochs_ago),
            Step::Rejected { epochs_ago, generations_ago, endpoint, replayed } => {
                self.reject(epochs_ago, generations_ago, endpoint, replayed);
            }
            Step::Accepted { endpoint, replayed } => self.accept(endpoint, replayed),
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
            (Some(lost), Status::Lost { error, .. }) => assert_eq!(*lost, **error),
            (None, Status::Lost { .. }) | (Some(_), _) => {
                panic!("lost only by a loss, and until the next login")
            }
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
        assert_eq!(held.epoch, epoch, "never another login's");
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

    fn reject(&mut self, epochs_ago: u64, generations_ago: u64, endpoint: u32, replayed: bool) {
        let held = self.state.held().cloned();
        if held.is_none() && !self.policy.anonymous {
            return;
        }
        let newest = self.state.stamp();
        let stamp = Stamp {
            epoch: newest.epoch.wrapping_sub(epochs_ago),
            generation: newest.generation.saturating_sub(generations_ago),
        };
        let valid = held.as_ref().filter(|held| !held.expired(self.now));
        let is_valid = valid.is_some();
        let accepted = valid.is_some_and(|held| held.accepted());
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

    fn accept(&mut self, endpoint: u32, replayed: bool) {
        let Some(held) = self.state.held() else { return };
        self.state.accepted(Sending { stamp: Stamp::of(held), endpoint: named(endpoint), replayed });
        self.given_back = None;
        self.accepting.insert(endpoint);
        self.accepting_held.insert(endpoint);
        self.refusing.remove(&endpoint);
        self.asked.remove(&endpoint);
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

    fn depart(&mut self, purpose: Purpose) {
        assert!(self.flight.is_none(), "at most one flight");
        self.state.begin_flight(purpose);
        let from = self.state.held().map(|held| Stamp::of(held));
        self.flight = Some(FlightHandle { purpose, overdue: false, from });
    }

    fn end(&mut self, end: End) {
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

    fn login(&mut self, tokens: Option<Lifetime>) {
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

fn named(endpoint: u32) -> Endpoint {
    Endpoint { resource: endpoint, shape: endpoint }
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
