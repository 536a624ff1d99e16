//! Requests, logins and requests that are given up, in hundreds of random orders. A strict authorization server judges
//! them: it counts every refresh token that it gets a second time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{sleep, timeout};

use crate::error::{Error, LostReason};
use crate::grant::{Ask, Grant, GrantError};
use crate::session::participant::Participant;
use crate::session::tests::strict_server::{StrictServer, serial};
use crate::session::tests::support::{
    FakeHost, Ledger, TERMINAL, living, ms, pair, participant, secs, sending, unspent,
};
use crate::session::{Held, Sending, Session, Stamp, Verdict};
use crate::store::{Late, MemoryStore, Record, Store, StoreError, StoreFuture, Stored, Swap};
use crate::store::{TokenCallbacks, Unversioned, Version};
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

const SEEDS: u64 = 400;

/// Longer than the longest request: three sends, each with a refresh that is given up.
const PATIENCE: Duration = secs(600);

/// The authorization server, the API and the store. They are slow and unreliable by chance.
struct Outside {
    chance: Mutex<StdRng>,
    auth: Mutex<StrictServer>,
    refreshes: AtomicUsize,
    logins: AtomicUsize,
    kept: Arc<dyn Store>,
    compares: bool,
    /// Late writes that have not ended.
    late: Arc<AtomicUsize>,
}

/// A user's database that holds one session.
#[derive(Default)]
struct Shelf(Mutex<Option<Tokens>>);

impl TokenCallbacks for Shelf {
    fn read<'a>(&'a self, _key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        Box::pin(async move { Ok(self.0.lock().unwrap().clone()) })
    }

    fn write<'a>(&'a self, _key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>> {
        Box::pin(async move {
            *self.0.lock().unwrap() = tokens.cloned();
            Ok(None)
        })
    }
}

impl Outside {
    fn chance(&self, percent: u32) -> bool {
        self.chance.lock().unwrap().random_range(0..100) < percent
    }

    fn within(&self, longest: u64) -> Duration {
        ms(self.chance.lock().unwrap().random_range(0..=longest))
    }

    async fn travel(&self, longest: u64) {
        let pause = self.within(longest);
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }

    /// Issues tokens of the login that `from` belongs to, or of a new login.
    fn issue(&self, from: Option<u32>) -> Tokens {
        let lifetime = ms(100) + self.within(2_000);
        let serial = self.auth.lock().unwrap().issue(from, lifetime);
        if self.chance(70) { living(serial, lifetime) } else { pair(serial) }
    }

    /// Applies a write after its deadline. Only a store that does not compare has to tell of its end.
    fn late_write(&self, key: &str, expected: Option<Version>, next: &Stored) -> Result<Swap, StoreError> {
        let (kept, key, next) = (Arc::clone(&self.kept), key.to_owned(), next.clone());
        let (after, succeeds, pending) = (self.within(3_000), self.chance(70), Arc::clone(&self.late));
        pending.fetch_add(1, Ordering::Relaxed);
        let late = async move {
            sleep(after).await;
            drop(kept.compare_and_set(&key, expected, &next).await);
            sleep(after / 10).await;
            pending.fetch_sub(1, Ordering::Relaxed);
            if succeeds { Ok(()) } else { Err(StoreError::Failed { cause: None }) }
        };
        if self.compares {
            tokio::spawn(late);
            return Err(StoreError::TimedOut);
        }
        Ok(Swap::Late(Box::pin(late)))
    }

    fn takes(&self, tokens: &Tokens) -> bool {
        self.auth.lock().unwrap().takes(tokens)
    }
}

impl Grant for Outside {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        Box::pin(async move {
            self.travel(5).await;
            ask.entered.fire();
            self.travel(20).await;
            if self.chance(15) {
                self.travel(20).await;
                return Err(unspent(self.chance(20).then(|| self.within(3_000))));
            }
            self.refreshes.fetch_add(1, Ordering::Relaxed);
            let token = ask.refresh_token.expect("a refresh token");
            let Some(from) = self.auth.lock().unwrap().spend(&token) else { return Err(TERMINAL) };
            let tokens = self.issue(Some(from));
            self.travel(if self.chance(3) { 25_000 } else { 30 }).await;
            Ok(tokens)
        })
    }
}

impl Store for Outside {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            self.travel(20).await;
            let kept = self.kept.read(key).await;
            self.travel(20).await;
            if self.chance(5) { Err(StoreError::Failed { cause: None }) } else { kept }
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        next: &'a Stored,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            self.travel(20).await;
            let fails = self.chance(10);
            if fails && self.chance(30) {
                return self.late_write(key, expected, next);
            }
            // A write that fails may have been applied all the same.
            let done = if !fails || self.chance(50) {
                self.kept.compare_and_set(key, expected, next).await
            } else {
                Err(StoreError::TimedOut)
            };
            self.travel(20).await;
            if fails { Err(StoreError::TimedOut) } else { done }
        })
    }

    fn version(&self, record: &Record) -> Version {
        self.kept.version(record)
    }
}

