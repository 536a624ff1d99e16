//! Sessions whose requests may go out without a token.

use crate::error::{Error, LostReason};
use crate::session::Credential;
use crate::session::Stamp;
use crate::session::participant::Participant;
use crate::session::tests::support::*;
use crate::token::Tokens;
use crate::token::tests::with_refresh;
use crate::wait::arrival::Arrival;

fn anonymous(by: &mut Participant) {
    by.policy.anonymous = true;
}

fn forgetful(by: &mut Participant) {
    by.policy.anonymous = true;
    by.policy.forgets = true;
}

/// The credential of a request that is made now: an access token or `-`, and its stamp.
async fn credential(world: &World) -> Result<(String, Stamp), Error> {
    let session = &world.session;
    session.credential(&world.by, session.epoch(), Arrival::draw()).await.map(|credential| match credential {
        Credential::Tokens(held) => (held.tokens.access.expose().to_owned(), Stamp::of(&held)),
        Credential::Anonymous(stamp) => ("-".into(), stamp),
    })
}

async fn nobody(world: &World) -> Stamp {
    let (token, stamp) = credential(world).await.unwrap();
    assert_eq!(token, "-");
    stamp
}

fn access_only(n: u32) -> Tokens {
    with_refresh(pair(n), None)
}

#[tokio::test(start_paused = true)]
async fn requests_go_without_a_token_and_their_rejections_rotate_once() {
    let world = World::with(None, anonymous);
    let stamp = nobody(&world).await;
    world.grant.will([Reply::late(ms(50), 1)]);
    let rejected = [world.rejecting(stamp), world.rejecting(stamp)];
    quiet().await;
    let made_meanwhile = credential(&world).await.unwrap();
    assert_eq!(made_meanwhile.0, "a1", "what comes is waited for");
    for rejected in rejected {
        assert_eq!(rejected.await.unwrap(), Ok("a1".into()));
    }
    assert_eq!(world.rejected(stamp).await, Ok("a1".into()), "a late rejection gets what is held");
    assert_eq!(world.store.kept(), "a1");
    assert_eq!(world.grant.rest(), 0);
}

#[tokio::test(start_paused = true)]
async fn refresh_that_fails_leaves_requests_without_a_token() {
    for change in [anonymous as fn(&mut Participant), forgetful] {
        let world = World::using_with(pair(1), change).await;
        let stamp = world.stamp();
        let forgets = world.by.policy.forgets;
        world.grant.will([Reply::error(AMBIGUOUS)]);
        let _failed = world.rejected(stamp).await.unwrap_err();
        assert_eq!(credential(&world).await.unwrap().0, if forgets { "-" } else { "a1" });
        cooling(world.rejected(stamp).await);
    }
}

#[tokio::test(start_paused = true)]
async fn lost_session_asks_the_store_whether_somebody_has_logged_in() {
    let world = World::using_with(pair(1), anonymous).await;
    let sent_with = world.stamp();
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.rejected(sent_with).await, lost(LostReason::Rejected));
    let stamp = nobody(&world).await;
    assert_eq!(world.rejected(stamp).await, Ok("give back".into()), "the lost tokens are no login");
    world.store.fail_reads([STORE_DOWN]);
    assert_eq!(world.rejected(stamp).await, Ok("give back".into()));
    world.store.put(Some(pair(5)));
    assert_eq!(world.rejected(sent_with).await, Ok("give back".into()), "it was made for the login before");
    assert_eq!(world.rejected(stamp).await, Ok("a5".into()));
    assert_eq!(world.rejected(sent_with).await, Ok("give back".into()));
    assert_eq!(world.session.epoch(), 1);
}

#[tokio::test(start_paused = true)]
async fn request_without_a_token_asks_the_store_also_if_it_was_sent_before_the_loss() {
    let world = World::with(None, anonymous);
    let stamp = nobody(&world).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.rejected(stamp).await, lost(LostReason::NoRefreshToken));
    world.store.put(Some(pair(5)));
    assert_eq!(world.rejected(stamp).await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn logout_is_not_undone_by_what_the_store_still_holds() {
    let world = World::using_with(pair(1), anonymous).await;
    world.login(None).await.unwrap();
    world.store.put(Some(pair(1)));
    let stamp = nobody(&world).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.rejected(stamp).await, lost(LostReason::NoRefreshToken));
}

#[tokio::test(start_paused = true)]
async fn logout_before_the_store_was_read_is_not_undone_either() {
    let world = World::with(Some(pair(1)), anonymous);
    world.store.slow(ms(50), []);
    let reading = world.asking();
    quiet().await;
    world.login(None).await.unwrap();
    world.store.put(Some(pair(1)));
    assert_eq!(reading.await.unwrap(), lost(LostReason::LoggedOut));
    tokio::time::sleep(ms(100)).await;
    let stamp = nobody(&world).await;
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.rejected(stamp).await, lost(LostReason::NoRefreshToken));
}

#[tokio::test(start_paused = true)]
async fn store_that_cannot_be_read_keeps_no_request_back() {
    let world = World::with(Some(pair(1)), anonymous);
    world.store.fail_reads([STORE_DOWN, STORE_DOWN]);
    let stamp = nobody(&world).await;
    assert!(matches!(world.rejected(stamp).await, Err(Error::Store { .. })));
    assert_eq!(world.rejected(stamp).await, Ok("a1".into()), "read anew for a rejection");
    assert_eq!(world.ledger.take(), ["read failed", "read failed", "read a1"]);
}

#[tokio::test(start_paused = true)]
async fn late_refresh_is_told_at_once_and_still_taken() {
    for change in [anonymous as fn(&mut Participant), forgetful] {
        let world = World::using_with(pair(1), change).await;
        let forgets = world.by.policy.forgets;
        world.grant.will([Reply::late(secs(12), 2)]);
        let late = world.rejected(world.stamp()).await;
        assert!(matches!(late, Err(Error::RefreshTimeout { .. })));
        assert_eq!(world.ledger.take(), ["read a1", "before", "ask r1 #1", "failed ERR_REFRESH_TIMEOUT"]);
        assert_eq!(world.session.now().0.is_none(), forgets);
        assert_eq!(credential(&world).await.unwrap_err().code(), "ERR_REFRESH_TIMEOUT");
        tokio::time::sleep(secs(3)).await;
        assert_eq!(credential(&world).await.unwrap().0, "a2");
        assert_eq!(world.ledger.take(), ["save a2", "refreshed a2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn stored_tokens_with_the_access_token_held_are_refreshed_at_once() {
    let world = World::using(pair(1)).await;
    world.login(Some(access_only(5))).await.unwrap();
    world.store.put(Some(pair(5)));
    world.grant.will([Reply::tokens(6)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a6".into()));
    assert_eq!(world.grant.rest(), 0);
}

#[tokio::test(start_paused = true)]
async fn login_with_tokens_that_were_replaced_makes_them_count_again() {
    let world = World::using_with(pair(1), anonymous).await;
    world.login(None).await.unwrap();
    world.login(Some(access_only(1))).await.unwrap();
    world.store.put(Some(pair(1)));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
}
