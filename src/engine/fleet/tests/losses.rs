//! §12: only the server ends a session.

use serde_json::Map;

use super::world::*;
use crate::clock;
use crate::error::LostReason;
use crate::fleet::record::{Candidate, Id, Intent, Kept};
use crate::fleet::{News, Rotated};
use crate::store::testing::Call;
use crate::token::tests::tokens;

#[tokio::test(start_paused = true)]
async fn refused_token_ends_the_session_of_the_whole_fleet() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.server.will([Err(terminal())]);
    let begun = clock::now();
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { reason: LostReason::Rejected, by_us: true, .. }), "{end:?}");
    assert_eq!(clock::now(), begun);
    let record = world.record();
    assert_eq!((record.lease, record.intent, record.generation), (None, None, 1));
    for process in [&process, &other] {
        let end = process.rotate().await;
        assert!(matches!(end, Rotated::Lost { reason: LostReason::Rejected, by_us: false, .. }));
    }
    assert_eq!(world.sent(), ["r0"]);
    world.log_in(&other, "5").await;
    process.look().await;
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn grant_without_a_token_that_is_refused() {
    let world = World::default();
    let process = world.process(STRICT);
    world.server.will([Err(terminal())]);
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { reason: LostReason::NoRefreshToken, by_us: true, .. }), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn refusal_of_tokens_without_a_refresh_token_is_told_as_such() {
    let (world, process) = World::logged_in(STRICT).await;
    process.member.login(&process.fleet, process.id(), Some(tokens("a1", None))).await.unwrap();
    world.server.will([Err(terminal())]);
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { reason: LostReason::NoRefreshToken, by_us: true, .. }), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn refusal_after_an_unanswered_send_waits_for_one_lease_more() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(ambiguous()), Err(terminal())]);
    process.rotate().await;
    let begun = clock::now();
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { reason: LostReason::RotationOutcomeUnknown, by_us: true, .. }));
    assert_eq!(clock::now() - begun, LEASE);
}

#[tokio::test(start_paused = true)]
async fn holder_that_was_only_slow_commits_meanwhile() {
    let (world, process) = World::logged_in(STRICT).await;
    let slow = process.id();
    world.change(&process, |record| {
        record.intent = Some(Intent {
            token: Some("#".into()),
            claim: slow,
            grace: 0,
            unanswered: false,
            rest: Map::new(),
        });
    });
    world.server.will([Err(terminal())]);
    let commits = async {
        tokio::time::sleep(secs(5)).await;
        world.change(&process, |record| {
            let kept = Kept { tokens: tokens("a1", Some("r1")).into(), lifetime: None };
            *record = record.successor(slow, kept);
        });
    };
    let (rotated, ()) = tokio::join!(process.rotate(), commits);
    assert!(matches!(rotated, Rotated::Adopted(_)), "{rotated:?}");
    assert_eq!((world.record().lost, process.access()), (None, Some("a1".into())));
}

#[tokio::test(start_paused = true)]
async fn loser_of_a_takeover_waits_like_anybody_else() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will_after(secs(1), [Err(terminal())]);
    let winner = async {
        tokio::time::sleep(ms(500)).await;
        world.change(&process, |record| record.lease.as_mut().unwrap().id = Id(7));
        tokio::time::sleep(secs(5)).await;
        assert_eq!(world.record().lost, None);
        world.change(&process, |record| {
            let kept = Kept { tokens: tokens("a1", Some("r1")).into(), lifetime: None };
            *record = record.successor(Id(7), kept);
        });
    };
    let (rotated, ()) = tokio::join!(process.rotate(), winner);
    assert!(matches!(rotated, Rotated::Adopted(_)), "{rotated:?}");
}

fn candidate(id: u128, name: &str) -> Candidate {
    let tokens = tokens(&format!("a{name}"), Some(name)).into();
    Candidate { id: Id(id), tokens: Kept { tokens, lifetime: None } }
}

