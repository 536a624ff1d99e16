//! Logins, logouts and seeds of one process, as the others see them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::clock;
use crate::error::{Error, LostReason};
use crate::session::Credential;
use crate::session::participant::Seed;
use crate::session::tests::shared::register::FakeRegister;
use crate::session::tests::shared::*;
use crate::session::tests::support::*;
use crate::store::testing::Call;
use crate::wait::arrival::Arrival;

#[tokio::test(start_paused = true)]
async fn seed_is_stored_only_over_nothing() {
    let register = Arc::new(FakeRegister::default());
    let seeded = |n| process_with(&register, |by| by.seed = Seed::new("key".into(), Some(pair(n))));
    let (one, other) = (seeded(1), seeded(9));
    assert_eq!(one.token().await, Ok("a1".into()));
    assert_eq!(other.token().await, Ok("a1".into()));
    one.login(None).await.unwrap();
    let late = seeded(7);
    assert_eq!(late.token().await, lost(LostReason::LoggedOut), "a logout is not undone");
    assert_eq!(late.ledger.count("logout"), 0, "nobody was logged in here");
}

#[tokio::test(start_paused = true)]
async fn seed_that_could_not_be_stored_is_tried_again() {
    let register = Arc::new(FakeRegister::default());
    let world = process_with(&register, |by| by.seed = Seed::new("key".into(), Some(pair(1))));
    register.set_down(true);
    assert!(matches!(world.token().await, Err(Error::Store { .. })));
    register.set_down(false);
    register.next_writes([Call::Fails]);
    assert!(matches!(world.token().await, Err(Error::Store { .. })));
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(process(&register).token().await, Ok("a1".into()));
}

#[tokio::test(start_paused = true)]
async fn login_elsewhere_fails_the_requests_of_the_login_before() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(secs(9), 2)]);
    let (asking, begun) = (one.asking(), clock::now());
    tokio::time::sleep(secs(1)).await;
    other.login(Some(pair(5))).await.unwrap();
    assert_eq!(asking.await.unwrap(), lost(LostReason::LoggedOut));
    assert!(clock::now() - begun < secs(9), "before the answer comes");
    assert_eq!(one.token().await, Ok("a5".into()));
    one.session.settled().await;
    assert_eq!(one.token().await, Ok("a5".into()));
    assert_eq!(one.ledger.count("superseded a2"), 1);
    assert_eq!(one.ledger.count("refreshed"), 0);
    assert_eq!(other.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn request_of_the_login_before_is_not_replayed() {
    let (_register, one, other) = two(pair(1)).await;
    assert_eq!(one.token().await, Ok("a1".into()));
    let stamp = one.stamp();
    other.login(Some(pair(5))).await.unwrap();
    assert_eq!(one.rejected(stamp).await, Ok("give back".into()));
    assert_eq!(one.token().await, Ok("a5".into()));
    assert_eq!(asks(&one), 0);
}

#[tokio::test(start_paused = true)]
async fn logout_elsewhere_is_seen_within_the_time_between_two_confirmations() {
    let (_register, one, other) = two(pair(1)).await;
    assert_eq!(one.token().await, Ok("a1".into()));
    tokio::time::sleep(secs(1)).await;
    other.login(None).await.unwrap();
    tokio::time::sleep(secs(5)).await;
    assert_eq!(one.token().await, Ok("a1".into()), "in the background");
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.token().await, lost(LostReason::LoggedOut));
    assert_eq!(one.ledger.count("logout"), 1);
    other.login(Some(pair(5))).await.unwrap();
    assert_eq!(one.token().await, Ok("a5".into()), "each request reads first");
    assert_eq!(one.ledger.count("logout"), 1);
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_that_a_login_elsewhere_overtook_are_told() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(ms(100), 2)]);
    let asking = one.asking();
    quiet().await;
    tokio::time::sleep(ms(50)).await;
    register.set_down(true);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    tokio::time::sleep(secs(1)).await;
    register.set_down(false);
    other.login(Some(pair(5))).await.unwrap();
    one.session.settled().await;
    assert_eq!(one.ledger.count("superseded a2"), 1);
    assert_eq!(one.token().await, Ok("a5".into()));
    assert_eq!(other.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn session_without_a_login_sends_no_token_and_hears_of_a_login_elsewhere() {
    let register = Arc::new(FakeRegister::default());
    let anonymous = || process_with(&register, |by| by.policy.anonymous = true);
    let (one, other) = (anonymous(), anonymous());
    other.login(Some(pair(1))).await.unwrap();
    let credential = |world: &World| {
        let (session, by, epoch) = (Arc::clone(&world.session), Arc::clone(&world.by), world.session.epoch());
        async move {
            match session.credential(&by, epoch, Arrival::draw()).await.unwrap() {
                Credential::Tokens(held) => held.tokens.access.expose().to_owned(),
                Credential::Anonymous(_) => "none".into(),
            }
        }
    };
    assert_eq!(credential(&one).await, "a1");
    for (login, expected) in [(None, "none"), (Some(pair(5)), "a5")] {
        other.login(login).await.unwrap();
        tokio::time::sleep(secs(6)).await;
        assert!(one.session.credential_now(&one.by, None).is_none(), "it is to be confirmed");
        let _before = credential(&one).await;
        tokio::time::sleep(ms(10)).await;
        assert_eq!(credential(&one).await, expected);
    }
    assert_eq!(one.ledger.count("logout"), 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_another_process_has_rotated_are_revoked() {
    for by_logout in [true, false] {
        let (register, one, other) = two(pair(1)).await;
        one.grant.will([Reply::tokens(2)]);
        one.session.rotate(&one.by, None).await.unwrap();
        other.grant.revokes_on_logout.store(by_logout, Relaxed);
        let ended = if by_logout { other.login(None).await } else { other.session.revoke(&other.by).await };
        assert_eq!(ended, Ok(()));
        assert_eq!(other.ledger.count("revoke a2"), 1);
        assert_eq!(process(&register).token().await, lost(LostReason::LoggedOut));
    }
}
