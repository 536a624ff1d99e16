//! Tokens of a refresh that another login has overtaken: the program hears of them, so that it can revoke them.

use crate::session::tests::support::*;

/// The steps of a flight before its tokens count: it refreshes until 20 ms, and saves until 30 ms.
const STEPS: [(&str, u64); 2] = [("ask", 15), ("save", 25)];

async fn refreshing(until: u64) -> World {
    let world = World::using(stale(1)).await;
    world.store.slow(ms(10), [ms(10), ms(10), ms(10)]);
    world.grant.will([Reply::tokens(2)]);
    drop(world.asking());
    quiet().await;
    tokio::time::sleep(ms(until)).await;
    world
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_refresh_that_a_login_or_logout_overtook_are_told_once() {
    for (step, until) in STEPS {
        for login in [None, Some(pair(5))] {
            let world = refreshing(until).await;
            world.login(login).await.unwrap();
            world.session.settled().await;
            assert_eq!(world.ledger.count("superseded a2"), 1, "{step}");
            assert_eq!(world.ledger.count("refreshed"), 0, "{step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_the_login_takes_over_are_not_told() {
    for (step, until) in STEPS {
        for login in [stale(1), pair(2)] {
            let world = refreshing(until).await;
            world.login(Some(login)).await.unwrap();
            world.session.settled().await;
            assert_eq!(world.token().await, Ok("a2".into()), "{step}");
            assert_eq!(world.ledger.count("superseded"), 0, "{step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_two_flights_wait_for_are_told_once() {
    let world = refreshing(15).await;
    world.login(Some(stale(1))).await.unwrap();
    quiet().await;
    world.login(None).await.unwrap();
    world.session.settled().await;
    assert_eq!(world.ledger.count("superseded a2"), 1);
    assert_eq!(world.store.kept(), "-");
}

#[tokio::test(start_paused = true)]
async fn another_client_is_told_if_the_first_ones_environment_has_ended() {
    let world = refreshing(15).await;
    let other = World::joined(
        std::sync::Arc::clone(&world.session),
        std::sync::Arc::clone(&world.store),
        Ledger::default(),
        |_| {},
    );
    world.host.end();
    other.login(None).await.unwrap();
    world.session.settled().await;
    assert_eq!(other.ledger.count("superseded a2"), 1);
}
