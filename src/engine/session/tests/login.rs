//! A login or a logout during each step of a flight: the flight changes nothing.

use std::sync::Arc;

use crate::error::{Error, LostReason};
use crate::session::tests::support::*;
use crate::token::Tokens;
use crate::token::tests::with_refresh;
use crate::wait::arrival::Arrival;

/// The steps of a flight: it reads until 10 ms, refreshes until 20 ms, saves until 30 ms.
const STEPS: [(&str, u64); 4] = [("before it runs", 0), ("read", 5), ("ask", 15), ("save", 25)];

async fn in_flight(until: u64) -> (World, tokio::task::JoinHandle<Result<String, Error>>) {
    let world = World::using(stale(1)).await;
    world.store.slow(ms(10), [ms(10), ms(10)]);
    world.grant.will([Reply::tokens(2)]);
    let waiter = world.asking();
    quiet().await;
    if until > 0 {
        tokio::time::sleep(ms(until)).await;
    }
    (world, waiter)
}

#[tokio::test(start_paused = true)]
async fn login_during_any_step_of_a_flight_wins() {
    for (step, until) in STEPS {
        let (world, waiter) = in_flight(until).await;
        let stamp = world.stamp();
        world.login(Some(pair(5))).await.unwrap();
        assert_eq!(waiter.await.unwrap(), lost(LostReason::LoggedOut), "{step}");
        assert_eq!(world.rejected(stamp).await, Ok("give back".into()), "{step}");
        assert_eq!(world.token().await, Ok("a5".into()), "{step}");
        world.session.settled().await;
        assert_eq!(world.store.kept(), "a5", "{step}");
        assert_eq!(world.token().await, Ok("a5".into()), "{step}");
        assert_eq!(world.ledger.count("refreshed") + world.ledger.count("failed"), 0, "{step}");
        assert_eq!(world.by.counters.rotations.get(), 0, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn logout_during_any_step_of_a_flight_is_not_undone() {
    for (step, until) in STEPS {
        let (world, waiter) = in_flight(until).await;
        let stamp = world.stamp();
        world.login(None).await.unwrap();
        assert_eq!(waiter.await.unwrap(), lost(LostReason::LoggedOut), "{step}");
        assert_eq!(world.rejected(stamp).await, Ok("give back".into()), "{step}");
        world.session.settled().await;
        assert_eq!(world.store.kept(), "-", "{step}");
        assert_eq!(world.token().await, lost(LostReason::LoggedOut), "{step}");
        assert_eq!(world.ledger.count("logout"), 0, "{step}: nobody is told what they did themselves");
    }
}

#[tokio::test(start_paused = true)]
async fn login_before_the_refresh_begins_spends_nothing() {
    for (step, until) in [STEPS[0], STEPS[1]] {
        let (world, _waiter) = in_flight(until).await;
        world.login(Some(pair(5))).await.unwrap();
        world.session.settled().await;
        assert_eq!(world.ledger.count("ask") + world.ledger.count("before"), 0, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn login_between_two_tries_ends_the_tries() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(unspent(Some(secs(5))))]);
    let waiter = world.asking();
    tokio::time::sleep(secs(1)).await;
    world.login(Some(pair(5))).await.unwrap();
    assert_eq!(waiter.await.unwrap(), lost(LostReason::LoggedOut));
    world.session.settled().await;
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn rejected_request_gets_its_own_answer_back_if_a_login_comes_while_it_waits() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let rejected = world.rejecting(world.stamp());
    quiet().await;
    world.login(Some(pair(5))).await.unwrap();
    assert_eq!(rejected.await.unwrap(), Ok("give back".into()));
}

#[tokio::test(start_paused = true)]
async fn request_of_an_ended_login_never_gets_the_next_ones_token() {
    let world = World::using(pair(1)).await;
    let epoch = world.session.epoch();
    world.login(Some(pair(5))).await.unwrap();
    let token = world.session.token(&world.by, epoch, Arrival::draw()).await;
    assert_eq!(token.map(drop), Err(Error::logged_out()));
}

#[tokio::test(start_paused = true)]
async fn login_during_a_refused_refresh_is_not_lost_with_it() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    let waiter = world.asking();
    tokio::time::sleep(ms(50)).await;
    world.login(Some(pair(5))).await.unwrap();
    assert_eq!(waiter.await.unwrap(), lost(LostReason::LoggedOut));
    world.session.settled().await;
    assert_eq!(world.token().await, Ok("a5".into()));
    assert_eq!(world.ledger.count("logout"), 0);
}

#[tokio::test(start_paused = true)]
async fn login_ends_a_cool_down_and_its_flight_runs_beside_the_old_one() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(5), 2), Reply::tokens(6)]);
    let old = world.asking();
    tokio::time::sleep(ms(1)).await;
    world.login(Some(stale(5))).await.unwrap();
    assert_eq!(world.token().await, Ok("a6".into()), "it does not wait for the other login's answer");
    assert_eq!(old.await.unwrap(), lost(LostReason::LoggedOut));
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a6");
    let asked = world.ledger.lines().into_iter().filter(|line| line.starts_with("ask")).collect::<Vec<_>>();
    assert_eq!(asked, ["ask r1 #1", "ask r5 #1"]);
}

