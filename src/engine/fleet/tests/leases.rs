//! §6, §7: whose lease lives, and until when.

use serde_json::Map;

use super::world::*;
use crate::clock;
use crate::fleet::record::{Candidate, Intent, Lease};
use crate::fleet::{News, Rotated, Settings};
use crate::store::testing::Call;
use crate::token::tests::tokens;

fn lease(process: &Process) -> Lease {
    Lease { id: process.id(), owner: "dead".into(), ms: 10_000, beat: 3, locked: false, rest: Map::new() }
}

#[tokio::test(start_paused = true)]
async fn rule_6_3_lease_is_dead_when_it_was_silent_for_one_and_a_quarter() {
    let (world, process) = World::logged_in(GRACE).await;
    world.change(&process, |record| record.lease = Some(lease(&process)));
    let begun = clock::now();
    process.rotated().await;
    let waited = clock::now() - begun;
    assert!((ms(12_500)..ms(14_500)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn rule_6_3_count_goes_on_when_a_request_gives_up() {
    let (world, process) = World::logged_in(GRACE).await;
    world.change(&process, |record| record.lease = Some(lease(&process)));
    for _ in 0..10 {
        tokio::time::sleep(secs(1)).await;
        process.look().await;
    }
    let begun = clock::now();
    process.rotated().await;
    assert!(clock::now() - begun < secs(6));
}

#[tokio::test(start_paused = true)]
async fn rule_6_2_time_without_reads_does_not_count() {
    let (world, process) = World::logged_in(GRACE).await;
    world.change(&process, |record| record.lease = Some(lease(&process)));
    process.look().await;
    // The process was stopped, or the store was away.
    tokio::time::sleep(secs(600)).await;
    let begun = clock::now();
    process.rotated().await;
    assert!(clock::now() - begun > secs(9));
}

#[tokio::test(start_paused = true)]
async fn rule_6_1_another_claim_of_the_same_owner_begins_anew() {
    let (world, process) = World::logged_in(GRACE).await;
    for _ in 0..20 {
        world.change(&process, |record| record.lease = Some(Lease { beat: 0, ..lease(&process) }));
        tokio::time::sleep(secs(1)).await;
        process.look().await;
    }
    let begun = clock::now();
    process.rotated().await;
    assert!(clock::now() - begun > secs(10));
}

#[tokio::test(start_paused = true)]
async fn rule_6_1_side_writes_do_not_keep_a_dead_lease_alive() {
    let (world, process) = World::logged_in(GRACE).await;
    let dead = lease(&process);
    for n in 0..14 {
        world.change(&process, |record| {
            record.lease = Some(dead.clone());
            record.login.seq = n;
        });
        tokio::time::sleep(secs(1)).await;
        process.look().await;
    }
    let begun = clock::now();
    process.rotated().await;
    assert!(clock::now() - begun < ms(100));
}

#[tokio::test(start_paused = true)]
async fn rule_6_3_lock_time_out_is_told_and_nothing_is_sent() {
    let (world, process) = World::logged_in(GRACE).await;
    let living = lease(&process);
    let beats = async {
        for beat in 0.. {
            world.change(&process, |record| record.lease = Some(Lease { beat, ..living.clone() }));
            tokio::time::sleep(secs(3)).await;
        }
    };
    let end = tokio::select! {
        biased;
        () = beats => unreachable!(),
        end = process.rotate() => end,
    };
    assert!(matches!(end, Rotated::LockTimeout { waited } if waited >= ms(42_500)), "{end:?}");
    assert_eq!(world.sent(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn waiter_reads_a_store_that_fails_every_tenth_of_a_lease() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| record.lease = Some(lease(&process)));
    world.register.next_reads([Call::Done]);
    world.register.next_reads([Call::Fails; 100]);
    assert!(tokio::time::timeout(secs(20), process.rotate()).await.is_err(), "it waits");
    let (reads, _) = world.register.calls();
    assert!((20..30).contains(&reads), "{reads}");
}

#[tokio::test(start_paused = true)]
async fn rule_6_4_dead_holder_on_this_machine_is_seen_at_once() {
    let (world, process) = World::logged_in(GRACE).await;
    world.register.use_locks();
    let other = world.another(GRACE).await;
    world.server.will_after(secs(20), [Ok(tokens("a1", Some("r1")))]);
    {
        let dies = tokio::time::timeout(secs(1), other.rotate());
        assert!(dies.await.is_err());
    }
    assert!(world.record().lease.unwrap().locked);
    let begun = clock::now();
    process.rotated().await;
    assert!(clock::now() - begun < ms(100));
}

#[tokio::test(start_paused = true)]
async fn rule_6_4_living_holder_keeps_its_lock_and_a_lease_without_one_is_not_judged_by_it() {
    let (world, process) = World::logged_in(GRACE).await;
    world.register.use_locks();
    let other = world.another(GRACE).await;
    world.server.will_after(secs(5), [Ok(tokens("a1", Some("r1")))]);
    let waits = async {
        tokio::time::sleep(secs(1)).await;
        process.rotate().await
    };
    let (_, waited) = tokio::join!(other.rotate(), waits);
    assert!(matches!(waited, Rotated::Adopted(_)));
    world.change(&process, |record| record.lease = Some(lease(&process)));
    let begun = clock::now();
    process.rotate().await;
    assert!(clock::now() - begun > secs(12));
}

#[test]
fn rule_6_5_lease_is_a_third_of_the_grace_and_a_second_at_least() {
    let lease = |grace| settings(grace).lease();
    assert_eq!(lease(STRICT), secs(10));
    assert_eq!(lease(secs(60)), secs(10));
    assert_eq!(lease(secs(15)), secs(5));
    assert_eq!(lease(secs(1)), secs(1));
    assert_eq!(settings(secs(6)).store_deadline(), ms(500));
    assert_eq!(settings(STRICT).store_deadline(), secs(2));
}

#[test]
fn unsaved_tokens_are_tried_after_a_quarter_of_the_lease_or_five_seconds() {
    let pause = |lease| Settings { lease, ..settings(STRICT) }.save_pause();
    assert_eq!([pause(secs(8)), pause(secs(100))], [secs(2), secs(5)]);
}

#[tokio::test(start_paused = true)]
async fn rule_7_1_lease_is_renewed_every_third_of_it() {
    let (world, process) = World::logged_in(GRACE).await;
    let other = world.another(GRACE).await;
    world.server.will_after(secs(25), [Ok(tokens("a1", Some("r1")))]);
    let watching = async {
        tokio::time::sleep(ms(100)).await;
        let waited = other.rotate().await;
        assert!(matches!(waited, Rotated::Adopted(_)), "{waited:?}");
    };
    let beats = async {
        tokio::time::sleep(secs(24)).await;
        world.record().lease.unwrap().beat
    };
    let ((), beats, _) = tokio::join!(watching, beats, process.rotate());
    assert_eq!(beats, 7);
    assert_eq!(world.sent(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn rule_7_1_lease_of_a_refresh_without_an_answer_dies() {
    let (world, process) = World::logged_in(GRACE).await;
    world.server.will_after(secs(300), [Ok(tokens("a9", Some("r9")))]);
    let beats = async {
        tokio::time::sleep(secs(299)).await;
        world.record().lease.unwrap().beat
    };
    let (_, beats) = tokio::join!(process.rotate(), beats);
    assert_eq!(beats, 9, "for 32 s");
}

#[tokio::test(start_paused = true)]
async fn rule_7_1_renewal_that_fails_is_tried_again_at_once() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.register.next_writes([Call::Done, Call::Fails, Call::Fails, Call::Unanswered]);
    world.server.will_after(secs(15), [Ok(tokens("a1", Some("r1")))]);
    let waits = async {
        tokio::time::sleep(secs(1)).await;
        other.rotate().await
    };
    let (rotated, waited) = tokio::join!(process.rotate(), waits);
    assert!(matches!(rotated, Rotated::Committed { unsaved: None, .. }));
    assert!(matches!(waited, Rotated::Adopted(_)));
    assert_eq!(world.sent(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn rule_7_2_side_write_does_not_end_the_renewal() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.server.will_after(secs(25), [Ok(tokens("a1", Some("r1")))]);
    let candidate = process.id();
    let side = async {
        tokio::time::sleep(secs(1)).await;
        world.change(&process, |record| {
            let tokens = record.tokens.clone().unwrap();
            record.candidates.push(Candidate { id: candidate, tokens });
        });
        other.rotate().await
    };
    let (rotated, waited) = tokio::join!(process.rotate(), side);
    assert!(matches!(rotated, Rotated::Committed { .. }));
    assert!(matches!(waited, Rotated::Adopted(_)));
    assert_eq!(world.sent(), ["r0"]);
    assert!(world.record().has_candidate(candidate), "rule 10.2: it came after the claim");
}

#[tokio::test(start_paused = true)]
async fn rule_7_2_copy_of_the_store_from_before_the_claim_takes_no_lease() {
    let (world, process) = World::logged_in(STRICT).await;
    *process.connects_in.lock() = ms(4_900);
    let before = world.document();
    let goes_back = async {
        tokio::time::sleep(secs(1)).await;
        world.put(before);
    };
    let begun = clock::now();
    let (rotated, ()) = tokio::join!(process.rotate(), goes_back);
    assert!(matches!(rotated, Rotated::Committed { unsaved: None, .. }), "{rotated:?}");
    assert_eq!(world.server.asked.lock()[0].1 - begun, ms(4_900), "it was not claimed anew");
}

#[tokio::test(start_paused = true)]
async fn rule_7_2_lease_that_was_taken_before_the_send_stops_it() {
    let (world, process) = World::logged_in(GRACE).await;
    *process.connects_in.lock() = ms(4_900);
    let taken = async {
        tokio::time::sleep(secs(1)).await;
        world.change(&process, |record| record.lease = Some(lease(&process)));
        tokio::time::sleep(secs(6)).await;
        assert_eq!(world.sent(), [""; 0]);
        *process.connects_in.lock() = ms(0);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), taken);
    assert!(matches!(rotated, Rotated::Committed { .. }));
    assert_eq!(world.sent(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn rule_7_3_old_lease_is_released_before_the_send() {
    let (world, process) = World::logged_in(STRICT).await;
    // No renewal gets through while it connects.
    *process.connects_in.lock() = ms(5_100);
    world.register.next_writes([Call::Done, Call::Slow(ms(1_900)), Call::Done]);
    let connects = async {
        tokio::time::sleep(ms(5_000)).await;
        *process.connects_in.lock() = ms(0);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), connects);
    assert!(matches!(rotated, Rotated::Committed { .. }), "{rotated:?}");
    let sent_at = world.server.asked.lock()[0].1;
    assert!(world.record().trail.len() == 2 && world.sent() == ["r0"], "{sent_at:?}");
    let (_, writes) = world.register.calls();
    assert_eq!(writes, 5, "claim, renewal, release, claim, commit");
}

#[tokio::test(start_paused = true)]
async fn rule_7_3_lease_is_looked_at_again_behind_what_a_sender_awaits() {
    let (world, process) = World::logged_in(STRICT).await;
    // No renewal gets through while it reads a secret.
    *process.reads_in.lock() = ms(5_100);
    world.register.next_writes([Call::Done, Call::Slow(ms(1_900)), Call::Done]);
    let reads = async {
        tokio::time::sleep(ms(5_000)).await;
        *process.reads_in.lock() = ms(0);
        assert_eq!(world.sent(), [""; 0]);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), reads);
    assert!(matches!(rotated, Rotated::Committed { .. }), "{rotated:?}");
    assert_eq!(world.sent(), ["r0"]);
    let (_, writes) = world.register.calls();
    assert_eq!(writes, 5, "claim, renewal, release, claim, commit");
}

#[tokio::test(start_paused = true)]
async fn rule_7_3_time_counts_from_before_the_claim() {
    let (world, process) = World::logged_in(STRICT).await;
    *process.connects_in.lock() = ms(3_200);
    // The claim takes 1.9 s, and it is 5.1 s old when the connection is there.
    world.register.next_writes([Call::Slow(ms(1_900))]);
    let connects = async {
        tokio::time::sleep(ms(5_000)).await;
        *process.connects_in.lock() = ms(0);
    };
    let (rotated, ()) = tokio::join!(process.rotate(), connects);
    assert!(matches!(rotated, Rotated::Committed { .. }));
    assert_eq!(world.register.calls().1, 4, "claim, release, claim, commit");
}

#[tokio::test(start_paused = true)]
async fn rule_3_4_call_that_hangs_is_given_up() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.next_reads([Call::Slow(secs(600))]);
    let begun = clock::now();
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(crate::store::StoreError::TimedOut)));
    assert_eq!(clock::now() - begun, secs(2));
}

#[tokio::test(start_paused = true)]
async fn rule_4_3_renewal_tells_of_another_login() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.server.will_after(secs(9), [Ok(tokens("a1", Some("r1")))]);
    let logs_in = async {
        tokio::time::sleep(secs(1)).await;
        world.log_in(&other, "2").await;
        tokio::time::sleep(secs(4)).await;
        assert_eq!(process.access(), Some("a2".into()));
        assert!(matches!(&process.news.lock()[..], [News::Known(_)]));
    };
    let (rotated, ()) = tokio::join!(process.rotate(), logs_in);
    let Rotated::Superseded { tokens, state } = rotated else { panic!("{rotated:?}") };
    assert_eq!((tokens.access.expose(), state.map(|it| it.generation)), ("a1", Some(1)));
    assert_eq!(world.record().tokens.unwrap().tokens.access.expose(), "a2");
}

#[tokio::test(start_paused = true)]
async fn token_that_is_refused_while_an_early_rotation_waits_makes_it_wait() {
    let (world, process) = World::logged_in(STRICT).await;
    world.change(&process, |record| {
        record.intent = Some(Intent {
            token: Some("#".into()),
            claim: process.id(),
            grace: 0,
            unanswered: true,
            rest: Map::new(),
        });
    });
    assert!(matches!(process.rotate_early().await, Rotated::Later));
    assert!(matches!(process.rotate().await, Rotated::Committed { .. }));
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn rule_6_4_lock_is_kept_until_the_tokens_are_saved() {
    let (world, process) = World::logged_in(STRICT).await;
    world.register.use_locks();
    let other = world.another(STRICT).await;
    world.register.next_writes([Call::Done, Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::Committed { unsaved: Some(_), .. }));
    let saves = async {
        tokio::time::sleep(secs(1)).await;
        process.member.save(&process.fleet).await.unwrap();
    };
    let (waited, ()) = tokio::join!(other.rotate(), saves);
    assert!(matches!(waited, Rotated::Adopted(_)), "{waited:?}");
    assert_eq!(world.sent(), ["r0"]);
    world.server.will_after(secs(100), [Err(ambiguous())]);
    assert!(tokio::time::timeout(secs(1), other.rotate()).await.is_err());
    process.rotate().await;
    assert_eq!(world.sent().len(), 3, "the lock was freed");
}
