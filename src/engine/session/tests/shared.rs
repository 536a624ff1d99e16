//! Two processes with one register: each has a session, a grant and a program of its own.

use std::sync::Arc;

use crate::clock;
use crate::clock::testing;
use crate::error::{Error, LostReason};
use crate::fleet::{Fleet, MachineClock, Settings, Switches};
use crate::grant::GrantError;
use crate::session::Credential;
use crate::session::participant::{Participant, Seed};
use crate::session::tests::register::{FakeRegister, Fate};
use crate::session::tests::support::*;
use crate::store::StoreError;
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

const LEASE: u64 = 10;

fn fleet(register: &Arc<FakeRegister>) -> Fleet {
    Fleet {
        register: Arc::clone(register) as _,
        clock: Arc::new(MachineClock),
        settings: Settings {
            lease: secs(LEASE),
            grace: secs(0),
            refresh_deadline: secs(10),
            max_retries: 0,
            store_deadline: secs(2),
            owner: "test".into(),
            switches: Switches::default(),
        },
    }
}

fn process(register: &Arc<FakeRegister>) -> World {
    process_with(register, |_| {})
}

fn process_with(register: &Arc<FakeRegister>, change: impl FnOnce(&mut Participant)) -> World {
    World::with(None, |by| {
        by.fleet = Some(Arc::new(fleet(register)));
        change(by);
    })
}

/// Two processes that use `tokens`.
async fn two(tokens: Tokens) -> (Arc<FakeRegister>, World, World) {
    let register = Arc::new(FakeRegister::default());
    let (one, other) = (process(&register), process(&register));
    one.login(Some(tokens)).await.unwrap();
    other.session.tokens(&other.by).await.unwrap().expect("tokens of the store");
    register.calls();
    (register, one, other)
}

fn asks(world: &World) -> usize {
    world.ledger.count("ask")
}

#[tokio::test(start_paused = true)]
async fn one_process_rotates_and_the_other_adopts() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.token().await, Ok("a2".into()));
    assert_eq!(register.calls(), (1, 2), "a read, a claim and a commit");
    assert_eq!(other.token().await, Ok("a2".into()));
    assert_eq!((asks(&one), asks(&other)), (1, 0));
    assert_eq!((one.by.counters.rotations.get(), other.by.counters.adopted.get()), (1, 1));
    assert_eq!((one.ledger.count("refreshed a2"), other.ledger.count("refreshed")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn both_need_tokens_at_once_and_one_of_them_asks() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(secs(3), 2)]);
    other.grant.will([Reply::late(secs(3), 2)]);
    let (first, second) = (one.asking(), other.asking());
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok("a2".into()), Ok("a2".into())));
    assert_eq!(asks(&one) + asks(&other), 1);
    let waits = |world: &World| world.by.counters.lease_waits.get();
    assert_eq!(waits(&one) + waits(&other), 1);
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_replaced_by_that_of_another_process() {
    let (_register, one, other) = two(pair(1)).await;
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.rejected(one.stamp()).await, Ok("a2".into()));
    assert_eq!(other.rejected(other.stamp()).await, Ok("a2".into()));
    assert_eq!(asks(&other), 0, "the register was read before anything was claimed");
}

#[tokio::test(start_paused = true)]
async fn seed_is_stored_only_over_nothing() {
    let register = Arc::new(FakeRegister::default());
    let seeded = |n| process_with(&register, |by| by.seed = Seed::new("key".into(), Some(pair(n))));
    let (one, other) = (seeded(1), seeded(9));
    assert_eq!(one.token().await, Ok("a1".into()));
    assert_eq!(other.token().await, Ok("a1".into()));
    one.login(None).await.unwrap();
    let late = seeded(7);
    assert_eq!(late.token().await, lost(LostReason::LoggedOut), "a logout is not undone");
    assert_eq!(late.ledger.count("logout"), 0, "nobody was logged in here");
}

#[tokio::test(start_paused = true)]
async fn seed_that_could_not_be_stored_is_tried_again() {
    let register = Arc::new(FakeRegister::default());
    let world = process_with(&register, |by| by.seed = Seed::new("key".into(), Some(pair(1))));
    register.set_down(true);
    assert!(matches!(world.token().await, Err(Error::Store { .. })));
    register.set_down(false);
    register.fail_writes([Fate::Refused]);
    assert!(matches!(world.token().await, Err(Error::Store { .. })));
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(process(&register).token().await, Ok("a1".into()));
}

