//! Refreshes that fail, come late or never end.

use std::sync::Arc;

use crate::error::{Error, LostReason};
use crate::grant::GrantError;
use crate::session::tests::shared::*;
use crate::session::tests::support::*;

#[tokio::test(start_paused = true)]
async fn loss_that_one_process_finds_holds_for_all_until_the_next_login() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(one.token().await, lost(LostReason::Rejected));
    for _ in 0..3 {
        assert_eq!(other.token().await, lost(LostReason::Rejected));
    }
    let late = process(&register);
    assert!(late.token().await.is_err());
    assert_eq!((asks(&other), asks(&late)), (0, 0));
    assert_eq!((one.ledger.count("logout"), other.ledger.count("logout")), (1, 1));
    one.login(Some(pair(5))).await.unwrap();
    assert_eq!(other.token().await, Ok("a5".into()));
    assert_eq!(late.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn late_answer_fails_the_callers_and_reaches_all_processes() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(secs(12), 2)]);
    let asking = one.asking();
    quiet().await;
    tokio::time::sleep(ms(100)).await;
    let waiting = other.asking();
    assert_eq!(asking.await.unwrap(), Err(Error::RefreshTimeout { after: secs(10) }));
    assert_eq!(one.token().await, Err(Error::RefreshTimeout { after: secs(10) }));
    assert_eq!(waiting.await.unwrap(), Ok("a2".into()));
    one.session.settled().await;
    assert_eq!(one.token().await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn process_that_cools_down_adopts_what_another_one_brings_meanwhile() {
    let (_register, one, other) = two(stale(1)).await;
    loop {
        one.grant.will([Reply::error(unspent(None))]);
        let (_, pause) = cooling(one.token().await);
        if pause > secs(12) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    other.grant.will([Reply::tokens(2)]);
    assert_eq!(other.token().await, Ok("a2".into()));
    tokio::time::sleep(secs(6)).await;
    cooling(one.token().await);
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn living_process_that_never_ends_its_rotation_is_waited_for_with_patience_and_not_for_ever() {
    let (register, _one, other) = two(stale(1)).await;
    let endless = process_with(&register, |by| {
        let mut slow = fleet(&register);
        slow.settings.refresh_deadline = secs(1_000);
        by.fleet = Some(Arc::new(slow));
        by.policy.refresh_timeout = secs(1_000);
    });
    endless.grant.will([Reply::never()]);
    drop(endless.asking());
    quiet().await;
    tokio::time::sleep(ms(100)).await;
    let error = other.token().await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("ERR_LOCK_TIMEOUT", true));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn refresh_token_without_an_access_token_is_committed_for_all() {
    let (_register, one, other) = two(stale(1)).await;
    let malformed = GrantError::Malformed { refresh: pair(2).refresh, cause: None };
    one.grant.will([Reply::error(malformed)]);
    assert_eq!(one.token().await.unwrap_err().code(), "ERR_REFRESH_MALFORMED");
    other.grant.will([Reply::tokens(3)]);
    assert_eq!(other.token().await, Ok("a3".into()));
    assert_eq!(other.ledger.count("ask r2"), 1);
}

#[tokio::test(start_paused = true)]
async fn pause_that_the_server_asks_for_holds_for_all() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::error(unspent(Some(secs(30))))]);
    cooling(one.token().await);
    let (_, pause) = cooling(other.token().await);
    assert!(pause > secs(25) && pause <= secs(30), "{pause:?}");
    assert_eq!(asks(&other), 0);
}
