//! Refresh tokens without an access token: from a refresh whose answer was half usable, and from a seed.

use crate::clock;
use crate::error::RefreshFailureKind;
use crate::grant::GrantError;
use crate::secret::Secret;
use crate::session::participant::Seed;
use crate::session::tests::support::*;
use crate::token::Tokens;

fn only(refresh: &str) -> GrantError {
    GrantError::Malformed { refresh: Some(Secret::new(refresh.into())), cause: None }
}

fn stored_refresh(world: &World) -> Option<String> {
    world.store.tokens().and_then(|tokens| tokens.refresh).map(|token| token.expose().to_owned())
}

#[tokio::test(start_paused = true)]
async fn refresh_token_is_kept_though_its_access_token_is_unusable() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(only("r2")), Reply::tokens(3)]);
    let (kind, pause) = cooling(world.token().await);
    assert_eq!(kind, RefreshFailureKind::Malformed);
    assert_eq!((world.store.kept(), stored_refresh(&world)), ("a1".into(), Some("r2".into())));
    tokio::time::sleep(pause).await;
    assert_eq!(world.token().await, Ok("a3".into()));
    assert_eq!((world.ledger.count("ask r1"), world.ledger.count("ask r2")), (1, 1));
    assert_eq!(world.by.counters.ambiguous.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn access_token_that_is_still_valid_serves_on_with_the_new_refresh_token() {
    let world = World::using(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    world.grant.will([Reply::error(only("r2"))]);
    assert_eq!(world.token().await, Ok("a1".into()));
    world.session.settled().await;
    let stamp = world.stamp();
    assert_eq!(world.token().await, Ok("a1".into()));
    assert!(world.rejected(stamp).await.is_err(), "the same access token is not sent again");
    tokio::time::sleep(secs(15)).await;
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.token().await, Ok("a3".into()));
    assert_eq!(world.ledger.count("ask r2"), 1);
}

#[tokio::test(start_paused = true)]
async fn login_with_the_token_that_was_replaced_does_not_send_it_again() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(only("r2")), Reply::tokens(3)]);
    let (_, _) = cooling(world.token().await);
    world.login(Some(stale(1))).await.unwrap();
    world.session.settled().await;
    let begun = clock::now();
    while world.token().await.is_err() {
        assert!(clock::now() - begun < secs(10));
        tokio::time::sleep(secs(1)).await;
    }
    assert_eq!((world.ledger.count("ask r1"), world.ledger.count("ask r2")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn refresh_token_that_comes_first_is_kept_alone() {
    let world = World::new(None);
    world.grant.will([Reply::error(only("r2")), Reply::tokens(3)]);
    let (_, pause) = cooling(world.token().await);
    assert_eq!(stored_refresh(&world), Some("r2".into()));
    tokio::time::sleep(pause).await;
    assert_eq!(world.token().await, Ok("a3".into()));
    assert_eq!(world.ledger.count("ask r2"), 1);
}

#[tokio::test(start_paused = true)]
async fn refresh_token_alone_is_a_seed_and_a_login() {
    let alone = || Tokens::without_access(Secret::new("r1".into()));
    let world = World::with(None, |by| by.seed = Seed::new("key".into(), Some(alone())));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask r1"), 1);
    let world = World::new(None);
    world.login(Some(alone())).await.unwrap();
    world.grant.will([Reply::tokens(2)]);
    let rotated = world.session.rotate(&world.by, Some(&Secret::new("a0".into()))).await.unwrap();
    assert_eq!(rotated.tokens.access.expose(), "a2");
    assert_eq!(world.ledger.count("ask r1"), 1);
}

#[tokio::test(start_paused = true)]
async fn failure_without_a_refresh_token_says_that_nobody_is_logged_in() {
    let world = World::new(None);
    world.grant.will([Reply::error(GrantError::Unknown { cause: None })]);
    let (kind, _) = cooling(world.token().await);
    assert_eq!(kind, RefreshFailureKind::NotLoggedIn);
    assert_eq!(world.ledger.count("ask nothing"), 1);
    world.login(Some(pair(1))).await.unwrap();
    assert_eq!(world.token().await, Ok("a1".into()), "a login ends the cool-down");
}
