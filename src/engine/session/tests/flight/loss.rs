//! The end of a session, and refusals that are not its end.

use crate::clock;
use crate::error::LostReason;
use crate::session::tests::support::*;
use crate::session::{Endpoint, Sending};
use crate::token::tests::with_refresh;

#[tokio::test(start_paused = true)]
async fn refused_token_reads_the_store_three_times_more_and_ends_the_session_once() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    let begun = clock::now();
    let waiters = [world.asking(), world.asking()];
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), lost(LostReason::Rejected));
    }
    assert_eq!(clock::now() - begun, ms(10 + 25 + 50 + 100));
    let reads = ["read a1"; 3];
    let mut lines = vec!["read a1", "before", "ask r1 #1"];
    lines.extend(reads);
    lines.extend(["failed ERR_SESSION_LOST", "logout"]);
    assert_eq!(world.ledger.take(), lines);
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_no_loss_if_the_store_has_newer_tokens() {
    for (moves_after, reads) in [(0, 2), (40, 3), (120, 4)] {
        let world = World::using(stale(1)).await;
        world.grant.will([Reply::error(TERMINAL)]);
        let asking = world.asking();
        tokio::time::sleep(ms(11 + moves_after)).await;
        world.store.put(Some(pair(2)));
        assert_eq!(asking.await.unwrap(), Ok("a2".into()));
        assert_eq!(world.ledger.count("read"), reads);
        assert_eq!(world.ledger.count("logout") + world.ledger.count("failed"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_no_loss_if_the_newer_tokens_of_the_store_have_expired() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL), Reply::tokens(3)]);
    let asking = world.asking();
    tokio::time::sleep(ms(11)).await;
    world.store.put(Some(stale(2)));
    assert_eq!(asking.await.unwrap(), Ok("a3".into()));
    assert_eq!(world.ledger.count("ask r2"), 1);
}

#[tokio::test(start_paused = true)]
async fn lost_session_refreshes_nothing_until_the_next_login() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    let stamp = world.stamp();
    assert!(world.token().await.is_err());
    world.ledger.take();
    for _ in 0..100 {
        assert_eq!(world.token().await, lost(LostReason::Rejected));
        assert_eq!(world.rejected(stamp).await, lost(LostReason::Rejected));
        assert!(world.session.rotate(&world.by, None).await.is_err());
        tokio::time::sleep(secs(60)).await;
    }
    let looks = world.ledger.take();
    assert!(looks.len() < 100 && looks.iter().all(|line| line == "read a1"), "it looks, and sends nothing");
    world.login(Some(pair(5))).await.unwrap();
    assert_eq!(world.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn loss_gives_its_reason() {
    let without_refresh_token = with_refresh(stale(1), None);
    let world = World::using(without_refresh_token).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, lost(LostReason::NoRefreshToken));

    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::error(TERMINAL)]);
    let (_, pause) = cooling(world.token().await);
    tokio::time::sleep(pause).await;
    assert_eq!(world.token().await, lost(LostReason::RotationOutcomeUnknown));
    assert_eq!(world.by.counters.reuse_suspected.get(), 1);

    world.login(None).await.unwrap();
    assert_eq!(world.token().await, lost(LostReason::LoggedOut));
}

#[tokio::test(start_paused = true)]
async fn token_that_may_be_spent_says_nothing_about_the_next_token() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(AMBIGUOUS), Reply::error(TERMINAL)]);
    let (_, pause) = cooling(world.token().await);
    tokio::time::sleep(pause).await;
    world.store.put(Some(stale(2)));
    assert_eq!(world.token().await, lost(LostReason::Rejected));
}

#[tokio::test(start_paused = true)]
async fn token_that_may_be_spent_stays_so_after_failures_of_other_kinds() {
    let world = World::using_with(stale(1), |by| by.policy.max_retries = 0).await;
    for error in [AMBIGUOUS, unspent(None)] {
        world.grant.will([Reply::error(error)]);
        let (_, pause) = cooling(world.token().await);
        tokio::time::sleep(pause).await;
    }
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, lost(LostReason::RotationOutcomeUnknown));
}

#[tokio::test(start_paused = true)]
async fn refused_token_that_turns_up_in_the_store_again_is_not_sent() {
    let world = World::using(stale(0)).await;
    world.store.put(Some(stale(1)));
    world.grant.will([Reply::error(TERMINAL), Reply::tokens(3)]);
    let asking = world.asking();
    tokio::time::sleep(ms(11)).await;
    world.store.put(Some(pair(2)));
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    world.store.put(Some(stale(1)));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    assert_eq!((world.ledger.count("ask r1"), world.ledger.count("ask r2")), (1, 1));
}

/// A session that is lost since a second or more.
async fn lost_world() -> World {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, lost(LostReason::Rejected));
    tokio::time::sleep(secs(1)).await;
    world.ledger.take();
    world
}

#[tokio::test(start_paused = true)]
async fn login_of_another_process_revives_a_lost_session_and_serves_the_call_that_asked() {
    let world = lost_world().await;
    world.store.put(Some(pair(5)));
    let asking = [world.asking(), world.asking()];
    for asking in asking {
        assert_eq!(asking.await.unwrap(), Ok("a5".into()));
    }
    assert_eq!(world.ledger.take(), ["read a5"]);

    let world = lost_world().await;
    world.store.put(Some(pair(5)));
    assert_eq!(world.session.tokens(&world.by).await.unwrap().unwrap().tokens.access.expose(), "a5");
    let world = lost_world().await;
    world.store.put(Some(pair(5)));
    assert_eq!(world.session.rotate(&world.by, None).await.unwrap().tokens.access.expose(), "a5");
    assert_eq!(world.ledger.count("ask"), 0, "it has just been logged in");
}

