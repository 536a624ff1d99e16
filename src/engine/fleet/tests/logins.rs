//! §13: logins and logouts.

use super::world::*;
use crate::clock;
use crate::fleet::record::Id;
use crate::secret::Secret;
use crate::store::testing::Call;
use crate::store::{Document, StoreError, StoreFault, Version};
use crate::token::tests::tokens;

#[tokio::test(start_paused = true)]
async fn login_begins_anew_and_remembers_what_was_before() {
    let (world, process) = World::logged_in(GRACE).await;
    process.rotated().await;
    let first = world.record().login;
    let other = world.another(GRACE).await;
    let state = world.log_in(&other, "2").await;
    let record = world.record();
    assert_eq!((record.login.seq, record.before), (first.seq + 1, vec![first.id]));
    assert_eq!((record.generation, record.commit, record.trail), (1, record.login.id, vec![record.login.id]));
    assert_eq!(process.look().await.unwrap().mark, state.mark);
    assert_eq!(process.access(), Some("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn rule_13_login_remembers_what_its_process_knows_although_the_store_has_forgotten() {
    let (world, process) = World::logged_in(GRACE).await;
    let first = world.document();
    let a = world.record().login.id;
    world.log_in(&process, "2").await;
    let b = world.record().login.id;
    world.put(first);
    world.log_in(&process, "3").await;
    assert_eq!(world.record().before, [a, b]);
}

#[tokio::test(start_paused = true)]
async fn rule_3_3_login_is_not_repeated_over_a_newer_one() {
    let (world, process) = World::logged_in(GRACE).await;
    let other = world.another(GRACE).await;
    // It is applied and reported as failed, and the other logs in before it is read.
    world.register.next_writes([Call::Unanswered]);
    let id = process.id();
    let logs_in = process.member.login(&process.fleet, id, Some(tokens("a2", Some("r2"))));
    let newer = async {
        while world.record().login.id != id {
            tokio::task::yield_now().await;
        }
        world.log_in(&other, "3").await
    };
    let (state, newer) = tokio::join!(logs_in, newer);
    assert_eq!(state.unwrap().unwrap().mark, newer.mark);
    assert_eq!((process.access(), world.record().login.id), (Some("a3".into()), newer.mark.login));
}

#[tokio::test(start_paused = true)]
async fn login_that_fails_is_told_and_can_be_repeated() {
    let (world, process) = World::logged_in(GRACE).await;
    let id = process.id();
    let login = || process.member.login(&process.fleet, id, Some(tokens("a2", Some("r2"))));
    world.register.next_reads([Call::Fails]);
    assert!(login().await.is_err());
    world.register.next_writes([Call::Fails, Call::Fails, Call::Late(secs(1))]);
    assert!(login().await.is_err());
    assert_eq!(process.access(), Some("a0".into()));
    tokio::time::sleep(secs(2)).await;
    world.register.calls();
    assert_eq!(login().await.unwrap().unwrap().mark.login, id);
    assert_eq!(world.register.calls().1, 0, "it has taken effect late");
}

#[tokio::test(start_paused = true)]
async fn login_takes_the_lease_and_ends_a_loss() {
    let (world, process) = World::logged_in(GRACE).await;
    world.server.will([Err(terminal())]);
    process.rotate().await;
    assert!(world.log_in(&process, "2").await.lost.is_none());
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn logout_is_a_tombstone_that_holds_for_the_fleet() {
    let (world, process) = World::logged_in(GRACE).await;
    let other = world.another(GRACE).await;
    let state = process.member.login(&process.fleet, process.id(), None).await.unwrap().unwrap();
    assert!(state.tokens.is_none());
    assert!(other.look().await.unwrap().tokens.is_none());
    assert!(world.record().tokens.is_none());
}

async fn seed(process: &Process, name: &str) -> String {
    let tokens = tokens(name, Some("r"));
    let state = process.member.seed(&process.fleet, process.id(), tokens).await.unwrap().unwrap();
    state.tokens.unwrap().access.expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn seed_counts_only_if_nothing_is_stored() {
    let world = World::default();
    let (one, two) = (world.process(GRACE), world.process(GRACE));
    let (first, second) = tokio::join!(seed(&one, "one"), seed(&two, "two"));
    assert_eq!(first, second);
    one.member.login(&one.fleet, one.id(), None).await.unwrap();
    let after = world.process(GRACE);
    let state = after.member.seed(&after.fleet, after.id(), tokens("late", None)).await.unwrap();
    assert!(state.unwrap().tokens.is_none(), "a logout is something");
}

#[tokio::test(start_paused = true)]
async fn rule_2_2_record_of_a_newer_format_is_not_touched() {
    let (world, process) = World::logged_in(GRACE).await;
    let text = world.document().unwrap().text.expose().replace("\"min\":1", "\"min\":7");
    let newer = Document { text: Secret::new(text), version: Version::random() };
    world.put(Some(newer.clone()));
    let fault = Err(StoreError::Fault(StoreFault::TooNew { min: 7 }));
    assert_eq!(process.member.look(&process.fleet).await.map(drop), fault);
    let login = process.member.login(&process.fleet, Id(1), None).await;
    assert_eq!(login.map(drop), fault);
    process.rotate().await;
    assert_eq!(world.document(), Some(newer));
    assert_eq!((process.access(), world.sent().len()), (Some("a0".into()), 0));
}

#[tokio::test(start_paused = true)]
async fn record_that_is_none_is_told_and_written_over_by_a_login_alone() {
    let (world, process) = World::logged_in(GRACE).await;
    let broken = Document { text: Secret::new("{".into()), version: Version::random() };
    world.put(Some(broken.clone()));
    let corrupt = Err(StoreError::Corrupt { cause: None });
    assert_eq!(process.member.look(&process.fleet).await.map(drop), corrupt);
    process.rotate().await;
    assert_eq!((world.document(), world.sent().len()), (Some(broken), 0));
    world.log_in(&process, "2").await;
    process.rotated().await;
}

#[tokio::test(start_paused = true)]
async fn login_ends_what_its_read_shows_to_have_ended() {
    let (world, process) = World::logged_in(GRACE).await;
    let other = world.another(GRACE).await;
    other.member.login(&other.fleet, other.id(), None).await.unwrap();
    world.register.next_writes([Call::Slow(secs(1))]);
    let watching = async {
        tokio::time::sleep(ms(500)).await;
        assert_eq!(process.access(), None, "logged out elsewhere");
    };
    tokio::join!(world.log_in(&process, "2"), watching);
    assert_eq!(process.access(), Some("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn tokens_live_from_their_arrival_on() {
    let (world, process) = World::logged_in(STRICT).await;
    let with_end = || tokens("a5", Some("r5")).expiring_at(Some(clock::wall_ms() + 60_000));
    let state = process.member.login(&process.fleet, process.id(), Some(with_end())).await.unwrap();
    assert_eq!(state.unwrap().lifetime, Some(secs(60)));
    world.server.will([Ok(with_end())]);
    assert_eq!(process.rotated().await.lifetime, Some(secs(60)));
}

/// A register may forget tombstones after a while.
#[tokio::test(start_paused = true)]
async fn only_a_logout_is_written_as_a_tombstone() {
    let world = World::default();
    let process = world.process(STRICT);
    // No login came before, so that the grant is asked without a token.
    process.rotated().await;
    world.log_in(&process, "0").await;
    process.rotated().await;
    assert_eq!(world.register.tombstones(), 0);
    process.member.login(&process.fleet, process.id(), None).await.unwrap();
    assert_eq!(world.register.tombstones(), 1);
}