#[tokio::test(start_paused = true)]
async fn without_stored_tokens_one_process_asks_for_all() {
    let register = Arc::new(FakeRegister::default());
    let (one, other) = (process(&register), process(&register));
    one.grant.will([Reply::tokens(1)]);
    assert_eq!(one.token().await, Ok("a1".into()));
    assert_eq!(other.token().await, Ok("a1".into()));
    assert_eq!((one.ledger.count("ask nothing #1"), asks(&other)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn login_elsewhere_fails_the_requests_of_the_login_before() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(secs(9), 2)]);
    let (asking, begun) = (one.asking(), clock::now());
    tokio::time::sleep(secs(1)).await;
    other.login(Some(pair(5))).await.unwrap();
    assert_eq!(asking.await.unwrap(), lost(LostReason::LoggedOut));
    assert!(clock::now() - begun < secs(9), "before the answer comes");
    assert_eq!(one.token().await, Ok("a5".into()));
    one.session.settled().await;
    assert_eq!(one.token().await, Ok("a5".into()));
    assert_eq!(one.ledger.count("superseded a2"), 1);
    assert_eq!(one.ledger.count("refreshed"), 0);
    assert_eq!(other.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn request_of_the_login_before_is_not_replayed() {
    let (_register, one, other) = two(pair(1)).await;
    assert_eq!(one.token().await, Ok("a1".into()));
    let stamp = one.stamp();
    other.login(Some(pair(5))).await.unwrap();
    assert_eq!(one.rejected(stamp).await, Ok("give back".into()));
    assert_eq!(one.token().await, Ok("a5".into()));
    assert_eq!(asks(&one), 0);
}

#[tokio::test(start_paused = true)]
async fn logout_elsewhere_is_seen_within_the_time_between_two_confirmations() {
    let (_register, one, other) = two(pair(1)).await;
    assert_eq!(one.token().await, Ok("a1".into()));
    tokio::time::sleep(secs(1)).await;
    other.login(None).await.unwrap();
    tokio::time::sleep(secs(5)).await;
    assert_eq!(one.token().await, Ok("a1".into()), "in the background");
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.token().await, lost(LostReason::LoggedOut));
    assert_eq!(one.ledger.count("logout"), 1);
    other.login(Some(pair(5))).await.unwrap();
    assert_eq!(one.token().await, Ok("a5".into()), "each request reads first");
    assert_eq!(one.ledger.count("logout"), 1);
}

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
async fn loss_that_one_process_finds_holds_for_all_until_the_next_login() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::error(TERMINAL)]);
    assert_eq!(one.token().await, lost(LostReason::Rejected));
    for _ in 0..3 {
        assert_eq!(other.token().await, lost(LostReason::Rejected));
    }
    let late = process(&register);
    assert!(late.token().await.is_err());
    assert_eq!((asks(&other), asks(&late)), (0, 0));
    assert_eq!((one.ledger.count("logout"), other.ledger.count("logout")), (1, 1));
    one.login(Some(pair(5))).await.unwrap();
    assert_eq!(other.token().await, Ok("a5".into()));
    assert_eq!(late.token().await, Ok("a5".into()));
}

