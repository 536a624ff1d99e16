//! §10: an answer is never lost.

use super::world::*;
use crate::clock;
use crate::error::LostReason;
use crate::fleet::record::{Candidate, Id, Kept, Lost, Record};
use crate::fleet::{News, Rotated};
use crate::store::testing::Call;
use crate::token::tests::{tokens, with_extra};

#[tokio::test(start_paused = true)]
async fn rule_3_3_commit_that_was_applied_is_found_by_its_id() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Done, Call::Unanswered]);
    let Rotated::Committed { state, unsaved: Some(_) } = process.rotate().await else { panic!() };
    assert!(state.unsaved && process.member.unsaved());
    let other = world.another(STRICT).await;
    other.rotated().await;
    let saved = process.member.save(&process.fleet).await.unwrap();
    assert_eq!(saved.state.unwrap().generation, 3, "somebody has rotated on top");
    assert!(!process.member.unsaved() && world.record().candidates.is_empty());
    assert_eq!(process.access(), Some("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn commit_goes_on_while_the_tokens_serve_from_memory() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Done, Call::Fails, Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::Committed { unsaved: Some(_), .. }));
    assert_eq!(process.access(), Some("a1".into()));
    assert!(process.member.save(&process.fleet).await.is_err());
    world.register.next_reads([Call::Fails]);
    assert!(process.member.look(&process.fleet).await.is_err());
    assert_eq!((process.access(), process.member.unsaved()), (Some("a1".into()), true));
    let arrived = process.member.known().unwrap().arrived;
    tokio::time::sleep(secs(1)).await;
    let state = process.member.save(&process.fleet).await.unwrap().state.unwrap();
    assert_eq!((state.unsaved, state.arrived), (false, arrived));
    assert_eq!(world.record().tokens.unwrap().tokens.access.expose(), "a1");
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_are_saved_before_the_next_rotation() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Done, Call::Fails]);
    process.rotate().await;
    let state = process.rotated().await;
    assert_eq!((state.generation, world.sent()), (3, vec!["r0".into(), "r1".into()]));
}

#[tokio::test(start_paused = true)]
async fn commit_takes_the_lease_of_whoever_took_over() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
    let takes_over = async {
        tokio::time::sleep(ms(500)).await;
        world.change(&process, |record| record.lease.as_mut().unwrap().id = Id(7));
    };
    let (rotated, ()) = tokio::join!(process.rotate(), takes_over);
    assert!(matches!(rotated, Rotated::Committed { unsaved: None, .. }));
    assert_eq!((world.record().generation, world.record().lease), (2, None));
    assert!(matches!(process.news.lock()[..], [News::Reclaimed]));
}

#[tokio::test(start_paused = true)]
async fn commit_over_a_side_write_tells_of_no_takeover() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
    let side = async {
        tokio::time::sleep(ms(500)).await;
        world.change(&process, |record| record.login.seq += 1);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), side);
    assert!(matches!(rotated, Rotated::Committed { unsaved: None, .. }), "{rotated:?}");
    assert!(process.news.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn rule_10_1_late_success_ends_a_loss() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
    let latches = async {
        tokio::time::sleep(ms(500)).await;
        world.change(&process, |record| {
            *record = record.bare();
            record.lost = Some(Lost { reason: LostReason::Rejected });
        });
        assert_eq!(other.look().await.unwrap().lost, Some(LostReason::Rejected));
        assert!(matches!(other.rotate().await, Rotated::Lost { by_us: false, .. }));
    };
    tokio::join!(process.rotate(), latches);
    let state = other.look().await.unwrap();
    assert_eq!((state.lost, state.generation, other.access()), (None, 2, Some("a1".into())));
}

/// While the token of `process` is under way, somebody else commits another successor.
async fn fenced(change: impl Fn(&mut Record)) -> (World, Process, Rotated) {
    let (world, process) = World::logged_in(GRACE).await;
    world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
    let commits = async {
        tokio::time::sleep(ms(500)).await;
        world.change(&process, |record| {
            let kept = record.tokens.clone().unwrap();
            let newer =
                crate::fleet::record::Kept { tokens: std::sync::Arc::new(tokens("b1", Some("s1"))), ..kept };
            *record = record.successor(Id(9), newer);
            change(record);
        });
    };
    let (rotated, ()) = tokio::join!(process.rotate(), commits);
    (world, process, rotated)
}

#[tokio::test(start_paused = true)]
async fn answer_beside_another_generation_becomes_a_candidate() {
    let (world, process, rotated) = fenced(|_| {}).await;
    assert!(matches!(rotated, Rotated::Adopted(_)), "{rotated:?}");
    assert_eq!(process.access(), Some("b1".into()));
    let [Candidate { id, tokens }] = &world.record().candidates[..] else { panic!() };
    assert_eq!(tokens.tokens.access.expose(), "a1");
    assert!(*id != Id(9) && matches!(process.news.lock()[..], [News::Fenced]));
}

#[tokio::test(start_paused = true)]
async fn answer_beside_another_generation_that_is_lost_is_the_next_generation() {
    let (world, process, rotated) =
        fenced(|record| record.lost = Some(Lost { reason: LostReason::Rejected })).await;
    assert!(matches!(rotated, Rotated::Committed { .. }), "{rotated:?}");
    let record = world.record();
    assert_eq!((record.generation, record.lost, process.access()), (3, None, Some("a1".into())));
    assert_eq!(record.trail[1], Id(9));
}

