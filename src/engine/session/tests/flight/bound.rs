//! The key that tokens are bound to stays with them.

use crate::dpop::Key;
use crate::secret::Secret;
use crate::session::tests::fakes::{Reply, With};
use crate::session::tests::support::{World, ms, pair, unspent};
use crate::token::Tokens;

fn bound(n: u32, key: &str) -> Tokens {
    pair(n).bound_to(Key::new(Secret::new(key.into())), true)
}

fn reply(tokens: Tokens) -> Reply {
    Reply::after(ms(10), With::Tokens(tokens))
}

#[tokio::test(start_paused = true)]
async fn each_refresh_is_asked_by_the_key_of_the_tokens_that_it_replaces() {
    let world = World::using(bound(1, "k1")).await;
    world.grant.will([Reply::error(unspent(None)), reply(bound(2, "k2")), reply(pair(3)), Reply::tokens(4)]);
    for _ in 0..3 {
        world.session.rotate(&world.by, None).await.unwrap();
    }
    let asked: Vec<_> = world.ledger.take().into_iter().filter(|line| line.starts_with("ask")).collect();
    assert_eq!(asked, ["ask r1 #1 by k1", "ask r1 #2 by k1", "ask r2 #1 by k2", "ask r3 #1"]);
}

#[tokio::test(start_paused = true)]
async fn login_with_the_tokens_held_keeps_their_key() {
    let world = World::using(bound(1, "k1")).await;
    world.login(Some(pair(1))).await.unwrap();
    world.grant.will([reply(bound(2, "k1")), Reply::tokens(9)]);
    world.session.rotate(&world.by, None).await.unwrap();
    world.login(Some(pair(8))).await.unwrap();
    world.session.rotate(&world.by, None).await.unwrap();
    assert_eq!(world.ledger.count("ask r1 #1 by k1"), 1);
    assert_eq!(world.ledger.count("ask r8 #1 by"), 0);
}
