//! Tokens that nobody needs any more: the server is told of them.

use std::sync::atomic::Ordering::Relaxed;

use crate::error::LostReason;
use crate::session::participant::Seed;
use crate::session::tests::support::*;

async fn revoking(stored: crate::token::Tokens) -> World {
    let world = World::using(stored).await;
    world.grant.revokes_on_logout.store(true, Relaxed);
    world
}

#[tokio::test(start_paused = true)]
async fn a_logout_revokes_the_tokens_of_its_login_after_it_is_stored() {
    let world = revoking(pair(1)).await;
    world.login(None).await.unwrap();
    let lines = world.ledger.take();
    let at = |start: &str| lines.iter().position(|line| line.starts_with(start)).expect(start);
    assert!(at("save -") < at("revoke a1"), "{lines:?}");
    assert_eq!(world.store.kept(), "-");
}

#[tokio::test(start_paused = true)]
async fn a_logout_without_the_option_and_a_login_revoke_nothing() {
    let world = World::using(pair(1)).await;
    world.login(None).await.unwrap();
    let other = revoking(pair(1)).await;
    other.login(Some(pair(2))).await.unwrap();
    assert_eq!((world.ledger.count("revoke"), other.ledger.count("revoke")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_logout_revokes_tokens_that_only_the_store_has() {
    let world = World::new(Some(pair(1)));
    world.grant.revokes_on_logout.store(true, Relaxed);
    world.login(None).await.unwrap();
    assert_eq!(world.ledger.count("revoke a1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_logout_revokes_a_seed_that_nobody_has_used() {
    let world = World::with(None, |by| by.seed = Seed::new("key".into(), Some(pair(1))));
    world.grant.revokes_on_logout.store(true, Relaxed);
    world.login(None).await.unwrap();
    assert_eq!(world.ledger.count("revoke a1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_logout_that_reads_the_store_counts_at_once() {
    let world = World::new(Some(pair(1)));
    world.grant.revokes_on_logout.store(true, Relaxed);
    world.store.slow(ms(50), []);
    let (logout, request) = tokio::join!(world.login(None), world.token());
    assert_eq!((logout, request), (Ok(()), lost(LostReason::LoggedOut)));
    assert_eq!(world.ledger.count("revoke a1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_before_the_tokens_to_revoke_are_read_goes_on() {
    for by_logout in [true, false] {
        let world = World::new(Some(pair(1)));
        world.grant.revokes_on_logout.store(by_logout, Relaxed);
        world.store.slow(ms(50), []);
        let ends =
            async { if by_logout { world.login(None).await } else { world.session.revoke(&world.by).await } };
        let (ended, login) = tokio::join!(ends, world.login(Some(pair(5))));
        assert_eq!((ended, login), (Ok(()), Ok(())));
        assert_eq!(world.token().await, Ok("a5".into()));
        assert_eq!((world.store.kept(), world.ledger.count("revoke a5")), ("a5".into(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_fails_takes_nothing_from_the_logout() {
    let world = revoking(pair(1)).await;
    world.grant.keeps_tokens.store(true, Relaxed);
    world.login(None).await.unwrap();
    assert_eq!(world.ledger.count("revoke failed ERR_REVOKE_FAILED"), 1);
    assert_eq!(world.store.kept(), "-");
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_a_refresh_that_a_logout_overtook_are_revoked() {
    for (revokes, login, expected) in [(true, None, 1), (true, Some(pair(5)), 0), (false, None, 0)] {
        let world = World::using(stale(1)).await;
        world.grant.revokes_on_logout.store(revokes, Relaxed);
        world.grant.will([Reply::tokens(2)]);
        drop(world.asking());
        quiet().await;
        world.login(login).await.unwrap();
        world.session.settled().await;
        assert_eq!(world.ledger.count("superseded a2"), 1);
        assert_eq!(world.ledger.count("revoke a2"), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn revoke_ends_the_tokens_held_and_the_login() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::tokens(2)]);
    drop(world.asking());
    quiet().await;
    world.session.revoke(&world.by).await.unwrap();
    world.session.settled().await;
    assert_eq!((world.ledger.count("revoke a1"), world.ledger.count("revoke a2")), (1, 1));
    assert_eq!(world.store.kept(), "-");
    assert!(world.session.tokens(&world.by).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_if_the_server_does_not_revoke_its_tokens() {
    let world = World::using(pair(1)).await;
    world.grant.keeps_tokens.store(true, Relaxed);
    let error = world.session.revoke(&world.by).await.unwrap_err();
    assert!(error.retryable() && error.code() == "ERR_REVOKE_FAILED", "{error}");
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(world.ledger.count("save"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_login_while_tokens_are_revoked_goes_on() {
    let world = World::using(pair(1)).await;
    *world.grant.revoking.lock().unwrap() = ms(50);
    let (revoked, login) = tokio::join!(world.session.revoke(&world.by), async {
        tokio::time::sleep(ms(20)).await;
        world.login(Some(pair(5))).await
    });
    assert_eq!((revoked, login), (Ok(()), Ok(())));
    assert_eq!(world.token().await, Ok("a5".into()));
    assert_eq!(world.store.kept(), "a5");
}