#[tokio::test(start_paused = true)]
async fn logins_in_a_row_leave_the_last_one_in_the_store() {
    let world = World::using(pair(1)).await;
    world.store.slow(ms(0), [ms(50), ms(30), ms(10), ms(1)]);
    let login = |tokens: Option<Tokens>| {
        let (session, by) = (Arc::clone(&world.session), Arc::clone(&world.by));
        tokio::spawn(async move { session.login(&by, tokens).await })
    };
    let logins = [login(Some(pair(5))), login(None), login(Some(pair(6))), login(Some(pair(7)))];
    for login in logins {
        login.await.unwrap().unwrap();
    }
    assert_eq!(world.store.kept(), "a7");
    assert_eq!(world.token().await, Ok("a7".into()));
}

#[tokio::test(start_paused = true)]
async fn login_is_in_force_though_the_store_does_not_take_it() {
    let world = World::using(pair(1)).await;
    world.store.fail_writes([STORE_DOWN]);
    assert!(matches!(world.login(Some(pair(5))).await, Err(Error::Store { .. })));
    assert_eq!(world.token().await, Ok("a5".into()));
    world.session.settled().await;
    assert_eq!(world.store.kept(), "a5");
}

#[tokio::test(start_paused = true)]
async fn same_tokens_may_log_in_again() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    world.login(Some(pair(1))).await.unwrap();
    assert_eq!(world.token().await, Ok("a1".into()));
}

#[tokio::test(start_paused = true)]
async fn login_with_the_tokens_that_are_being_refreshed_gets_that_refreshs_answer() {
    for (step, until) in STEPS {
        let (world, waiter) = in_flight(until).await;
        world.login(Some(stale(1))).await.unwrap();
        assert_eq!(waiter.await.unwrap(), lost(LostReason::LoggedOut), "{step}");
        assert_eq!(world.token().await, Ok("a2".into()), "{step}");
        world.session.settled().await;
        assert_eq!(world.ledger.count("ask r1"), 1, "{step}");
        assert_eq!(world.ledger.count("before"), 1, "{step}: one for each question");
        assert_eq!(world.store.kept(), "a2", "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn login_with_tokens_that_were_refreshed_stores_their_successors() {
    for until in [15, 25, 1_000] {
        let (world, _waiter) = in_flight(until).await;
        world.login(Some(stale(1))).await.unwrap();
        world.session.settled().await;
        assert_eq!(world.store.kept(), "a2", "nobody has asked for a token, after {until} ms");
        assert_eq!(world.ledger.count("ask r1"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn login_with_the_tokens_that_are_being_refreshed_waits_for_refresh_timeout_at_most() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::late(secs(25), 2)]);
    let waiter = world.asking();
    tokio::time::sleep(secs(1)).await;
    world.login(Some(stale(1))).await.unwrap();
    assert!(waiter.await.unwrap().is_err());
    assert_eq!(world.token().await, Err(Error::RefreshTimeout { after: secs(10) }));
    world.session.settled().await;
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!(world.ledger.count("ask"), 1);
}

#[tokio::test(start_paused = true)]
async fn login_with_the_tokens_of_a_refresh_that_fails_fares_as_that_refresh() {
    for (failure, asked) in [(With::Panic, 1), (With::Error(TERMINAL), 1), (With::Error(unspent(None)), 2)] {
        let world = World::using(stale(1)).await;
        world.grant.will([Reply::after(ms(10), failure), Reply::tokens(2)]);
        let waiter = world.asking();
        tokio::time::sleep(ms(5)).await;
        world.login(Some(stale(1))).await.unwrap();
        assert!(waiter.await.unwrap().is_err());
        let outcome = world.token().await;
        assert_eq!(outcome.is_ok(), asked == 2);
        assert!(!matches!(outcome, Err(Error::RefreshTimeout { .. })), "nobody waits for what has ended");
        assert_eq!(world.ledger.count("ask r1"), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn login_counts_before_the_store_is_read() {
    for (login, held) in [(Some(pair(5)), Some("a5")), (None, None)] {
        let world = World::new(Some(pair(1)));
        world.store.slow(ms(10), []);
        let (session, by) = (Arc::clone(&world.session), Arc::clone(&world.by));
        let reading = tokio::spawn(async move { session.tokens(&by).await });
        tokio::time::sleep(ms(5)).await;
        world.login(login).await.unwrap();
        let found = reading.await.unwrap().unwrap();
        assert_eq!(found.as_ref().map(|found| found.tokens.access.expose()), held);
    }
}

#[tokio::test(start_paused = true)]
async fn rejection_during_the_save_of_a_login_without_a_refresh_token_finds_the_stored_one() {
    let world = World::using(pair(1)).await;
    world.store.slow(ms(10), [ms(50)]);
    world.grant.will([Reply::tokens(6)]);
    let (session, by) = (Arc::clone(&world.session), Arc::clone(&world.by));
    let shown = with_refresh(pair(5), None);
    let login = tokio::spawn(async move { session.login(&by, Some(shown)).await });
    quiet().await;
    let rejected = world.rejecting(world.stamp());
    tokio::time::sleep(ms(55)).await;
    // The program's store keeps the refresh token that the login did not show.
    world.store.put(Some(pair(5)));
    assert_eq!(rejected.await.unwrap(), Ok("a6".into()));
    login.await.unwrap().unwrap();
    assert_eq!(world.ledger.count("ask r5"), 1);
}
