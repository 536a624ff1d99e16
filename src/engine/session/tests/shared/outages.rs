//! A store that is down, or that fails a write.

use crate::error::{Error, LostReason};

use crate::session::tests::shared::*;
use crate::session::tests::support::*;
use crate::store::StoreError;
use crate::store::testing::Call;

#[tokio::test(start_paused = true)]
async fn valid_tokens_are_used_while_the_store_is_down_and_rotation_goes_on_within_five_seconds() {
    let (register, one, _other) = two(living(1, secs(100))).await;
    register.set_down(true);
    for _ in 0..10 {
        assert_eq!(one.token().await, Ok("a1".into()));
        tokio::time::sleep(secs(9)).await;
    }
    tokio::time::sleep(secs(11)).await;
    for _ in 0..60 {
        let error = one.token().await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), ("ERR_STORE_UNAVAILABLE", true));
        tokio::time::sleep(secs(1)).await;
    }
    assert_eq!(asks(&one), 0, "nothing is sent that could not be saved");
    register.set_down(false);
    tokio::time::sleep(secs(5)).await;
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn commit_that_fails_serves_from_memory_and_is_repeated() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(ms(100), 2)]);
    let asking = one.asking();
    quiet().await;
    tokio::time::sleep(ms(50)).await;
    register.set_down(true);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    tokio::time::sleep(secs(1)).await;
    assert_eq!(one.token().await, Ok("a2".into()));
    assert!(one.ledger.count("persist failed ERR_STORE_UNAVAILABLE") > 0);
    assert_eq!(one.host.holds(), 1, "the program runs until they are saved");
    register.set_down(false);
    one.session.settled().await;
    assert_eq!(one.host.holds(), 0);
    assert_eq!(other.token().await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn login_that_could_not_be_stored_serves_from_memory_and_is_repeated() {
    let (register, one, other) = two(pair(1)).await;
    register.set_down(true);
    assert!(matches!(one.login(Some(pair(5))).await, Err(Error::Store { .. })));
    assert_eq!(one.token().await, Ok("a5".into()));
    one.accepted();
    assert!(matches!(one.rejected(one.stamp()).await, Err(Error::Store { .. })));
    assert_eq!(asks(&one), 0);
    register.set_down(false);
    one.session.settled().await;
    assert_eq!(one.token().await, Ok("a5".into()));
    tokio::time::sleep(secs(6)).await;
    let _confirmed = other.token().await;
    tokio::time::sleep(ms(10)).await;
    assert_eq!(other.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn write_that_fails_or_is_not_answered_is_made_up_for_at_once() {
    let (register, one, other) = two(stale(1)).await;
    register.next_writes([Call::Fails]);
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.token().await, Ok("a2".into()));
    register.next_writes([Call::Unanswered]);
    one.login(Some(pair(5))).await.unwrap();
    assert_eq!(other.token().await, lost(LostReason::LoggedOut), "the request belongs to the login before");
    assert_eq!(other.token().await, Ok("a5".into()));
    assert_eq!((asks(&one), one.ledger.count("persist failed")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn login_is_not_given_up_for_the_one_that_is_stored() {
    let (register, one, _other) = two(pair(1)).await;
    tokio::time::sleep(secs(6)).await;
    assert_eq!(one.token().await, Ok("a1".into()), "it is confirmed in the background");
    quiet().await;
    let begun = one.session.begin_login(&one.by, Some(pair(5)));
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.token().await, Ok("a5".into()), "after the read that shows the login before");

    register.next_writes([Call::Fails; 6]);
    assert!(one.session.store_login(&one.by, begun).await.is_err());
    assert!(matches!(one.rejected(one.stamp()).await, Err(Error::Store { .. })), "it is stored first");
    assert_eq!(one.token().await, Ok("a5".into()));
    one.session.settled().await;
    assert_eq!(process(&register).token().await, Ok("a5".into()));
    assert_eq!(asks(&one), 0);
}

#[tokio::test(start_paused = true)]
async fn logout_whose_write_failed_is_not_undone_by_the_tokens_that_are_stored() {
    let (register, one, other) = two(pair(1)).await;
    register.set_down(true);
    assert!(one.login(None).await.is_err());
    register.set_down(false);
    assert_eq!(one.token().await, lost(LostReason::LoggedOut));
    one.session.settled().await;
    assert_eq!(one.token().await, lost(LostReason::LoggedOut));
    assert_eq!(other.rejected(other.stamp()).await, Ok("give back".into()));
    assert_eq!(other.token().await, lost(LostReason::LoggedOut));
}

#[test]
fn error_of_a_store_in_rust_says_what_to_do() {
    let fault = crate::store::StoreFault::TooNew { min: 3 };
    let error = StoreError::Fault(fault).told(crate::error::StoreAction::Read);
    let text = "the store could not be read: a newer release of token-rotator wrote the record (format 3); upgrade this process; the tokens in memory are kept";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.code(), "ERR_STORE_UNAVAILABLE");
}
