//! Tokens in use are confirmed by reads: how often, and what a read may change.

use crate::session::tests::shared::*;
use crate::session::tests::support::*;

#[tokio::test(start_paused = true)]
async fn tokens_in_use_are_confirmed_at_most_every_five_seconds() {
    let (register, one, _other) = two(pair(1)).await;
    for _ in 0..300 {
        assert_eq!(one.token().await, Ok("a1".into()));
        tokio::time::sleep(ms(100)).await;
    }
    assert_eq!(register.calls(), (5, 0));
    tokio::time::sleep(secs(60)).await;
    assert_eq!(register.calls(), (0, 0), "nobody uses them");
}

#[tokio::test(start_paused = true)]
async fn token_is_given_at_once_unless_it_is_to_be_confirmed() {
    let (_register, one, _other) = two(pair(1)).await;
    assert_eq!(one.token().await, Ok("a1".into()));
    quiet().await;
    tokio::time::sleep(ms(10)).await;
    assert!(one.session.credential_now(&one.by, None).is_some());
    tokio::time::sleep(secs(5)).await;
    assert!(one.session.credential_now(&one.by, None).is_none());
    assert_eq!(one.token().await, Ok("a1".into()));
    assert!(one.session.credential_now(&one.by, None).is_some(), "the read is under way");
}

#[tokio::test(start_paused = true)]
async fn store_that_tells_of_changes_is_read_at_each_of_them() {
    let (register, one, other) = two(pair(1)).await;
    register.tells_of_changes();
    assert_eq!(other.token().await, Ok("a1".into()));
    tokio::time::sleep(secs(3)).await;
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.rejected(one.stamp()).await, Ok("a2".into()));
    tokio::time::sleep(ms(5)).await;
    assert_eq!(other.session.now().0.unwrap().tokens.access.expose(), "a2", "without a request");
    tokio::time::sleep(secs(70)).await;
    register.calls();
    tokio::time::sleep(secs(70)).await;
    assert_eq!(register.calls(), (0, 0), "nobody uses them");
    drop(other);
}

#[tokio::test(start_paused = true)]
async fn store_that_is_down_is_not_read_for_each_request() {
    let (register, one, _other) = two(pair(1)).await;
    register.tells_of_changes();
    register.set_down(true);
    for _ in 0..100 {
        assert_eq!(one.token().await, Ok("a1".into()));
        tokio::time::sleep(ms(100)).await;
    }
    assert!(register.calls().0 <= 3);
}

#[tokio::test(start_paused = true)]
async fn store_that_went_back_in_time_gets_the_newer_tokens_again() {
    let (register, one, _other) = two(stale(1)).await;
    let before = register.documents();
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.token().await, Ok("a2".into()));
    register.restore(before);
    tokio::time::sleep(secs(6)).await;
    assert_eq!(one.token().await, Ok("a2".into()));
    tokio::time::sleep(ms(10)).await;
    let late = process(&register);
    assert_eq!(late.token().await, Ok("a2".into()));
    assert_eq!(asks(&late), 0);
}