#[tokio::test(start_paused = true)]
async fn rule_10_2_record_holds_four_candidates_the_newest() {
    let (world, ..) = fenced(|record| {
        let tokens = record.tokens.clone().unwrap();
        record.candidates = (0..4).map(|id| Candidate { id: Id(id), tokens: tokens.clone() }).collect();
    })
    .await;
    let ids: Vec<_> = world.record().candidates.iter().map(|it| it.id).collect();
    assert_eq!((ids.len(), &ids[..3]), (4, &[Id(1), Id(2), Id(3)][..]));
}

#[tokio::test(start_paused = true)]
async fn rule_10_2_candidates_that_were_there_at_the_claim_go_with_the_commit() {
    let (world, process) = World::logged_in(GRACE).await;
    world.change(&process, |record| {
        let tokens = record.tokens.clone().unwrap();
        record.candidates.push(Candidate { id: Id(5), tokens });
    });
    process.rotated().await;
    assert_eq!(world.record().candidates, []);
}

#[tokio::test(start_paused = true)]
async fn commit_over_a_store_that_went_back_is_written_over_it() {
    for to_nothing in [false, true] {
        let (world, process) = World::logged_in(STRICT).await;
        let before = world.document().filter(|_| !to_nothing);
        process.rotated().await;
        world.server.will_after(secs(1), [Ok(tokens("a9", Some("r9")))]);
        let goes_back = async {
            tokio::time::sleep(ms(500)).await;
            world.put(before);
        };
        let (rotated, ()) = tokio::join!(process.rotate(), goes_back);
        assert!(matches!(rotated, Rotated::Committed { unsaved: None, .. }), "{rotated:?}");
        assert_eq!(world.record().generation, 3);
        assert_eq!(world.record().tokens.unwrap().tokens.access.expose(), "a9");
    }
}

#[tokio::test(start_paused = true)]
async fn answer_of_an_earlier_login_is_stored_nowhere() {
    for fails in [false, true] {
        let (world, process) = World::logged_in(STRICT).await;
        let other = world.another(STRICT).await;
        world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
        let logs_in = async {
            tokio::time::sleep(ms(500)).await;
            world.log_in(&other, "2").await;
            if fails {
                world.register.next_writes([Call::Fails]);
            }
        };
        let (rotated, ()) = tokio::join!(process.rotate(), logs_in);
        let superseded = match rotated {
            Rotated::Superseded { tokens, .. } if !fails => tokens,
            Rotated::Committed { unsaved: Some(_), .. } if fails => {
                let saved = process.member.save(&process.fleet).await.unwrap();
                saved.superseded.unwrap()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(superseded.access.expose(), "a1");
        assert_eq!(process.access(), Some("a2".into()));
        assert_eq!(world.record().tokens.unwrap().tokens.access.expose(), "a2");
        assert!(!process.member.unsaved());
    }
}

#[tokio::test(start_paused = true)]
async fn own_login_during_a_rotation_is_not_undone_by_a_commit_that_fails() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
    let logs_in = async {
        tokio::time::sleep(ms(500)).await;
        world.log_in(&process, "2").await;
        world.register.next_writes([Call::Fails]);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), logs_in);
    assert!(matches!(rotated, Rotated::Superseded { .. }), "{rotated:?}");
    assert_eq!((process.access(), process.member.unsaved()), (Some("a2".into()), false));
}

#[tokio::test(start_paused = true)]
async fn commit_that_fails_does_not_hide_another_generation_that_is_known() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will_after(secs(1), [Ok(tokens("a1", Some("r1")))]);
    let commits = async {
        tokio::time::sleep(ms(500)).await;
        world.change(&process, |record| {
            let kept = Kept { tokens: tokens("b1", Some("s1")).into(), lifetime: None };
            *record = record.successor(Id(9), kept);
        });
        process.look().await;
        world.register.next_writes([Call::Fails]);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), commits);
    assert!(matches!(rotated, Rotated::Adopted(_)), "{rotated:?}");
    assert_eq!((process.access(), process.member.unsaved()), (Some("b1".into()), true));
    process.member.save(&process.fleet).await.unwrap();
    assert_eq!((process.access(), world.record().candidates.len()), (Some("b1".into()), 1));
}

#[tokio::test(start_paused = true)]
async fn late_commit_of_an_own_earlier_try_does_no_harm() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_writes([Call::Done, Call::Late(ms(100)), Call::Done]);
    assert!(matches!(process.rotate().await, Rotated::Committed { unsaved: Some(_), .. }));
    process.member.save(&process.fleet).await.unwrap();
    let version = world.document().unwrap().version;
    tokio::time::sleep(secs(1)).await;
    assert_eq!(world.document().unwrap().version, version);
    let begun = clock::now();
    process.rotated().await;
    assert_eq!(clock::now(), begun);
}

#[tokio::test(start_paused = true)]
async fn answer_without_a_refresh_token_keeps_the_one_that_is_stored() {
    let (world, process) = World::logged_in(STRICT).await;
    world.server.will([Ok(tokens("a1", None))]);
    process.rotated().await;
    let kept = world.record().tokens.unwrap();
    assert_eq!(kept.tokens.refresh.as_ref().unwrap().expose(), "r0");
}

#[tokio::test(start_paused = true)]
async fn fields_of_the_user_are_committed_and_stay() {
    let (world, process) = World::logged_in(STRICT).await;
    let extra = r#"{"id_token":"not a JWT"}"#;
    world.server.will([Ok(with_extra("a1", Some("r1"), extra)), Ok(tokens("a2", Some("r2")))]);
    for _ in 0..2 {
        process.rotated().await;
        assert_eq!(world.record().tokens.unwrap().tokens.extra().unwrap().expose(), extra);
    }
}
