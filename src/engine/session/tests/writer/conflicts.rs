//! Writes to a register that somebody else has written to.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::session::Session;
use crate::session::participant::Participant;
use crate::session::tests::support::*;
use crate::store::{MemoryStore, Record, Store, StoreFuture, Stored, Swap, Version};
use crate::wait::arrival::Arrival;

/// A register to which somebody else writes before each of the next `intruders` writes.
struct Contested {
    kept: MemoryStore,
    intruders: AtomicUsize,
}

impl Contested {
    fn new(intruders: usize) -> Arc<Self> {
        Arc::new(Self { kept: MemoryStore::default(), intruders: intruders.into() })
    }

    async fn put(&self, n: u32) {
        let expected = self.kept.read("key").await.unwrap().map(|stored| stored.version);
        let record = Record { tokens: Some(pair(n).into()) };
        let next = Stored { version: self.kept.version(&record), record };
        assert!(matches!(self.kept.compare_and_set("key", expected, &next).await, Ok(Swap::Done)));
    }

    async fn kept(&self) -> String {
        let stored = self.kept.read("key").await.unwrap().unwrap();
        stored.record.tokens.map_or("-".into(), |tokens| tokens.access.expose().into())
    }
}

impl Store for Contested {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        self.kept.read(key)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        next: &'a Stored,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            if self.intruders.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                self.put(99).await;
            }
            self.kept.compare_and_set(key, expected, next).await
        })
    }

    fn outlives_session(&self) -> bool {
        false
    }
}

/// A session over `store`, its client and their ledger. The next refresh brings the second tokens.
fn over(store: &Arc<Contested>) -> (Arc<Session>, Arc<Participant>, Ledger) {
    let ledger = Ledger::default();
    let grant = Arc::new(FakeGrant::new(ledger.clone()));
    grant.will([Reply::tokens(2)]);
    let host = Arc::new(FakeHost::new(ledger.clone()));
    let by = Arc::new(participant(grant, Arc::clone(store) as _, host));
    let session = Arc::new(Session::new("key".into()));
    session.join(&by);
    (session, by, ledger)
}

#[tokio::test(start_paused = true)]
async fn login_is_written_over_tokens_that_the_session_has_never_read() {
    for login in [Some(pair(5)), None] {
        let store = Contested::new(0);
        store.put(1).await;
        let (session, by, _) = over(&store);
        let expected = login.as_ref().map_or("-", |_| "a5");
        session.login(&by, login).await.unwrap();
        assert_eq!(store.kept().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn conflict_loses_no_tokens_however_often_it_happens() {
    for (intruders, failures) in [(1, 0), (3, 0), (4, 1), (30, 7)] {
        let store = Contested::new(0);
        store.put(1).await;
        let (session, by, ledger) = over(&store);
        let held = session.token(&by, 0, Arrival::draw()).await.unwrap();
        store.intruders.store(intruders, Relaxed);
        session.rotate(&by, Some(&held.tokens.access)).await.unwrap();
        session.settled().await;
        assert_eq!(store.kept().await, "a2");
        assert_eq!(ledger.count("persist failed"), failures, "{intruders} conflicts");
    }
}
