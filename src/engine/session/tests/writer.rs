//! Tokens that the store does not take at first.

use std::sync::Arc;

use crate::clock;
use crate::session::Session;
use crate::session::tests::support::*;
use crate::store::{MemoryStore, Record, Store, StoreError, StoreFuture, Stored, Swap, Version};
use crate::wait::arrival::Arrival;

/// Rotated, and the next `failures` writes fail.
async fn rotated(failures: usize) -> World {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.fail_writes(vec![STORE_DOWN; failures]);
    assert_eq!(world.token().await, Ok("a2".into()), "served from memory");
    world
}

#[tokio::test(start_paused = true)]
async fn failed_write_is_repeated_until_it_succeeds() {
    for failures in [1, 2, 5, 20] {
        let world = rotated(failures).await;
        assert_eq!(world.store.kept(), "a1");
        tokio::time::sleep(secs(200)).await;
        assert_eq!(world.store.kept(), "a2");
        assert_eq!(world.ledger.count("unsaved a2"), failures);
        assert_eq!(world.ledger.count("save a2"), 1);
        assert_eq!(world.ledger.count("persist failed ERR_STORE_UNAVAILABLE"), failures);
        assert_eq!(world.by.counters.persist_retries.get(), failures as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_double_from_fifty_milliseconds_to_five_seconds() {
    let world = rotated(11).await;
    let mut last = clock::now();
    for pause in [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000] {
        let seen = world.ledger.count("unsaved");
        while world.ledger.count("unsaved") == seen {
            tokio::time::sleep(ms(10)).await;
        }
        let took = clock::now() - last;
        last = clock::now();
        assert!((ms(pause)..=ms(pause + 20)).contains(&(took + ms(10))), "{took:?} instead of {pause} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn store_that_lags_behind_is_never_read() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::after(ms(10), With::Tokens(stale(2))), Reply::tokens(3)]);
    world.store.fail_writes(vec![STORE_DOWN; 10]);
    assert_eq!(world.token().await, Ok("a2".into()));
    world.ledger.take();
    assert_eq!(world.token().await, Ok("a3".into()));
    assert_eq!(world.ledger.count("read"), 0);
    assert_eq!(world.ledger.count("ask r2"), 1, "from memory, not from the store's older copy");
}

#[tokio::test(start_paused = true)]
async fn newest_tokens_take_the_place_of_those_still_to_be_written() {
    let world = rotated(4).await;
    world.accepted();
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a3");
    assert_eq!(world.ledger.count("save a2"), 0);
    tokio::time::sleep(secs(60)).await;
    assert_eq!(world.ledger.count("save"), 1, "and it is written once");
}

#[tokio::test(start_paused = true)]
async fn slow_old_write_never_comes_after_a_newer_one() {
    let world = World::using(stale(1)).await;
    world.store.slow(ms(0), [secs(5), ms(0)]);
    world.grant.will([Reply::tokens(2)]);
    let waiter = world.asking();
    tokio::time::sleep(secs(1)).await;
    world.login(Some(pair(5))).await.unwrap();
    assert!(waiter.await.unwrap().is_err());
    assert_eq!(world.ledger.lines().last().unwrap(), "save a5");
    assert_eq!(world.store.kept(), "a5");
}

#[tokio::test(start_paused = true)]
async fn logout_clears_a_store_that_did_not_take_the_last_tokens() {
    let world = rotated(3).await;
    world.login(None).await.unwrap_err();
    world.session.settled().await;
    assert_eq!(world.store.kept(), "-");
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_keep_the_program_running_for_ten_seconds_at_most() {
    let world = rotated(1_000).await;
    let begun = clock::now();
    quiet().await;
    assert_eq!(world.host.holds(), 1);
    world.session.settled().await;
    assert_eq!(clock::now() - begun, secs(10));
    assert_eq!(world.host.holds(), 0);
    let tried = world.ledger.count("unsaved");
    tokio::time::sleep(secs(60)).await;
    assert!(world.ledger.count("unsaved") > tried, "it is still repeated while the program runs");
}

#[tokio::test(start_paused = true)]
async fn store_that_hangs_keeps_the_program_running_for_ten_seconds_at_most() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.slow(ms(0), vec![secs(8); 100]);
    world.store.fail_writes(vec![StoreError::TimedOut; 100]);
    assert_eq!(world.token().await, Ok("a2".into()));
    let begun = clock::now();
    quiet().await;
    world.session.settled().await;
    assert_eq!(clock::now() - begun, secs(10));
    assert_eq!(world.host.holds(), 0);
}

#[tokio::test(start_paused = true)]
async fn settled_waits_until_it_is_saved() {
    let world = rotated(4).await;
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
    quiet().await;
    assert_eq!(world.host.holds(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_client_writes_what_the_ended_one_could_not() {
    let world = rotated(2).await;
    let other = world.another();
    world.host.end();
    other.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
    assert!(other.by.counters.persist_retries.get() > 0);
}

#[tokio::test(start_paused = true)]
async fn panicking_store_is_one_that_fails() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let asking = world.asking();
    tokio::time::sleep(ms(5)).await;
    world.store.panic_next(3);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a2");
    assert_eq!(world.ledger.count("persist failed"), 3);
}

#[tokio::test(start_paused = true)]
async fn callbacks_are_kept_for_as_long_as_they_are_to_save_something() {
    let world = rotated(20).await;
    tokio::time::sleep(secs(30)).await;
    assert_eq!((world.host.holds(), world.host.keeps()), (0, 1));
    let other = world.another();
    world.host.end();
    tokio::time::sleep(secs(10)).await;
    assert_eq!((world.host.keeps(), other.host.keeps()), (0, 1));
    tokio::time::sleep(secs(200)).await;
    assert_eq!(world.store.kept(), "a2");
    assert_eq!(other.host.keeps(), 0);
}

/// A register to which somebody else writes before each of the next `intruders` writes.
struct Contested {
    kept: MemoryStore,
    intruders: std::sync::atomic::AtomicUsize,
}

impl Contested {
    fn new(intruders: usize) -> Arc<Self> {
        Arc::new(Self { kept: MemoryStore::default(), intruders: intruders.into() })
    }

    async fn put(&self, n: u32) {
        let expected = self.kept.read("key").await.unwrap().map(|stored| stored.version);
        let record = Record { tokens: Some(pair(n)) };
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
        use std::sync::atomic::Ordering::Relaxed;
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

/// A session over `store`, and what it needs besides.
fn over(store: &Arc<Contested>) -> (Arc<Session>, Arc<crate::session::participant::Participant>, Ledger) {
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
        store.intruders.store(intruders, std::sync::atomic::Ordering::Relaxed);
        session.rotate(&by, Some(&held.tokens.access)).await.unwrap();
        session.settled().await;
        assert_eq!(store.kept().await, "a2");
        assert_eq!(ledger.count("persist failed"), failures, "{intruders} conflicts");
    }
}

/// Rotated, and the write of the rotated tokens is late: it ends so, 20 s after its deadline. Then a login was saved.
async fn logged_in_before_a_late_write(result: Result<(), StoreError>) -> World {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(20), result)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    world.login(Some(pair(5))).await.unwrap();
    world.session.settled().await;
    assert_eq!(world.ledger.take().last().unwrap(), "save a5");
    world
}

#[tokio::test(start_paused = true)]
async fn late_write_of_older_tokens_is_written_over_however_it_ends() {
    for result in [Ok(()), Err(STORE_DOWN), Err(StoreError::TimedOut)] {
        let world = logged_in_before_a_late_write(result).await;
        tokio::time::sleep(secs(100)).await;
        assert_eq!(world.ledger.take(), ["landed a2", "save a5"]);
        assert_eq!(world.store.kept(), "a5");
    }
}

#[tokio::test(start_paused = true)]
async fn late_write_of_an_environment_that_has_ended_is_not_waited_for() {
    let world = logged_in_before_a_late_write(Err(StoreError::Gone)).await;
    assert_eq!((world.host.holds(), world.host.keeps()), (1, 1));
    tokio::time::sleep(secs(100)).await;
    assert!(world.ledger.take().is_empty());
    assert_eq!((world.host.holds(), world.host.keeps()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn store_is_not_read_until_a_late_write_is_written_over() {
    let world = logged_in_before_a_late_write(Ok(())).await;
    world.store.fail_writes(vec![STORE_DOWN; 3]);
    tokio::time::sleep(secs(20)).await;
    quiet().await;
    world.grant.will([Reply::tokens(6)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a6".into()));
    world.session.settled().await;
    assert_eq!(world.ledger.count("read"), 0);
    assert_eq!(world.ledger.count("persist failed"), 3);
    assert_eq!(world.store.kept(), "a6");
}

#[tokio::test(start_paused = true)]
async fn two_late_writes_are_written_over_in_either_order() {
    for (first, second) in [(10, 20), (20, 10), (10, 10)] {
        let world = World::using(stale(1)).await;
        world.grant.will([Reply::tokens(2)]);
        world.store.late_writes([(secs(first), Ok(())), (secs(second), Ok(()))]);
        assert_eq!(world.token().await, Ok("a2".into()));
        world.login(Some(pair(5))).await.unwrap_err();
        world.login(Some(pair(6))).await.unwrap();
        tokio::time::sleep(secs(100)).await;
        assert_eq!(world.store.kept(), "a6");
        assert_eq!((world.ledger.count("late"), world.ledger.count("landed")), (2, 2));
        assert!(!world.session.writer.unsaved());
    }
}

#[tokio::test(start_paused = true)]
async fn late_write_that_ends_during_a_newer_write_is_written_over_too() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(5), Ok(()))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    // The store applies this one first, and tells of it last.
    world.store.slow(ms(0), [secs(10)]);
    world.login(Some(pair(5))).await.unwrap();
    world.session.settled().await;
    assert_eq!(world.ledger.count("save a5"), 2);
}

#[tokio::test(start_paused = true)]
async fn late_write_of_the_newest_tokens_is_not_written_over() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(20), Ok(())), (secs(30), Err(STORE_DOWN))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    tokio::time::sleep(secs(100)).await;
    assert_eq!(world.ledger.count("landed a2"), 2);
    assert_eq!(world.ledger.count("save a2"), 1, "the repeat that succeeded");
}

#[tokio::test(start_paused = true)]
async fn late_write_keeps_the_program_running_for_ten_seconds_from_when_it_may_do_harm() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(100), Ok(()))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    world.session.settled().await;
    quiet().await;
    assert_eq!((world.host.holds(), world.host.keeps()), (0, 1), "the newest tokens do no harm");
    world.login(Some(pair(5))).await.unwrap();
    quiet().await;
    assert_eq!(world.host.holds(), 1);
    tokio::time::sleep(secs(10)).await;
    quiet().await;
    assert_eq!((world.host.holds(), world.host.keeps()), (0, 1));
    tokio::time::sleep(secs(100)).await;
    assert_eq!(world.store.kept(), "a5");
    assert_eq!((world.host.holds(), world.host.keeps()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn late_write_of_another_client_is_written_over() {
    let world = World::using(stale(1)).await;
    let other = world.another();
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(20), Ok(()))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    other.login(Some(pair(5))).await.unwrap();
    world.host.end();
    tokio::time::sleep(secs(100)).await;
    assert_eq!(world.store.kept(), "a5");
}
