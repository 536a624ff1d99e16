//! Endpoints that refuse tokens which others accept.

use crate::session::tests::support::*;
use crate::session::{Endpoint, Sending, Verdict};
use crate::wait::arrival::Arrival;

/// `n` is an endpoint of its own.
fn at(world: &World, n: u32) -> Sending {
    Sending { endpoint: Endpoint { resource: n, shape: n }, ..sending(world.stamp()) }
}

fn again(world: &World, n: u32) -> Sending {
    Sending { replayed: true, ..at(world, n) }
}

/// An endpoint accepts `a1`; another refuses it and its successor `a2`, which the first one accepts.
async fn world_with_a_refusal() -> World {
    let world = World::using(pair(1)).await;
    world.session.accepted(at(&world, 0));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a2".into()));
    world.session.accepted(at(&world, 0));
    assert_eq!(world.rejects(again(&world, 1)).await, Ok("give back".into()));
    world
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_refuses_every_token_costs_one_refresh() {
    let world = world_with_a_refusal().await;
    for _ in 0..100 {
        world.session.accepted(at(&world, 0));
        assert_eq!(world.rejects(at(&world, 1)).await, Ok("give back".into()));
        tokio::time::sleep(secs(10)).await;
    }
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn real_revocation_is_refreshed_at_once_after_useless_refreshes() {
    let world = world_with_a_refusal().await;
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejects(at(&world, 0)).await, Ok("a3".into()));
    assert_eq!(world.ledger.count("ask"), 2);
}

#[tokio::test(start_paused = true)]
async fn refusing_endpoint_begins_a_refresh_if_nothing_else_tells_of_the_token_for_half_a_minute() {
    let world = world_with_a_refusal().await;
    tokio::time::sleep(secs(29)).await;
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("give back".into()));
    tokio::time::sleep(secs(2)).await;
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a3".into()), "the token may have expired meanwhile");
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_accepts_again_begins_refreshes_again() {
    let world = world_with_a_refusal().await;
    world.session.accepted(again(&world, 1));
    world.grant.will([Reply::tokens(3)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a3".into()));
}

#[tokio::test(start_paused = true)]
async fn login_forgets_which_endpoints_refuse() {
    let world = world_with_a_refusal().await;
    world.login(Some(pair(5))).await.unwrap();
    world.session.accepted(at(&world, 0));
    world.grant.will([Reply::tokens(6)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a6".into()));
}

#[tokio::test(start_paused = true)]
async fn fifteen_refusing_endpoints_cost_three_refreshes() {
    let world = World::using(pair(1)).await;
    world.grant.will((2..=4).map(Reply::tokens));
    for n in 1..=15 {
        world.session.accepted(at(&world, 0));
        if world.rejects(at(&world, n)).await != Ok("give back".into()) {
            world.session.accepted(at(&world, 0));
            assert_eq!(world.rejects(again(&world, n)).await, Ok("give back".into()));
        }
    }
    assert_eq!(world.ledger.count("ask"), 3);
    world.grant.will([Reply::tokens(5)]);
    assert_eq!(world.rejects(at(&world, 0)).await, Ok("a5".into()), "a real revocation");
}

#[tokio::test(start_paused = true)]
async fn refusing_endpoint_takes_the_token_from_nobody_during_a_flight() {
    let world = world_with_a_refusal().await;
    world.grant.will([Reply::late(secs(1), 3)]);
    let another = world.clone();
    let rotating = tokio::spawn(async move { another.session.rotate(&another.by, None).await.map(drop) });
    quiet().await;
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("give back".into()));
    assert_eq!(world.token().await, Ok("a2".into()));
    rotating.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn new_token_needs_no_pause_where_another_endpoint_has_accepted_it() {
    let world = World::using(pair(1)).await;
    world.session.accepted(at(&world, 0));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a2".into()));
    let begun = crate::clock::now();
    world.session.accepted(at(&world, 0));
    assert_eq!(world.rejects(again(&world, 1)).await, Ok("give back".into()));
    assert_eq!(crate::clock::now(), begun);
}

#[tokio::test(start_paused = true)]
async fn token_that_an_endpoint_accepted_and_then_refuses_is_refreshed_also_for_a_replay() {
    let world = World::using(pair(1)).await;
    let straggler = at(&world, 0);
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    assert_eq!(world.rejects(at(&world, 0)).await, Ok("a2".into()));
    world.session.accepted(again(&world, 0));
    assert_eq!(world.rejects(straggler).await, Ok("a2".into()));
    assert_eq!(world.rejects(again(&world, 0)).await, Ok("a3".into()), "revoked meanwhile");
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_not_replayed_cost_one_refresh_too() {
    let world = World::using(pair(1)).await;
    world.session.accepted(at(&world, 0));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a2".into()));
    for _ in 0..15 {
        world.session.accepted(at(&world, 0));
        assert_eq!(world.rejects(at(&world, 1)).await, Ok("give back".into()));
    }
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn token_that_is_revoked_before_anybody_used_it_is_refreshed_at_once() {
    let world = World::using(pair(1)).await;
    world.session.accepted(at(&world, 0));
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a2".into()));
    assert_eq!(world.rejects(again(&world, 1)).await, Ok("give back".into()));
    assert_eq!(world.rejects(at(&world, 2)).await, Ok("give back".into()), "it never accepted a token");
    assert_eq!(world.rejects(at(&world, 0)).await, Ok("a3".into()));
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("give back".into()));
    assert_eq!(world.ledger.count("ask"), 2);
}

#[tokio::test(start_paused = true)]
async fn old_token_that_nobody_used_is_refreshed_wherever_it_is_refused() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    world.session.rotate(&world.by, None).await.unwrap();
    tokio::time::sleep(secs(299)).await;
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("give back".into()));
    tokio::time::sleep(secs(1)).await;
    assert_eq!(world.rejects(at(&world, 1)).await, Ok("a3".into()));
}

#[tokio::test(start_paused = true)]
async fn ten_endpoints_that_accepted_and_refuse_from_now_on_cost_three_refreshes() {
    let world = World::using(pair(1)).await;
    for n in 0..10 {
        world.session.accepted(at(&world, n));
    }
    world.grant.will((2..=4).map(Reply::tokens));
    for n in 0..10 {
        if world.rejects(at(&world, n)).await != Ok("give back".into()) {
            assert_eq!(world.rejects(again(&world, n)).await, Ok("give back".into()));
        }
    }
    assert_eq!(world.ledger.count("ask"), 3);
}

#[tokio::test(start_paused = true)]
async fn new_token_that_one_endpoint_knows_is_sent_again_to_another_that_will_know_it() {
    let world = World::using(pair(1)).await;
    world.session.accepted(at(&world, 0));
    world.session.accepted(at(&world, 1));
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejects(at(&world, 0)).await, Ok("a2".into()));
    world.session.accepted(again(&world, 0));
    for sending in [at(&world, 1), again(&world, 1)] {
        let verdict = world.session.rejected(&world.by, sending, None, Arrival::draw()).await;
        assert!(matches!(verdict, Ok(Verdict::Again(_))), "{verdict:?}");
    }
    world.session.accepted(at(&world, 1));
    assert_eq!(world.ledger.count("ask"), 1);
}

/// A life that begins with the answer of the server is counted from its arrival.
#[tokio::test(start_paused = true)]
async fn tokens_that_the_server_ends_a_moment_earlier_make_no_endpoint_refuse() {
    let (life, shorter) = (ms(100), ms(80));
    let world = World::using(living(1, life)).await;
    let next = |n: u32| [Reply::after(ms(1), With::Tokens(living(n, life)))];
    for n in (2..12).step_by(2) {
        world.session.accepted(at(&world, 0));
        tokio::time::sleep(shorter).await;
        world.grant.will(next(n));
        assert_eq!(world.rejects(at(&world, 0)).await, Ok(format!("a{n}")));
        world.session.accepted(at(&world, 0));
        tokio::time::sleep(shorter).await;
        world.grant.will(next(n + 1));
        assert_eq!(world.rejects(again(&world, 0)).await, Ok(format!("a{}", n + 1)), "a replay");
    }
}