#[tokio::test(start_paused = true)]
async fn lost_session_reads_its_store_once_a_second_while_it_is_asked() {
    let world = lost_world().await;
    for _ in 0..30 {
        assert_eq!(world.token().await, lost(LostReason::Rejected));
        tokio::time::sleep(ms(100)).await;
    }
    assert_eq!(world.ledger.take(), ["read a1"; 3]);
    tokio::time::sleep(secs(60)).await;
    assert!(world.ledger.take().is_empty(), "nobody asks");
    world.store.fail_reads([STORE_DOWN]);
    assert_eq!(world.token().await, lost(LostReason::Rejected), "of the loss, and not of the store");
}

#[tokio::test(start_paused = true)]
async fn refused_refresh_token_is_not_sent_again_whatever_access_token_is_stored_with_it() {
    let world = lost_world().await;
    world.store.put(Some(mixed(7, 1).expiring_at(Some(1))));
    assert_eq!(world.token().await, lost(LostReason::Rejected));
    tokio::time::sleep(secs(1)).await;
    world.store.put(Some(mixed(1, 7)));
    assert_eq!(world.token().await, Ok("a1".into()), "mended by hand");
    assert_eq!(world.ledger.count("ask"), 0);
}

/// The access token of one pair with the refresh token of another.
fn mixed(access: u32, refresh: u32) -> crate::token::Tokens {
    with_refresh(pair(access), pair(refresh).refresh)
}

#[tokio::test(start_paused = true)]
async fn tokens_that_a_store_has_lost_serve_again_when_a_backup_brings_them_back() {
    let world = World::using(pair(1)).await;
    world.store.put(None);
    assert_eq!(world.rejected(world.stamp()).await, lost(LostReason::LoggedOut));
    world.store.put(Some(pair(1)));
    assert_eq!(
        world.token().await,
        lost(LostReason::LoggedOut),
        "it may be a copy that lags behind a logout"
    );
    tokio::time::sleep(secs(1)).await;
    assert_eq!(world.token().await, Ok("a1".into()), "no server has refused them");
}

#[tokio::test(start_paused = true)]
async fn logged_out_session_finds_the_login_of_another_process_and_not_its_own_late_writes() {
    let world = World::using(pair(1)).await;
    world.store.late_writes([(secs(3), Ok(()))]);
    let late = world.login(Some(pair(2))).await;
    assert!(late.is_err(), "{late:?}");
    world.login(None).await.unwrap();
    for _ in 0..10 {
        assert_eq!(world.token().await, lost(LostReason::LoggedOut));
        tokio::time::sleep(secs(1)).await;
    }
    assert_eq!((world.ledger.count("landed a2"), world.store.kept().as_str()), (1, "-"));
    world.store.put(Some(pair(5)));
    assert_eq!(world.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn refused_early_refresh_tells_the_program_and_the_token_serves_to_its_end() {
    let world = World::using(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    world.session.settled().await;
    for told in ["failed ERR_SESSION_LOST", "logout", "ask"] {
        assert_eq!(world.ledger.count(told), 1, "{told}");
    }
    for _ in 0..14 {
        assert_eq!(world.token().await, Ok("a1".into()));
        tokio::time::sleep(secs(1)).await;
    }
    tokio::time::sleep(secs(2)).await;
    assert_eq!(world.token().await, lost(LostReason::Rejected));
    for told in ["failed", "logout", "ask"] {
        assert_eq!(world.ledger.count(told), 1, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn token_of_a_lost_session_serves_until_it_is_rejected() {
    let world = World::using(living(1, secs(100))).await;
    world.accepted();
    world.grant.will([Reply::error(TERMINAL)]);
    assert!(world.session.rotate(&world.by, None).await.is_err());
    assert_eq!(world.token().await, Ok("a1".into()));
    let elsewhere = Sending { endpoint: Endpoint { resource: 9, shape: 9 }, ..sending(world.stamp()) };
    assert_eq!(world.rejects(elsewhere).await, Ok("give back".into()), "it says nothing about the token");
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(world.rejected(world.stamp()).await, lost(LostReason::Rejected));
    assert_eq!(world.token().await, lost(LostReason::Rejected));
}

#[tokio::test(start_paused = true)]
async fn token_that_was_rejected_does_not_serve_after_a_loss() {
    let world = World::using(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(world.rejected(world.stamp()).await, lost(LostReason::Rejected));
    assert_eq!(world.token().await, lost(LostReason::Rejected));
}

#[tokio::test(start_paused = true)]
async fn lost_tokens_that_were_not_saved_are_not_written_over_the_login_of_another_process() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::after(ms(10), With::Tokens(stale(2))), Reply::error(TERMINAL)]);
    world.store.fail_writes(vec![STORE_DOWN; 3]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.token().await, lost(LostReason::Rejected));
    world.store.put(Some(pair(5)));
    tokio::time::sleep(secs(20)).await;
    assert_eq!((world.store.kept(), world.token().await), ("a5".into(), Ok("a5".into())));
    assert_eq!(world.ledger.count("save"), 0);
}
