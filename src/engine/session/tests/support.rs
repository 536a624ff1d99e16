//! A session with a scripted grant, store and program, and the calls that tests make most.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) use crate::session::tests::fakes::*;

use crate::clock;
use crate::error::{Error, LostReason, RefreshFailureKind};
use crate::grant::{Grant, GrantError};
use crate::session::participant::counters::Counters;
use crate::session::participant::host::Host;
use crate::session::participant::{Participant, Seed};
use crate::session::schedule::Policy;
use crate::session::{Endpoint, Held, Sending, Session, Stamp, Verdict};
use crate::store::{Store, StoreError, Unversioned};
use crate::token::Tokens;
use crate::wait::arrival::Arrival;
use crate::wait::waiting_limit::WaitingLimit;

pub(super) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The n-th tokens, `a<n>` and `r<n>`, without an expiry.
pub(super) fn pair(n: u32) -> Tokens {
    crate::token::tests::tokens(&format!("a{n}"), Some(&format!("r{n}")))
}

pub(super) fn living(n: u32, lifetime: Duration) -> Tokens {
    let lifetime = u64::try_from(lifetime.as_millis()).unwrap();
    pair(n).expiring_at(Some(clock::wall_ms() + lifetime))
}

/// Tokens that expired long ago.
pub(super) fn stale(n: u32) -> Tokens {
    pair(n).expiring_at(Some(1))
}

pub(super) fn policy() -> Policy {
    Policy {
        refresh_ahead: None,
        refresh_timeout: secs(10),
        max_retries: 3,
        rotation_grace: Duration::ZERO,
        keep_alive: None,
        confirm_every: secs(5),
        drain_on_exit: Duration::ZERO,
        spread: None,
        anonymous: false,
        forgets: false,
    }
}

/// One session, and one client that uses it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) session: Arc<Session>,
    pub(super) by: Arc<Participant>,
    pub(super) grant: Arc<FakeGrant>,
    pub(super) store: Arc<FakeStore>,
    pub(super) host: Arc<FakeHost>,
    pub(super) ledger: Ledger,
}

impl World {
    /// A session that has not read the store yet.
    pub(super) fn new(stored: Option<Tokens>) -> Self {
        Self::with(stored, |_| {})
    }

    pub(super) fn with(stored: Option<Tokens>, change: impl FnOnce(&mut Participant)) -> Self {
        let ledger = Ledger::default();
        let session = Arc::new(Session::new("key".into()));
        let store = Arc::new(FakeStore::holding(ledger.clone(), stored));
        Self::joined(session, store, ledger, change)
    }

    /// Another client of the same session and store.
    pub(super) fn another(&self) -> Self {
        Self::joined(Arc::clone(&self.session), Arc::clone(&self.store), self.ledger.clone(), |_| {})
    }

    pub(super) fn joined(
        session: Arc<Session>,
        store: Arc<FakeStore>,
        ledger: Ledger,
        change: impl FnOnce(&mut Participant),
    ) -> Self {
        let grant = Arc::new(FakeGrant::new(ledger.clone()));
        let host = Arc::new(FakeHost::new(ledger.clone()));
        let unversioned = Arc::new(Unversioned(Arc::clone(&store) as _));
        let mut by = participant(Arc::clone(&grant) as _, unversioned, Arc::clone(&host) as _);
        change(&mut by);
        let by = Arc::new(by);
        session.join(&by);
        Self { session, by, grant, store, host, ledger }
    }

    /// A session that has read `stored`. The ledger begins after that.
    pub(super) async fn using(stored: Tokens) -> Self {
        Self::using_with(stored, |_| {}).await
    }

    pub(super) async fn using_with(stored: Tokens, change: impl FnOnce(&mut Participant)) -> Self {
        let world = Self::with(Some(stored), change);
        world.session.tokens(&world.by).await.unwrap();
        world.ledger.take();
        world
    }

    /// The access token of a request that is made now.
    pub(super) async fn token(&self) -> Result<String, Error> {
        self.session.token(&self.by, self.session.epoch(), Arrival::draw()).await.map(|held| access(&held))
    }

    /// [`World::token`] as a task.
    pub(super) fn asking(&self) -> JoinHandle<Result<String, Error>> {
        let (session, by, epoch) = (Arc::clone(&self.session), Arc::clone(&self.by), self.session.epoch());
        tokio::spawn(
            async move { session.token(&by, epoch, Arrival::draw()).await.map(|held| access(&held)) },
        )
    }

    /// [`World::rejects`] with the token of this stamp, by the same endpoint each time.
    pub(super) async fn rejected(&self, stamp: Stamp) -> Result<String, Error> {
        self.rejects(sending(stamp)).await
    }

    /// An endpoint rejects this sending, also if it gets the same token again. Returns the access token to replay with, or
    /// `give back`.
    pub(super) async fn rejects(&self, sending: Sending) -> Result<String, Error> {
        loop {
            match self.session.rejected(&self.by, sending, None, Arrival::draw()).await? {
                Verdict::Replay(held) => return Ok(access(&held)),
                Verdict::Again(pause) => tokio::time::sleep(pause).await,
                Verdict::GiveBack => return Ok("give back".into()),
            }
        }
    }

    pub(super) fn rejecting(&self, stamp: Stamp) -> JoinHandle<Result<String, Error>> {
        let world = self.clone();
        tokio::spawn(async move { world.rejected(stamp).await })
    }

    /// The stamp of the tokens held now.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp::of(self.session.inner().state.held().expect("tokens"))
    }

    /// A server accepts the tokens held now.
    pub(super) fn accepted(&self) {
        self.session.accepted(sending(self.stamp()));
    }

    pub(super) async fn login(&self, tokens: Option<Tokens>) -> Result<(), Error> {
        self.session.login(&self.by, tokens).await
    }
}

pub(super) fn participant(grant: Arc<dyn Grant>, store: Arc<dyn Store>, host: Arc<dyn Host>) -> Participant {
    Participant {
        grant,
        store,
        fleet: None,
        host,
        policy: policy(),
        waiting: WaitingLimit::new(10_000),
        counters: Counters::default(),
        identities: None,
        seed: Seed::new("key".into(), None),
        closed: CancellationToken::new(),
        ending: CancellationToken::new(),
    }
}

fn access(held: &Arc<Held>) -> String {
    held.tokens.access.expose().to_owned()
}

pub(super) fn sending(stamp: Stamp) -> Sending {
    Sending { stamp, endpoint: Endpoint::default(), replayed: false }
}

/// Lets every task run until all of them wait for time or for each other.
pub(super) async fn quiet() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn lost(reason: LostReason) -> Result<String, Error> {
    Err(Error::SessionLost { reason, cause: None })
}

/// The kind of a failed refresh, and the rest of the cool-down.
pub(super) fn cooling(result: Result<String, Error>) -> (RefreshFailureKind, Duration) {
    match result {
        Err(Error::Refresh(failure)) => (failure.kind, failure.retry_after.expect("a pause")),
        other => panic!("no failed refresh: {other:?}"),
    }
}

pub(super) fn unspent(retry_after: Option<Duration>) -> GrantError {
    GrantError::Unspent { retry_after, cause: None }
}

pub(super) const AMBIGUOUS: GrantError = GrantError::Ambiguous { cause: None };
pub(super) const TERMINAL: GrantError = GrantError::Terminal { cause: None };
pub(super) const STORE_DOWN: StoreError = StoreError::Failed { cause: None };
