//! The state machine in any order of events.
//!
//! [`Witness`] sees every call and every answer. It knows the rules, but not how [`State`] keeps them.

mod flights;
mod requests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, RefreshFailure, RefreshFailureKind};
use crate::session::held::tests::stamped;
use crate::session::schedule::Policy;
use crate::session::state::{Purpose, State, Status};
use crate::session::tests::support::{living, pair, policy};
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
            assert_eq!(held.epoch(), self.state.epoch());
        }
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

/// 65 gives each a bit that no other has, because the model knows no two endpoints that are taken for each other.
fn named(endpoint: u32) -> Endpoint {
    Endpoint { resource: 65 * endpoint, shape: 65 * endpoint }
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
