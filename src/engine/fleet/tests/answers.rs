//! §8, §9, §11: what becomes of an answer that is no token.

use serde_json::Map;

use super::world::*;
use crate::clock;
use crate::error::LostReason;
use crate::fleet::record::Intent;
use crate::fleet::{News, Rotated};
use crate::grant::GrantError;
use crate::store::testing::Call;

fn asked_to_wait(time: std::time::Duration) -> GrantError {
    GrantError::Unspent { retry_after: Some(time), cause: None }
}

#[tokio::test(start_paused = true)]
async fn rule_8_2_unspent_token_is_sent_again_and_released_with_its_intent() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(unspent()), Err(unspent()), Err(unspent())]);
    assert!(matches!(process.rotate().await, Rotated::Failed(GrantError::Unspent { .. })));
    assert_eq!(world.sent(), ["r0"; 3]);
    assert_eq!((world.record().lease, world.record().intent), (None, None));
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn rule_8_2_question_that_nobody_asked_leaves_no_intent() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(GrantError::Gone)]);
    assert!(matches!(process.rotate().await, Rotated::Failed(GrantError::Gone)));
    assert_eq!((world.record().lease, world.record().intent), (None, None));
}

#[tokio::test(start_paused = true)]
async fn rule_8_2_release_that_fails_is_tried_again_soon() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(GrantError::Gone)]);
    world.register.next_writes([Call::Done, Call::Fails, Call::Fails]);
    let begun = clock::now();
    assert!(matches!(process.rotate().await, Rotated::Failed(GrantError::Gone)));
    assert_eq!((world.record().lease, clock::now() - begun), (None, secs(1)));
}

