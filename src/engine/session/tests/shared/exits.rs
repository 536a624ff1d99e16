//! The exit of the process waits for rotations and writes under way. Each test has a time of its own, because all tests are one
//! process.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::exit::tests::held;
use crate::session::tests::shared::register::FakeRegister;
use crate::session::tests::shared::*;
use crate::session::tests::support::*;
use crate::store::testing::Call;

/// A process whose exit waits for so long.
fn drained(register: &Arc<FakeRegister>, time: Duration) -> World {
    process_with(register, |by| by.policy.drain_on_exit = time)
}

#[tokio::test(start_paused = true)]
async fn exit_waits_for_a_rotation_until_it_is_committed() {
    let time = ms(7_001);
    let (register, _one, _other) = two(stale(1)).await;
    let world = drained(&register, time);
    world.session.tokens(&world.by).await.unwrap();
    assert_eq!(held(time), 0, "a read is not waited for");
    world.grant.will([Reply::late(ms(100), 2)]);
    register.next_writes([Call::Done, Call::Slow(secs(1))]);
    let asking = world.asking();
    quiet().await;
    assert_eq!(held(time), 1, "from the first read on");
    tokio::time::sleep(ms(500)).await;
    assert_eq!((held(time), asks(&world)), (1, 1), "the commit is under way");
    assert!(!asking.is_finished());
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    world.session.settled().await;
    assert_eq!(held(time), 0);
}

#[tokio::test(start_paused = true)]
async fn exit_does_not_wait_while_another_process_rotates() {
    let time = ms(7_002);
    let (register, one, _other) = two(stale(1)).await;
    let world = drained(&register, time);
    world.session.tokens(&world.by).await.unwrap();
    one.grant.will([Reply::late(secs(3), 2)]);
    let first = one.asking();
    tokio::time::sleep(ms(100)).await;
    let second = world.asking();
    tokio::time::sleep(ms(100)).await;
    assert_eq!(held(time), 0);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok("a2".into()), Ok("a2".into())));
    world.session.settled().await;
    assert_eq!((held(time), asks(&world)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn exit_waits_until_unsaved_tokens_are_saved() {
    let time = ms(7_003);
    let (register, _one, other) = two(stale(1)).await;
    let world = drained(&register, time);
    world.session.tokens(&world.by).await.unwrap();
    world.grant.will([Reply::late(ms(100), 2)]);
    let asking = world.asking();
    tokio::time::sleep(ms(50)).await;
    register.set_down(true);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    tokio::time::sleep(secs(1)).await;
    assert_eq!(held(time), 1);
    register.set_down(false);
    world.session.settled().await;
    assert_eq!(held(time), 0);
    assert_eq!(other.token().await, Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_are_saved_though_their_environment_has_ended() {
    let (register, one, other) = two(stale(1)).await;
    one.grant.will([Reply::late(ms(100), 2)]);
    let asking = one.asking();
    tokio::time::sleep(ms(50)).await;
    register.set_down(true);
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
    one.host.end();
    tokio::time::sleep(secs(1)).await;
    register.set_down(false);
    one.session.settled().await;
    assert_eq!(other.token().await, Ok("a2".into()));
    assert_eq!(asks(&other), 0);
}

#[tokio::test(start_paused = true)]
async fn exit_waits_for_a_login_until_it_is_stored() {
    let time = ms(7_004);
    let register = Arc::new(FakeRegister::default());
    let world = drained(&register, time);
    let login = tokio::spawn({
        let world = world.clone();
        async move { world.login(Some(pair(1))).await }
    });
    quiet().await;
    assert_eq!(held(time), 1);
    login.await.unwrap().unwrap();
    assert_eq!(held(time), 0);
    register.set_down(true);
    world.login(Some(pair(2))).await.unwrap_err();
    assert_eq!(held(time), 1, "it is written again");
    register.set_down(false);
    world.session.settled().await;
    assert_eq!(held(time), 0);
}

#[tokio::test(start_paused = true)]
async fn exit_does_not_wait_for_a_store_that_runs_in_the_program() {
    let time = ms(7_005);
    let register = Arc::new(FakeRegister::default());
    register.set_needs_program();
    let world = drained(&register, time);
    world.login(Some(stale(1))).await.unwrap();
    world.grant.will([Reply::late(ms(100), 2)]);
    let asking = world.asking();
    tokio::time::sleep(ms(50)).await;
    assert_eq!((held(time), asks(&world)), (0, 1));
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn exit_waits_for_a_logout_that_reads_the_store_first() {
    let time = ms(7_006);
    let (register, _one, _other) = two(pair(1)).await;
    let world = drained(&register, time);
    world.grant.revokes_on_logout.store(true, Relaxed);
    let logout = tokio::spawn({
        let world = world.clone();
        async move { world.login(None).await }
    });
    quiet().await;
    assert_eq!((held(time), register.calls()), (1, (0, 0)));
    logout.await.unwrap().unwrap();
    assert_eq!((held(time), world.ledger.count("revoke a1")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn no_rotation_begins_while_the_process_ends() {
    let (register, _one, _other) = two(living(1, secs(10))).await;
    let world = process(&register);
    world.session.tokens(&world.by).await.unwrap();
    world.by.ending.cancel();
    tokio::time::sleep(secs(9)).await;
    assert_eq!(world.token().await, Ok("a1".into()), "it is due");
    assert!(world.session.rotate(&world.by, None).await.is_err());
    tokio::time::sleep(secs(2)).await;
    assert!(world.token().await.is_err());
    assert_eq!(asks(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn rotation_that_gets_its_turn_while_the_process_ends_sends_nothing() {
    let (register, one, _other) = two(stale(1)).await;
    let world = process(&register);
    world.session.tokens(&world.by).await.unwrap();
    one.grant.will([Reply::after(secs(1), With::Error(unspent(None)))]);
    let first = one.asking();
    tokio::time::sleep(ms(500)).await;
    let second = world.asking();
    tokio::time::sleep(ms(100)).await;
    world.by.ending.cancel();
    assert!(first.await.unwrap().is_err() && second.await.unwrap().is_err());
    assert_eq!((asks(&one), asks(&world)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn rotation_under_way_is_finished_while_the_process_ends() {
    let (register, _one, _other) = two(stale(1)).await;
    let world = process(&register);
    world.session.tokens(&world.by).await.unwrap();
    world.grant.will([Reply::late(secs(1), 2)]);
    let asking = world.asking();
    tokio::time::sleep(ms(500)).await;
    world.by.ending.cancel();
    assert_eq!(asking.await.unwrap(), Ok("a2".into()));
}
