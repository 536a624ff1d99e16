//! Stores that hold less than the session: rolled back, emptied, or read from a replica that lags behind.

use crate::error::LostReason;
use crate::session::tests::support::*;
use crate::token::Tokens;

#[tokio::test(start_paused = true)]
async fn store_is_never_believed_however_far_it_is_rolled_back() {
    for rotations in [1, 32, 33, 500] {
        let world = World::using(pair(1)).await;
        for n in 2..=rotations + 1 {
            world.grant.will([Reply::tokens(n)]);
            assert_eq!(world.rejected(world.stamp()).await, Ok(format!("a{n}")));
            world.accepted();
        }
        world.store.put(Some(pair(1)));
        world.grant.will([Reply::tokens(999)]);
        assert_eq!(world.rejected(world.stamp()).await, Ok("a999".into()), "{rotations} rotations back");
        assert_eq!(world.ledger.count("ask r1 "), 1);
        assert_eq!(world.store.kept(), "a999");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_expire_before_those_held_are_no_news() {
    let world = World::using(living(2, secs(100))).await;
    world.store.put(Some(living(1, secs(50))));
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
    assert_eq!((world.ledger.count("ask r2"), world.by.counters.adopted.get()), (1, 0));
}

/// Another process has rotated, and its clock or its server gives shorter lives.
#[tokio::test(start_paused = true)]
async fn tokens_that_expire_sooner_are_adopted_once_the_token_held_is_refused() {
    let world = World::using(living(2, secs(100))).await;
    world.store.put(Some(living(3, secs(50))));
    world.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a3".into()));
}

/// The next reads show `older`, until `after`. Then the store shows `then`.
async fn lagging(
    world: &World,
    older: Option<Tokens>,
    after: u64,
    then: Tokens,
) -> Result<String, crate::error::Error> {
    world.store.put(older);
    let rejected = world.rejecting(world.stamp());
    tokio::time::sleep(ms(after)).await;
    world.store.put(Some(then));
    rejected.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn store_that_shows_replaced_tokens_is_read_again_before_anything_is_spent() {
    for after in [10, 60, 160] {
        let world = World::using(pair(1)).await;
        world.grant.will([Reply::tokens(2)]);
        assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
        world.accepted();
        // Another process has spent the tokens held, and a replica does not know it yet.
        assert_eq!(lagging(&world, Some(pair(1)), after, pair(3)).await, Ok("a3".into()));
        assert_eq!(world.ledger.count("ask"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn empty_read_is_no_logout_if_the_next_read_shows_the_tokens() {
    for after in [10, 60, 160] {
        let world = World::using(pair(1)).await;
        world.grant.will([Reply::tokens(2)]);
        assert_eq!(lagging(&world, None, after, pair(1)).await, Ok("a2".into()));
        assert_eq!(world.ledger.count("logout"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn store_that_stays_empty_is_a_logout_after_three_reads_more() {
    let world = World::using(pair(1)).await;
    world.store.put(None);
    assert_eq!(world.rejected(world.stamp()).await, lost(LostReason::LoggedOut));
    assert_eq!((world.ledger.count("read"), world.ledger.count("logout")), (4, 1));
    assert_eq!(world.ledger.count("ask"), 0);
}
