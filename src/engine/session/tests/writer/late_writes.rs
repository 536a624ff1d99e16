//! Writes that outlive their deadline, and may put older tokens over newer ones.

use crate::session::tests::support::*;
use crate::store::StoreError;

/// The write of a rotation ends with `result` 20 s after its deadline. A login has been saved before.
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
        assert_eq!(world.ledger.take(), ["save a5", "landed a2", "save a5"]);
        assert_eq!(world.store.kept(), "a5");
    }
}

/// The database may have applied it before the environment ended.
#[tokio::test(start_paused = true)]
async fn late_write_of_an_environment_that_has_ended_is_written_over() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(5), Err(StoreError::Gone))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    world.login(Some(pair(5))).await.unwrap();
    world.session.settled().await;
    assert_eq!((world.host.holds(), world.host.keeps()), (1, 1));
    world.ledger.take();
    world.store.put(Some(pair(2)));
    tokio::time::sleep(secs(100)).await;
    assert_eq!(world.ledger.take(), ["save a5"]);
    assert_eq!((world.host.holds(), world.host.keeps()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn write_that_never_ends_is_written_over_though_it_was_applied() {
    for (login, kept) in [(Some(pair(5)), "a5"), (None, "-")] {
        let world = World::using(stale(1)).await;
        world.grant.will([Reply::tokens(2)]);
        world.store.late_writes([(secs(1_000_000), Ok(()))]);
        assert_eq!(world.token().await, Ok("a2".into()));
        world.login(login).await.unwrap();
        world.session.settled().await;
        tokio::time::sleep(secs(1)).await;
        world.store.put(Some(pair(2)));
        tokio::time::sleep(secs(10)).await;
        assert_eq!(world.store.kept(), kept);
    }
}

#[tokio::test(start_paused = true)]
async fn write_that_never_ends_does_not_stop_the_writing_over_of_others() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    world.store.late_writes([(secs(20), Ok(())), (secs(1_000_000), Ok(())), (secs(1_000_000), Ok(()))]);
    assert_eq!(world.token().await, Ok("a2".into()));
    world.login(None).await.unwrap_err();
    tokio::time::sleep(secs(100)).await;
    assert_eq!(world.ledger.count("landed a2"), 1);
    assert_eq!(world.store.kept(), "-");
}

#[tokio::test(start_paused = true)]
async fn store_is_not_read_until_a_late_write_is_written_over() {
    let world = logged_in_before_a_late_write(Ok(())).await;
    tokio::time::sleep(secs(19)).await;
    world.store.fail_writes(vec![STORE_DOWN; 3]);
    tokio::time::sleep(secs(1)).await;
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
