//! §3, §5: who may rotate.

use serde_json::Map;

use super::world::*;
use crate::clock;
use crate::fleet::record::{Intent, Lease};
use crate::fleet::{News, Rotated};
use crate::store::testing::Call;

#[tokio::test(start_paused = true)]
async fn uncontended_rotation_costs_one_read_and_two_writes() {
    let (world, process) = World::logged_in(STRICT).await;
    for n in 1..5 {
        let state = process.rotated().await;
        assert_eq!(world.register.calls(), (1, 2));
        assert_eq!(process.access(), Some(format!("a{n}")));
        assert_eq!((state.generation, state.unsaved), (n + 1, false));
    }
    let record = world.record();
    assert_eq!((record.lease, record.intent), (None, None));
    assert_eq!(record.trail.len(), 5);
    assert_eq!(world.sent(), ["r0", "r1", "r2", "r3"]);
}

#[tokio::test(start_paused = true)]
async fn lease_and_intent_are_stored_while_the_token_is_sent() {
    let (world, process) = World::logged_in(GRACE).await;
    world.server.will_after(ms(100), [Err(unspent())]);
    let watching = async {
        tokio::time::sleep(ms(50)).await;
        world.record()
    };
    let (_, record) = tokio::join!(process.rotate(), watching);
    let lease = record.lease.unwrap();
    assert_eq!((lease.ms, lease.beat, &*lease.owner), (10_000, 0, "owner"));
    let Intent { token, claim, grace, unanswered, .. } = record.intent.unwrap();
    assert_eq!((claim, grace, unanswered), (lease.id, 60_000, false));
    assert!(!token.unwrap().contains("r0"), "a fingerprint");
}

#[tokio::test(start_paused = true)]
async fn bound_token_is_sent_with_its_key() {
    let (world, process) = World::logged_in(STRICT).await;
    let key = crate::dpop::Key::new(crate::secret::Secret::new("pkcs8".into()));
    world.server.will([Ok(crate::token::tests::tokens("a1", Some("r1")).bound_to(key, true))]);
    world.server.accept("r1");
    for _ in 0..2 {
        process.rotated().await;
    }
    assert_eq!(*world.server.keys.lock(), [None, Some("pkcs8".into())]);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_has_rotated_is_adopted_and_nothing_is_sent() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    process.rotated().await;
    world.register.calls();
    assert!(matches!(other.rotate().await, Rotated::Adopted(state) if state.generation == 2));
    assert_eq!(world.register.calls(), (1, 0));
    assert_eq!((other.access(), world.sent().len()), (Some("a1".into()), 1));
}

#[tokio::test(start_paused = true)]
async fn two_that_begin_at_once_rotate_once() {
    for _ in 0..20 {
        let (world, process) = World::logged_in(STRICT).await;
        let other = world.another(STRICT).await;
        tokio::join!(process.rotate(), other.rotate());
        assert_eq!(world.sent(), ["r0"]);
        assert_eq!((process.access(), other.access()), (Some("a1".into()), Some("a1".into())));
    }
}

