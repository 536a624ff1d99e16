//! The beginning and the end of each rotation, as a trace gets them.

use crate::event::{Event, Reason, RotationEnd, RotationOutcome};
use crate::session::tests::support::*;

/// The reason of the one rotation, and how it ended.
fn rotation(world: &World) -> (Reason, RotationOutcome, Option<&'static str>, u64) {
    let events = world.host.traced();
    let [Event::RotationBegins { reason, epoch: begun }, Event::RotationEnds(end)] = events[..] else {
        panic!("{events:?}")
    };
    let RotationEnd { epoch, outcome, code, generation, lease_wait_ms: 0 } = end else { panic!("{end:?}") };
    assert_eq!(epoch, begun);
    (reason, outcome, code, generation)
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_rotated() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let before = world.stamp().generation;
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    assert_eq!(rotation(&world), (Reason::Rejected, RotationOutcome::Rotated, None, before + 1));
}

#[tokio::test(start_paused = true)]
async fn tokens_of_another_holder_are_adopted() {
    let world = World::using(pair(1)).await;
    let before = world.stamp().generation;
    world.store.put(Some(pair(2)));
    assert_eq!(world.rejected(world.stamp()).await, Ok("a2".into()));
    assert_eq!(rotation(&world), (Reason::Rejected, RotationOutcome::Adopted, None, before + 1));
}

#[tokio::test(start_paused = true)]
async fn rotation_that_was_asked_for_fails_and_says_with_which_code() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::error(unspent(None))]);
    world.session.rotate(&world.by, None).await.unwrap_err();
    let (reason, outcome, code, _) = rotation(&world);
    assert_eq!((reason, outcome, code), (Reason::Asked, RotationOutcome::Failed, Some("ERR_REFRESH_FAILED")));
}

#[tokio::test(start_paused = true)]
async fn rotation_that_a_login_overtakes_ends_too() {
    let world = World::using(stale(1)).await;
    world.grant.will([Reply::after(ms(50), With::Tokens(pair(2)))]);
    let waiter = world.asking();
    tokio::time::sleep(ms(10)).await;
    world.login(Some(pair(7))).await.unwrap();
    waiter.await.unwrap().unwrap_err();
    tokio::time::sleep(ms(50)).await;
    quiet().await;
    let (reason, outcome, ..) = rotation(&world);
    assert_eq!((reason, outcome), (Reason::Expired, RotationOutcome::Overtaken));
}

#[tokio::test(start_paused = true)]
async fn two_rotations_at_once_are_told_apart_by_their_logins() {
    let world = World::using(stale(1)).await;
    world
        .grant
        .will([Reply::after(ms(50), With::Tokens(pair(2))), Reply::after(ms(100), With::Tokens(pair(8)))]);
    let waiter = world.asking();
    tokio::time::sleep(ms(10)).await;
    world.login(Some(stale(7))).await.unwrap();
    let next = world.asking();
    waiter.await.unwrap().unwrap_err();
    next.await.unwrap().unwrap();
    tokio::time::sleep(ms(100)).await;
    quiet().await;
    let events = world.host.traced();
    let [
        Event::RotationBegins { epoch: first, .. },
        Event::RotationBegins { epoch: second, .. },
        Event::RotationEnds(RotationEnd { epoch: overtaken, outcome: RotationOutcome::Overtaken, .. }),
        Event::RotationEnds(RotationEnd { epoch: rotated, outcome: RotationOutcome::Rotated, .. }),
    ] = events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((overtaken, rotated), (first, second));
    assert_ne!(first, second);
}
