//! Writes that fail, and are repeated.

mod conflicts;
mod late_writes;
mod older_stores;

use crate::clock;
use crate::session::tests::support::*;
use crate::store::StoreError;

/// A session that has rotated, and whose next `failures` writes fail.
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
async fn settled_waits_until_the_tokens_are_saved() {
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
async fn panic_in_the_store_counts_as_a_failed_write() {
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
async fn callbacks_are_kept_until_the_tokens_are_saved() {
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

#[tokio::test(start_paused = true)]
async fn client_that_comes_later_writes_what_the_ended_one_could_not() {
    let world = rotated(1_000).await;
    world.host.end();
    tokio::time::sleep(secs(3_600)).await;
    let other = World::joined(
        std::sync::Arc::clone(&world.session),
        std::sync::Arc::new(FakeStore::holding(Ledger::default(), None)),
        Ledger::default(),
        |_| {},
    );
    tokio::time::sleep(secs(6)).await;
    assert_eq!(other.store.kept(), "a2");
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_of_a_session_that_nothing_else_holds_are_given_up() {
    let World { host, session, .. } = rotated(1_000).await;
    host.end();
    let gone = std::sync::Arc::downgrade(&session);
    drop(session);
    tokio::time::sleep(secs(60)).await;
    assert_eq!((gone.strong_count(), host.keeps()), (0, 0));
}