#[tokio::test(start_paused = true)]
async fn busy_lease_means_later_unless_the_token_was_refused() {
    let (world, process) = World::logged_in(STRICT).await;
    let (early, late) = (world.another(STRICT).await, world.another(STRICT).await);
    world.server.will_after(secs(3), [Ok(crate::token::tests::tokens("a1", Some("r1")))]);
    let others = async {
        tokio::time::sleep(secs(1)).await;
        assert!(matches!(early.rotate_early().await, Rotated::Later));
        late.rotate().await
    };
    let (_, waited) = tokio::join!(process.rotate(), others);
    assert!(matches!(waited, Rotated::Adopted(_)), "{waited:?}");
    assert!(matches!(late.news.lock()[..], [News::Waited(time)] if time < secs(3)));
    assert_eq!(world.sent(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn rule_5_1_nothing_is_sent_that_could_not_be_saved() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Fails, Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
    world.register.next_reads([Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
    world.register.next_writes([Call::Fails]);
    world.register.next_reads([Call::Done, Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
    assert_eq!(world.sent(), [""; 0]);
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn rule_3_3_claim_that_was_applied_is_the_own_one() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Unanswered]);
    process.rotated().await;
    assert_eq!(world.register.calls(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn rule_3_1_late_claim_is_ruled_out_by_another_write() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Late(ms(100))]);
    world.server.will_after(secs(1), [Ok(crate::token::tests::tokens("a1", Some("r1")))]);
    process.rotated().await;
    // The claim, a write of what was read, the second claim, and the commit, to which the late claim is no conflict.
    assert_eq!(world.register.calls(), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn rule_5_2_own_claim_that_is_applied_late_blocks_nobody_of_its_process() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Late(ms(100))]);
    world.register.next_reads([Call::Done, Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
    tokio::time::sleep(ms(200)).await;
    assert!(world.record().lease.is_some() && world.record().intent.is_some());
    let begun = crate::clock::now();
    assert!(matches!(process.rotate_early().await, Rotated::Committed { .. }));
    assert!(crate::clock::now() - begun < secs(1));
    assert!(process.news.lock().iter().all(|news| !matches!(news, News::OrphanIntent)));
}

#[tokio::test(start_paused = true)]
async fn rule_5_3_takeover_reads_once_more() {
    let (world, process) = World::logged_in(GRACE).await;
    let slow = process.id();
    world.change(&process, |record| {
        record.intent = Some(Intent {
            token: Some("#".into()),
            claim: slow,
            grace: 60_000,
            unanswered: false,
            rest: Map::new(),
        });
    });
    // The old holder, only slow, commits after the claim and before the second read.
    world.register.next_reads([Call::Done, Call::Slow(ms(20))]);
    let commits = async {
        tokio::time::sleep(ms(10)).await;
        assert!(world.record().lease.is_some());
        world.change(&process, |record| {
            let kept = record.tokens.clone().unwrap();
            *record = record.successor(slow, kept);
        })
    };
    let (rotated, _) = tokio::join!(process.rotate(), commits);
    assert!(matches!(rotated, Rotated::Adopted(_)), "{rotated:?}");
    assert_eq!(world.sent(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn rule_5_3_takeover_of_a_lease_or_an_intent_alone_reads_once_more() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.use_locks();
    let (id, owner) = (process.id(), "dead".into());
    let lease = Lease { id, owner, ms: 10_000, beat: 0, locked: true, rest: Map::new() };
    let intent = Intent { token: None, claim: id, grace: 0, unanswered: false, rest: Map::new() };
    for (lease, intent) in [(Some(lease), None), (None, Some(intent))] {
        world.change(&process, |record| (record.lease, record.intent) = (lease, intent));
        process.rotated().await;
        assert_eq!(world.register.calls(), (2, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn grant_without_a_token_is_asked_under_a_lease_if_nothing_is_stored() {
    let world = World::default();
    let (one, two) = (world.process(STRICT), world.process(STRICT));
    let (first, second) = tokio::join!(one.rotate(), two.rotate());
    assert_eq!(world.sent(), [""], "one token for the fleet");
    assert!([first, second].iter().any(|end| matches!(end, Rotated::Committed { .. })));
    assert_eq!((one.access(), two.access()), (Some("a1".into()), Some("a1".into())));
    // There is no token that could be spent.
    world.server.will([Err(ambiguous())]);
    assert!(matches!(one.rotate_early().await, Rotated::Failed(_)));
    assert!(matches!(two.rotate_early().await, Rotated::Committed { .. }));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_logged_in() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    let state = process.member.login(&process.fleet, process.id(), None).await.unwrap().unwrap();
    assert!(state.tokens.is_none() && state.generation == 1);
    assert!(matches!(process.rotate().await, Rotated::Nobody));
    assert!(matches!(other.rotate().await, Rotated::Adopted(state) if state.tokens.is_none()));
    assert!(matches!(other.member.rotate(&other.fleet, None, &other).await, Rotated::Adopted(_)));
    assert_eq!(world.sent(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn pause_after_a_conflict_is_of_2_to_10_ms_by_chance() {
    let (_world, process) = World::logged_in(STRICT).await;
    let mut pauses = Vec::new();
    for _ in 0..100 {
        let begun = clock::now();
        process.fleet.hesitate().await;
        pauses.push(clock::now() - begun);
    }
    let (shortest, longest) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
    // The timers of tokio go on by whole milliseconds.
    assert!(*shortest >= ms(2) && *longest <= ms(11), "{shortest:?} to {longest:?}");
    assert!(longest.saturating_sub(*shortest) > ms(4), "{shortest:?} to {longest:?}");
}