#[tokio::test(start_paused = true)]
async fn late_answer_fails_the_callers_and_reaches_all_processes() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(secs(12), 2)]);
    let asking = one.asking();
    quiet().await;
    tokio::time::sleep(ms(100)).await;
    let waiting = other.asking();
    assert_eq!(asking.await.unwrap(), Err(Error::RefreshTimeout { after: secs(10) }));
    assert_eq!(one.token().await, Err(Error::RefreshTimeout { after: secs(10) }));
    assert_eq!(waiting.await.unwrap(), Ok("a2".into()));
    one.session.settled().await;
    assert_eq!(one.token().await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn another_client_of_the_process_asks_if_the_first_ones_environment_has_ended() {
    let register = Arc::new(FakeRegister::default());
    let world = process(&register);
    world.login(Some(stale(1))).await.unwrap();
    let other =
        World::joined(Arc::clone(&world.session), Arc::clone(&world.store), Ledger::default(), |by| {
            by.fleet = Some(Arc::new(fleet(&register)));
        });
    world.host.end();
    world.grant.will([Reply::after(ms(5), With::Error(GrantError::Gone)).entering_after(None)]);
    other.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a2".into()));
    assert_eq!((asks(&world), asks(&other)), (1, 1));
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
    register.fail_writes([Fate::Refused]);
    one.grant.will([Reply::tokens(2)]);
    assert_eq!(one.token().await, Ok("a2".into()));
    register.fail_writes([Fate::Applied]);
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
    let ticket = one.session.begin_login(&one.by, Some(pair(5)));
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.token().await, Ok("a5".into()), "after the read that shows the login before");

    register.fail_writes([Fate::Refused; 6]);
    assert!(one.session.store_login(&one.by, ticket).await.is_err());
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

#[tokio::test(start_paused = true)]
async fn early_rotation_is_left_to_the_process_that_rotates_already() {
    let (register, one, other) = two(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    one.grant.will([Reply::late(secs(5), 2)]);
    assert_eq!(one.token().await, Ok("a1".into()));
    tokio::time::sleep(ms(100)).await;
    register.calls();
    for _ in 0..40 {
        assert_eq!(other.token().await, Ok("a1".into()));
        tokio::time::sleep(ms(100)).await;
    }
    assert!(register.calls().0 <= 6, "it looks once a second");
    tokio::time::sleep(secs(6)).await;
    let _confirmed = other.token().await;
    tokio::time::sleep(ms(10)).await;
    assert_eq!(other.token().await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
    assert_eq!(other.ledger.count("failed"), 0);
}

#[tokio::test(start_paused = true)]
async fn token_that_is_refused_during_an_early_rotation_waits_for_its_end() {
    let (_register, one, other) = two(living(1, secs(100))).await;
    tokio::time::sleep(secs(85)).await;
    one.grant.will([Reply::late(secs(5), 2)]);
    assert_eq!(one.token().await, Ok("a1".into()));
    tokio::time::sleep(ms(100)).await;
    assert_eq!(other.rejected(other.stamp()).await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn rotation_that_the_program_demands_waits_for_that_of_another_process() {
    let (_register, one, other) = two(living(1, secs(100))).await;
    one.grant.will([Reply::late(secs(5), 2)]);
    let (session, by) = (Arc::clone(&one.session), Arc::clone(&one.by));
    let demanded = tokio::spawn(async move { session.rotate(&by, None).await });
    quiet().await;
    tokio::time::sleep(ms(100)).await;
    let access = |held: Arc<crate::session::Held>| held.tokens.access.expose().to_owned();
    assert_eq!(other.session.rotate(&other.by, None).await.map(access), Ok("a2".into()));
    assert_eq!(demanded.await.unwrap().map(access), Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn process_that_cools_down_adopts_what_another_one_brings_meanwhile() {
    let (_register, one, other) = two(stale(1)).await;
    loop {
        one.grant.will([Reply::error(unspent(None))]);
        let (_, pause) = cooling(one.token().await);
        if pause > secs(12) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    other.grant.will([Reply::tokens(2)]);
    assert_eq!(other.token().await, Ok("a2".into()));
    tokio::time::sleep(secs(6)).await;
    cooling(one.token().await);
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_that_a_login_elsewhere_overtook_are_told() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(ms(100), 2)]);
    let asking = one.asking();
    quiet().await;
    tokio::time::sleep(ms(50)).await;
    register.set_down(true);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    tokio::time::sleep(secs(1)).await;
    register.set_down(false);
    other.login(Some(pair(5))).await.unwrap();
    one.session.settled().await;
    assert_eq!(one.ledger.count("superseded a2"), 1);
    assert_eq!(one.token().await, Ok("a5".into()));
    assert_eq!(other.token().await, Ok("a5".into()));
}

/// Else two processes would rotate in turn for ever.
#[tokio::test(start_paused = true)]
async fn adopted_tokens_of_a_short_life_are_not_due_on_arrival() {
    let (register, one, _other) = two(stale(1)).await;
    let hasty = process_with(&register, |by| by.policy.refresh_ahead = Some(secs(300)));
    hasty.session.tokens(&hasty.by).await.unwrap();
    one.grant.will([Reply::after(ms(10), With::Tokens(living(2, secs(60))))]);
    assert_eq!(one.token().await, Ok("a2".into()));
    for _ in 0..20 {
        assert_eq!(hasty.token().await, Ok("a2".into()));
        tokio::time::sleep(secs(1)).await;
    }
    assert_eq!(asks(&hasty), 0);
}

/// `other` adopts tokens of an hour while its wall clock is 25 hours ahead.
#[tokio::test(start_paused = true)]
async fn adopted_tokens_are_used_whatever_the_wall_clock_says() {
    let hour = secs(3_600);
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::after(ms(10), With::Tokens(living(2, hour)))]);
    assert_eq!(one.token().await, Ok("a2".into()));
    testing::step(25 * 3_600_000);
    for _ in 0..40 {
        assert_eq!(other.token().await, Ok("a2".into()));
        tokio::time::sleep(secs(60)).await;
    }
    assert_eq!(asks(&other), 0);
    other.grant.will([Reply::tokens(3)]);
    tokio::time::sleep(secs(19 * 60)).await;
    let _due = other.token().await;
    tokio::time::sleep(ms(20)).await;
    assert_eq!(other.token().await, Ok("a3".into()), "they have an end all the same");
}

#[tokio::test(start_paused = true)]
async fn session_without_a_login_sends_no_token_and_hears_of_a_login_elsewhere() {
    let register = Arc::new(FakeRegister::default());
    let anonymous = || process_with(&register, |by| by.policy.anonymous = true);
    let (one, other) = (anonymous(), anonymous());
    other.login(Some(pair(1))).await.unwrap();
    let credential = |world: &World| {
        let (session, by, epoch) = (Arc::clone(&world.session), Arc::clone(&world.by), world.session.epoch());
        async move {
            match session.credential(&by, epoch, Arrival::draw()).await.unwrap() {
                Credential::Tokens(held) => held.tokens.access.expose().to_owned(),
                Credential::Anonymous(_) => "none".into(),
            }
        }
    };
    assert_eq!(credential(&one).await, "a1");
    for (login, expected) in [(None, "none"), (Some(pair(5)), "a5")] {
        other.login(login).await.unwrap();
        tokio::time::sleep(secs(6)).await;
        assert!(one.session.credential_now(&one.by, None).is_none(), "it is to be confirmed");
        let _before = credential(&one).await;
        tokio::time::sleep(ms(10)).await;
        assert_eq!(credential(&one).await, expected);
    }
    assert_eq!(one.ledger.count("logout"), 1);
}

#[tokio::test(start_paused = true)]
async fn living_process_that_never_ends_its_rotation_is_waited_for_with_patience_and_not_for_ever() {
    let (register, _one, other) = two(stale(1)).await;
    let endless = process_with(&register, |by| {
        let mut slow = fleet(&register);
        slow.settings.refresh_deadline = secs(1_000);
        by.fleet = Some(Arc::new(slow));
        by.policy.refresh_timeout = secs(1_000);
    });
    endless.grant.will([Reply::never()]);
    drop(endless.asking());
    quiet().await;
    tokio::time::sleep(ms(100)).await;
    let error = other.token().await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), ("ERR_LOCK_TIMEOUT", true));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn refresh_token_without_an_access_token_is_committed_for_all() {
    let (_register, one, other) = two(stale(1)).await;
    let malformed = GrantError::Malformed { refresh: pair(2).refresh, cause: None };
    one.grant.will([Reply::error(malformed)]);
    assert_eq!(one.token().await.unwrap_err().code(), "ERR_REFRESH_MALFORMED");
    other.grant.will([Reply::tokens(3)]);
    assert_eq!(other.token().await, Ok("a3".into()));
    assert_eq!(other.ledger.count("ask r2"), 1);
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

#[tokio::test(start_paused = true)]
async fn pause_that_the_server_asks_for_holds_for_all() {
    let (_register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::error(unspent(Some(secs(30))))]);
    cooling(one.token().await);
    let (_, pause) = cooling(other.token().await);
    assert!(pause > secs(25) && pause <= secs(30), "{pause:?}");
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn session_of_a_store_of_the_process_alone_has_no_member() {
    let world = World::using(pair(1)).await;
    assert!(world.session.inner().shared.is_none());
}

#[test]
fn error_of_a_store_in_rust_says_what_to_do() {
    let fault = crate::store::StoreFault::TooNew { min: 3 };
    let error = StoreError::Fault(fault).told(crate::error::StoreAction::Read);
    let text = "the store could not be read: a newer release of token-rotator wrote the record (format 3); upgrade this process; the tokens in memory are kept";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.code(), "ERR_STORE_UNAVAILABLE");
}