/// One run with one seed.
#[derive(Clone)]
struct Run {
    outside: Arc<Outside>,
    session: Arc<Session>,
    by: Arc<Participant>,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let compares = seed % 4 < 2;
        let kept: Arc<dyn Store> = if compares {
            Arc::new(MemoryStore::default())
        } else {
            Arc::new(Unversioned(Arc::new(Shelf::default())))
        };
        let chance = Mutex::new(StdRng::seed_from_u64(seed));
        let outside = Arc::new(Outside {
            chance,
            auth: Mutex::default(),
            refreshes: AtomicUsize::default(),
            logins: AtomicUsize::default(),
            kept,
            compares,
            late: Arc::default(),
        });
        let record = Record { tokens: Some(outside.issue(None).into()) };
        let first = Stored { version: outside.version(&record), record };
        assert!(matches!(outside.kept.compare_and_set("key", None, &first).await, Ok(Swap::Done)));
        let host = Arc::new(FakeHost::new(Ledger::default()));
        let by = Arc::new(participant(Arc::clone(&outside) as _, Arc::clone(&outside) as _, host));
        let session = Arc::new(Session::new("key".into()));
        session.join(&by);
        Self { outside, session, by }
    }

    async fn requests(self) {
        for _ in 0..12 {
            self.outside.travel(2_000).await;
            let epoch = self.session.epoch();
            if let Err(error) = self.request(epoch).await {
                let ended =
                    matches!(&error, Error::SessionLost { reason, .. } if *reason != LostReason::LoggedOut);
                assert!(!ended, "{error:?}");
            }
        }
    }

    async fn request(&self, epoch: u64) -> Result<(), Error> {
        let mut held = self.session.token(&self.by, epoch, Arrival::draw()).await?;
        // A lost session may have found another login in its store.
        let epoch = held.epoch();
        let mut replays = 0;
        while replays < 3 {
            let sending = Sending { replayed: replays > 0, ..sending(Stamp::of(&held)) };
            if self.sent(&held, epoch).await {
                self.session.accepted(sending);
                return Ok(());
            }
            match self.session.rejected(&self.by, sending, None, Arrival::draw()).await? {
                Verdict::Replay(newer) => {
                    assert!(newer.generation > held.generation, "never replayed with the same token");
                    held = newer;
                    replays += 1;
                }
                Verdict::Again(pause) => {
                    sleep(pause).await;
                    held = self.session.token(&self.by, epoch, Arrival::draw()).await?;
                }
                Verdict::GiveBack => return Ok(()),
            }
        }
        Ok(())
    }

    async fn sent(&self, held: &Held, epoch: u64) -> bool {
        assert_eq!(held.epoch(), epoch, "never another login's token");
        self.outside.travel(20).await;
        let taken = self.outside.takes(&held.tokens);
        self.outside.travel(20).await;
        taken
    }

    async fn logins(self) {
        for _ in 0..3 {
            self.outside.travel(4_000).await;
            let tokens = if self.outside.chance(30) { None } else { Some(self.outside.issue(None)) };
            self.outside.logins.fetch_add(1, Ordering::Relaxed);
            // A store that does not take it is repeated, and looked at in the end.
            let _ = self.session.login(&self.by, tokens).await;
        }
    }

    /// Checks that session and store hold the newest tokens of the last login.
    async fn judge(&self, seed: u64) {
        let kept = self.outside.kept.read("key").await.unwrap().and_then(|kept| kept.record.tokens);
        let auth = self.outside.auth.lock().unwrap();
        assert!(auth.reused.is_empty(), "seed {seed}: refresh tokens sent twice");
        let held = self.session.inner().state.held().map(|held| Arc::clone(&held.tokens));
        let number = |tokens: &Arc<Tokens>| serial(tokens);
        let (stored, known) = (kept.as_ref().map(number), held.as_ref().map(number));
        assert_eq!(stored, known, "seed {seed}: the store holds what the session holds");
        assert!(held.is_none_or(|held| auth.is_newest(&held)), "seed {seed}: the newest issued");
    }
}

async fn run(seed: u64) -> (usize, usize) {
    let run = Run::new(seed).await;
    let mut tasks: Vec<_> = (0..25).map(|_| tokio::spawn(run.clone().requests())).collect();
    if seed.is_multiple_of(3) {
        tasks.push(tokio::spawn(run.clone().logins()));
    }
    if seed.is_multiple_of(2) {
        for task in tasks.iter().take(10) {
            run.outside.travel(500).await;
            task.abort();
        }
    }
    for task in tasks {
        let ended = timeout(PATIENCE, task).await;
        match ended.unwrap_or_else(|_| panic!("seed {seed}: a request never settled")) {
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            _ => {}
        }
    }
    run.session.settled().await;
    // A store that fails for longer than the program is held is still written while it runs.
    timeout(PATIENCE, async {
        while run.session.writer.unsaved() || run.outside.late.load(Ordering::Relaxed) > 0 {
            sleep(secs(1)).await;
        }
    })
    .await
    .unwrap();
    run.judge(seed).await;
    (run.outside.refreshes.load(Ordering::Relaxed), run.outside.logins.load(Ordering::Relaxed))
}

#[test]
fn no_refresh_token_is_sent_twice_and_none_is_lost_in_any_order_of_events() {
    let (mut refreshes, mut logins) = (0, 0);
    for seed in 0..SEEDS {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let counts = runtime.block_on(run(seed));
        refreshes += counts.0;
        logins += counts.1;
    }
    // Otherwise nothing was shown.
    assert!(refreshes > 2_000 && logins > 300, "{refreshes} refreshes, {logins} logins");
}
