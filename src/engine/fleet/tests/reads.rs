//! §4, §14: what a read does.

use tokio::time::{advance, sleep};

use super::world::*;
use crate::clock;
use crate::fleet::Rotated;
use crate::grant::GrantError;
use crate::store::StoreError;
use crate::store::testing::Call;

#[tokio::test(start_paused = true)]
async fn rule_4_2_store_that_went_back_is_written_over_before_anything_is_sent() {
    for to_nothing in [false, true] {
        let (world, process) = World::logged_in(STRICT).await;
        let other = world.another(STRICT).await;
        let before = world.document().filter(|_| !to_nothing);
        process.rotated().await;
        world.put(before.clone());
        if to_nothing {
            other.look().await;
            assert_eq!(world.record().generation, 1, "it knows no more");
            assert_eq!(process.look().await.unwrap().generation, 2);
        } else {
            process.rotated().await;
            assert_eq!(world.sent(), ["r0", "r1"]);
        }
        assert!(world.record().generation >= 2);
        other.look().await;
        assert_eq!(other.access(), process.access());
    }
}

#[tokio::test(start_paused = true)]
async fn rule_4_2_nothing_is_sent_if_the_store_is_not_written_back() {
    let (world, process) = World::logged_in(STRICT).await;
    let before = world.document();
    process.rotated().await;
    world.put(before);
    world.register.next_writes([Call::Fails]);
    assert!(matches!(process.rotate().await, Rotated::StoreUnavailable(_)));
    assert_eq!(world.sent(), ["r0"]);
}

#[tokio::test(start_paused = true)]
async fn rule_4_1_earlier_login_is_written_over_and_a_later_one_is_not() {
    let (world, process) = World::logged_in(STRICT).await;
    let first = world.document();
    let other = world.another(STRICT).await;
    for _ in 0..3 {
        world.log_in(&process, "2").await;
    }
    world.put(first);
    // The store went back, and somebody who has seen nothing of it logs in with a lower number.
    let newest = world.log_in(&other, "3").await;
    assert_eq!(process.look().await.unwrap().mark, newest.mark);
    assert_eq!(process.access(), Some("a3".into()));

    let newest = world.document();
    world.log_in(&process, "4").await;
    world.put(newest);
    assert_eq!(process.look().await.unwrap().mark.login, world.record().login.id);
    assert_eq!(process.access(), Some("a4".into()));
}

#[tokio::test(start_paused = true)]
async fn fork_leaves_the_known_tokens_as_a_candidate_unless_they_are_spent() {
    for (answer, spent) in [(None, false), (Some(ambiguous()), true), (Some(GrantError::Gone), false)] {
        let (world, process) = World::logged_in(STRICT).await;
        let other = world.another(STRICT).await;
        let before = world.document();
        process.rotated().await;
        if let Some(answer) = answer {
            world.server.will([Err(answer)]);
            process.rotate().await;
        }
        world.put(before);
        world.server.accept("r0");
        other.rotated().await;
        let state = process.look().await.unwrap();
        assert_eq!((state.mark, state.seen_before), (other.mark().unwrap(), None));
        assert_eq!(world.record().candidates.len(), usize::from(!spent));
        process.look().await;
        assert_eq!(world.record().candidates.len(), usize::from(!spent), "once");
    }
}

#[tokio::test(start_paused = true)]
async fn rule_2_4_record_that_is_gone_for_long_was_a_tombstone() {
    let (world, process) = World::logged_in(STRICT).await;
    let day = secs(24 * 3600);
    world.register.set_tombstone_life(day * 30);
    process.look().await;
    tokio::time::sleep(day * 14).await;
    world.put(None);
    assert!(process.look().await.is_some());
    tokio::time::sleep(day * 16).await;
    world.put(None);
    assert!(process.look().await.is_none());
    assert!(world.document().is_none() && process.member.known().is_none());
}

/// The process was stopped, or got no processor. The answer is there, and needs a moment until it is fetched.
#[tokio::test(start_paused = true)]
async fn rule_3_4_time_without_a_processor_is_not_the_stores() {
    let (_world, process) = World::logged_in(STRICT).await;
    let call = async {
        sleep(ms(1)).await;
        sleep(ms(1)).await;
        Ok(1)
    };
    let (answer, ()) = tokio::join!(process.fleet.within(secs(2), Box::pin(call)), advance(secs(60)));
    assert_eq!(answer, Ok(1));
    let begun = clock::now();
    let never = process.fleet.within::<()>(secs(2), Box::pin(std::future::pending())).await;
    assert_eq!((never, clock::now() - begun), (Err(StoreError::TimedOut), secs(2)));
}

#[tokio::test(start_paused = true)]
async fn rule_3_4_first_read_may_take_longer_than_a_lease_allows() {
    let (world, _process) = World::logged_in(STRICT).await;
    for logs_in in [false, true] {
        let mut newcomer = world.process(STRICT);
        newcomer.fleet.settings.lease = secs(1);
        world.register.next_reads([Call::Slow(secs(1))]);
        if logs_in {
            world.log_in(&newcomer, "5").await;
        } else {
            newcomer.look().await;
        }
        world.register.next_reads([Call::Slow(secs(1))]);
        let read = newcomer.member.look(&newcomer.fleet).await;
        assert_eq!(read.err(), Some(StoreError::TimedOut), "a lease may wait for the next one");
        world.register.next_reads([Call::Slow(secs(3))]);
        let newcomer = world.process(STRICT);
        assert_eq!(newcomer.member.look(&newcomer.fleet).await.err(), Some(StoreError::TimedOut));
    }
}

#[tokio::test(start_paused = true)]
async fn adopted_tokens_tell_when_they_came_and_since_when_they_can_be_there() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    tokio::time::sleep(secs(5)).await;
    let seen = clock::uptime();
    other.look().await;
    tokio::time::sleep(secs(5)).await;
    process.rotated().await;
    tokio::time::sleep(secs(5)).await;
    let state = other.look().await.unwrap();
    assert_eq!((state.seen_before, state.arrived), (Some(seen), clock::uptime()));
    tokio::time::sleep(secs(5)).await;
    let later = other.look().await.unwrap();
    assert_eq!((later.seen_before, later.arrived), (state.seen_before, state.arrived));
    let own = process.member.known().unwrap();
    assert_eq!((own.seen_before, own.arrived), (None, seen + secs(5)));
    let newcomer = world.another(STRICT).await;
    assert_eq!(newcomer.member.known().unwrap().seen_before, None);
}

/// A login may bring tokens that were issued long ago.
#[tokio::test(start_paused = true)]
async fn read_of_an_earlier_login_tells_nothing_of_the_age_of_tokens() {
    let (world, process) = World::logged_in(STRICT).await;
    let other = world.another(STRICT).await;
    world.log_in(&process, "5").await;
    process.rotated().await;
    let state = other.look().await.unwrap();
    assert_eq!((state.generation, state.seen_before), (2, None));
}

#[tokio::test(start_paused = true)]
async fn lifetime_is_the_one_that_the_holder_saw() {
    let (world, process) = World::logged_in(STRICT).await;
    let tokens = crate::token::tests::tokens("a1", Some("r1"));
    let tokens = tokens.expiring_at(Some(clock::wall_ms() + 60_000));
    world.server.will([Ok(tokens)]);
    process.rotated().await;
    let other = world.process(STRICT);
    assert_eq!(other.look().await.unwrap().lifetime, Some(secs(60)));
}