#[tokio::test(start_paused = true)]
async fn pause_before_a_question_is_asked_again_doubles_from_100_ms() {
    let (world, process) = World::logged_in(STRICT).await;
    let (mut first, mut second) = (ms(0), ms(0));
    for _ in 0..100 {
        world.server.asked.lock().clear();
        world.server.will([Err(unspent()), Err(unspent()), Err(unspent())]);
        process.rotate().await;
        let asked = world.server.asked.lock();
        first = first.max(asked[1].1 - asked[0].1);
        second = second.max(asked[2].1 - asked[1].1);
    }
    // The timers of tokio go on by whole milliseconds.
    assert!((ms(50)..=ms(101)).contains(&first), "{first:?}");
    assert!((ms(101)..=ms(201)).contains(&second), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn rule_8_2_intent_of_a_dead_holder_stays() {
    let (world, process) = World::logged_in(STRICT).await;
    orphan(&world, &process, 0);
    world.server.will([Err(GrantError::Unspent { retry_after: Some(secs(5)), cause: None })]);
    assert!(matches!(process.rotate().await, Rotated::Failed(_)));
    assert!(world.record().intent.unwrap().unanswered);
}

#[tokio::test(start_paused = true)]
async fn rule_8_3_unanswered_token_is_sent_again_within_the_grace() {
    let (world, process) = World::logged_in(secs(10)).await;
    world.server.will_after(secs(3), [Err(ambiguous()), Err(ambiguous())]);
    process.rotated().await;
    assert_eq!(world.sent(), ["r0"; 3]);
}

#[tokio::test(start_paused = true)]
async fn rule_8_3_unanswered_token_is_not_sent_again_after_most_of_the_grace() {
    let (world, process) = World::logged_in(secs(10)).await;
    world.server.will_after(secs(8), [Err(ambiguous())]);
    assert!(matches!(process.rotate().await, Rotated::Failed(GrantError::Ambiguous { .. })));
    assert_eq!(world.sent(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn rule_8_3_unanswered_token_of_a_strict_server_is_kept_as_an_intent_without_a_lease() {
    for error in [
        ambiguous(),
        GrantError::Unknown { cause: None },
        GrantError::Malformed { refresh: None, cause: None },
    ] {
        let (world, process) = World::logged_in(STRICT).await;
        world.server.will([Err(error.clone())]);
        let end = process.rotate().await;
        assert!(matches!(end, Rotated::Failed(failed) if failed == error));
        assert_eq!(world.sent(), ["r0"]);
        assert_eq!(world.record().lease, None);
        assert!(world.record().intent.unwrap().unanswered);
    }
}

#[tokio::test(start_paused = true)]
async fn rule_8_3_unspent_answer_after_an_unanswered_one_keeps_the_intent() {
    let (world, process) = World::logged_in(GRACE).await;
    world.server.will([Err(ambiguous()), Err(unspent()), Err(unspent())]);
    assert!(matches!(process.rotate().await, Rotated::Failed(GrantError::Unspent { .. })));
    assert!(world.record().intent.unwrap().unanswered);
}

/// A holder died after its claim, and its lease was seen to be dead.
fn orphan(world: &World, process: &Process, grace: u64) {
    world.change(process, |record| {
        record.intent = Some(Intent {
            token: Some("#".into()),
            claim: process.id(),
            grace,
            unanswered: false,
            rest: Map::new(),
        });
    });
}

#[tokio::test(start_paused = true)]
async fn rule_9_1_orphan_is_sent_at_once_within_the_grace() {
    let (world, process) = World::logged_in(GRACE).await;
    orphan(&world, &process, 60_000);
    let begun = clock::now();
    assert!(matches!(process.rotate_early().await, Rotated::Committed { .. }));
    assert_eq!((clock::now(), world.sent().len()), (begun, 1));
    assert!(matches!(process.news.lock()[..], [News::OrphanIntent]));
    // Its read, the second read of a takeover, and two writes.
    assert_eq!(world.register.calls(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn rule_9_1_smaller_grace_counts() {
    for (own, of_the_intent) in [(GRACE, 0), (STRICT, 60_000)] {
        let (world, process) = World::logged_in(own).await;
        orphan(&world, &process, of_the_intent);
        assert!(matches!(process.rotate_early().await, Rotated::Later));
        world.server.will([Err(ambiguous())]);
        assert!(matches!(process.rotate().await, Rotated::Failed(_)));
        assert_eq!(world.sent(), ["r0"], "it is not repeated either");
    }
}

#[tokio::test(start_paused = true)]
async fn rule_9_2_orphan_of_a_strict_server_waits_for_a_refusal() {
    let (world, process) = World::logged_in(STRICT).await;
    orphan(&world, &process, 0);
    assert!(matches!(process.rotate_early().await, Rotated::Later));
    assert_eq!(world.sent(), [""; 0]);
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn rule_9_3_unanswered_second_send_is_no_loss() {
    let (world, process) = World::logged_in(STRICT).await;
    for n in 1..5 {
        world.server.will([Err(ambiguous())]);
        assert!(matches!(process.rotate().await, Rotated::Failed(_)));
        assert_eq!(world.sent().len(), n);
        assert_eq!(world.record().lost, None);
    }
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn rule_11_each_waits_from_its_own_first_sight() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.server.will([Err(asked_to_wait(secs(20)))]);
    assert!(matches!(process.rotate().await, Rotated::Failed(_)));
    assert_eq!((world.record().lease, world.record().intent), (None, None));
    tokio::time::sleep(secs(5)).await;
    let left = |end| match end {
        Rotated::CoolingDown { left } => left,
        other => panic!("{other:?}"),
    };
    assert_eq!(left(process.rotate().await), secs(15), "the setter: from its answer");
    assert_eq!(left(other.rotate().await), secs(20));
    tokio::time::sleep(secs(5)).await;
    assert_eq!(left(other.rotate().await), secs(15));
    tokio::time::sleep(secs(10)).await;
    process.rotated().await;
    assert_eq!(world.record().cooldown, None);
    assert!(matches!(other.rotate().await, Rotated::Adopted(_)));
}

#[tokio::test(start_paused = true)]
async fn rule_11_cooldown_is_an_hour_at_most() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(asked_to_wait(secs(1_000_000)))]);
    process.rotate().await;
    assert_eq!(world.record().cooldown.unwrap().ms, 3_600_000);
}

#[tokio::test(start_paused = true)]
async fn doubt_about_an_orphan_outlives_a_claim_that_sends_nothing() {
    for (reads, writes) in [
        (vec![Call::Done, Call::Fails], vec![]),
        (vec![Call::Done, Call::Fails], vec![Call::Unanswered]),
        (vec![], vec![Call::Late(ms(100)), Call::Fails]),
    ] {
        let (world, process) = World::logged_in(STRICT).await;
        orphan(&world, &process, 0);
        world.register.next_reads(reads);
        world.register.next_writes(writes);
        assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
        tokio::time::sleep(secs(1)).await;
        assert!(world.record().lease.is_some());
        assert!(matches!(process.rotate_early().await, Rotated::Later));
        world.server.will([Err(terminal())]);
        let end = process.rotate().await;
        let unknown = LostReason::RotationOutcomeUnknown;
        assert!(matches!(end, Rotated::Lost { reason, .. } if reason == unknown), "{end:?}");
    }
}