#[tokio::test(start_paused = true)]
async fn rule_10_3_candidates_are_tried_once_each_the_newest_first() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| record.candidates = vec![candidate(5, "old"), candidate(6, "new")]);
    world.server.will([Err(terminal()), Err(terminal())]);
    world.server.accept("old");
    let state = process.rotated().await;
    assert_eq!(world.sent(), ["r0", "new", "old"]);
    assert_eq!((state.generation, world.record().candidates.len()), (4, 0));
    assert_eq!(world.record().trail[1..3], [Id(5), Id(6)]);
    let candidates = process.news.lock().iter().filter(|news| matches!(news, News::Candidate)).count();
    assert_eq!(candidates, 2);
    // One read, the claim, a read and a promotion for each candidate, and the commit.
    assert_eq!(world.register.calls(), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn rule_10_3_promotion_is_stored_with_an_intent_before_the_candidate_is_sent() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| record.candidates = vec![candidate(5, "c5")]);
    world.server.will([Err(terminal())]);
    world.server.will_after(secs(1), [Ok(tokens("a9", Some("r9")))]);
    let watching = async {
        tokio::time::sleep(ms(500)).await;
        world.record()
    };
    let (_, record) = tokio::join!(process.rotate(), watching);
    assert_eq!((record.commit, record.generation, record.candidates.len()), (Id(5), 2, 0));
    let (lease, intent) = (record.lease.unwrap(), record.intent.unwrap());
    assert_eq!(lease.beat, 1, "whoever watches it sees that the holder lives");
    assert_eq!((intent.claim, intent.token), (lease.id, candidate(5, "c5").tokens.fingerprint()));
}

#[tokio::test(start_paused = true)]
async fn rule_10_3_promotion_that_was_reported_as_failed_is_found() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| record.candidates = vec![candidate(5, "c5")]);
    world.server.will([Err(terminal())]);
    world.server.accept("c5");
    world.register.next_writes([Call::Done, Call::Unanswered]);
    let end = process.rotate().await;
    // `accept` is forgotten when the server refuses; the reply above does not ask it.
    assert!(matches!(end, Rotated::Committed { .. }), "{end:?}");
    assert_eq!(world.sent(), ["r0", "c5"]);
}

#[tokio::test(start_paused = true)]
async fn all_candidates_are_refused() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| record.candidates = vec![candidate(5, "c5")]);
    world.server.will([Err(terminal()), Err(terminal())]);
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { reason: LostReason::Rejected, by_us: true, .. }), "{end:?}");
    assert_eq!(world.record().generation, 2);
}

#[tokio::test(start_paused = true)]
async fn loss_outlasts_a_store_that_fails_for_a_lease() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(terminal())]);
    world.register.next_writes([Call::Done, Call::Unanswered]);
    world.register.next_reads([Call::Done]);
    world.register.next_reads([Call::Fails; 30]);
    let begun = clock::now();
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { .. }), "{end:?}");
    assert!(world.record().lost.is_some());
    let waited = clock::now() - begun;
    assert!((LEASE / 2..LEASE * 2).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn rule_7_3_time_counts_from_the_first_try_of_a_promotion() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| record.candidates = vec![candidate(5, "c5")]);
    world.server.will([Err(terminal())]);
    // No renewal gets through. 5.2 s after the first try, and 4.7 s after the second one, the connection is there.
    world.register.next_writes([Call::Done, Call::Fails, Call::Done]);
    world.register.next_writes([Call::Fails; 4]);
    let connects = async {
        tokio::time::sleep(ms(100)).await;
        *process.connects_in.lock() = ms(4_700);
        tokio::time::sleep(ms(4_900)).await;
        *process.connects_in.lock() = ms(0);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), connects);
    assert!(matches!(rotated, Rotated::Adopted(_)), "{rotated:?}");
    assert_eq!((world.sent(), world.record().lease), (vec!["r0".into()], None));
}

#[tokio::test(start_paused = true)]
async fn loss_that_cannot_be_stored_is_no_loss() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Err(terminal())]);
    world.register.next_writes([Call::Done]);
    world.register.next_writes([Call::Fails; 200]);
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
    assert_eq!(world.record().lost, None);
    world.register.forget_plans();
    let end = process.rotate().await;
    assert!(matches!(end, Rotated::Lost { reason: LostReason::Rejected, by_us: true, .. }), "{end:?}");
    assert_eq!(world.sent(), ["r0"], "a refused token is not sent again");
}

#[tokio::test(start_paused = true)]
async fn refused_token_is_not_sent_again_because_of_a_stale_read() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will_after(secs(1), [Err(terminal())]);
    let stale = world.document();
    let goes_back = async {
        tokio::time::sleep(ms(500)).await;
        world.put(stale);
    };
    let (end, ()) = tokio::join!(process.rotate(), goes_back);
    assert!(matches!(end, Rotated::Lost { reason: LostReason::Rejected, by_us: true, .. }), "{end:?}");
    assert_eq!(world.sent(), ["r0"]);
}
