//! A server that wants more claims in the token gets a token with them, once.

use crate::error::LostReason;
use crate::secret::Secret;
use crate::session::tests::fakes::Reply;
use crate::session::tests::support::{TERMINAL, World, lost, ms, pair, sending, unspent};
use crate::session::{Endpoint, Sending, Stamp, Verdict};
use crate::wait::arrival::Arrival;

const NBF: &str = r#"{"access_token":{"nbf":{"value":"1"}}}"#;
const ACRS: &str = r#"{"access_token":{"acrs":{"value":"c1"}}}"#;

impl World {
    /// An endpoint wants a token with these claims. Returns the access token to replay with, or `give back`.
    async fn challenges(&self, sending: Sending, claims: &str) -> Result<String, crate::error::Error> {
        let claims = Some(Secret::new(claims.into()));
        match self.session.rejected(&self.by, sending, claims, Arrival::draw()).await? {
            Verdict::Replay(held) => Ok(held.tokens.access.expose().to_owned()),
            Verdict::Again(_) => panic!("the token is known"),
            Verdict::GiveBack => Ok("give back".into()),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.ledger.take().into_iter().filter(|line| line.starts_with("ask")).collect()
    }
}

fn asks(token: &str, claims: &str) -> String {
    format!("ask {token} #1 for {claims}")
}

#[tokio::test(start_paused = true)]
async fn the_next_refresh_alone_asks_for_the_claims() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    assert_eq!(world.challenges(sending(world.stamp()), NBF).await, Ok("a2".into()));
    world.session.rotate(&world.by, None).await.unwrap();
    assert_eq!(world.asked(), [asks("r1", NBF), "ask r2 #1".into()]);
}

#[tokio::test(start_paused = true)]
async fn requests_with_the_same_token_and_claims_rotate_once() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2)]);
    let old = sending(world.stamp());
    let all = futures_util::future::join_all((0..20).map(|_| world.challenges(old, NBF))).await;
    assert!(all.iter().all(|token| *token == Ok("a2".into())), "{all:?}");
    assert_eq!(world.challenges(old, NBF).await, Ok("a2".into()), "late, and replayed at once");
    assert_eq!(world.asked(), [asks("r1", NBF)]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_token_that_was_not_asked_for_with_the_claims_does_not_help() {
    let world = World::using(pair(1)).await;
    let old = sending(world.stamp());
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    assert_eq!(world.rejects(old).await, Ok("a2".into()));
    assert_eq!(world.challenges(old, NBF).await, Ok("a3".into()));
    assert_eq!(world.asked(), ["ask r1 #1".into(), asks("r2", NBF)]);
}

#[tokio::test(start_paused = true)]
async fn claims_that_the_server_did_not_get_are_not_asked_for_again() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2), Reply::tokens(3), Reply::tokens(4)]);
    world.challenges(sending(world.stamp()), NBF).await.unwrap();
    assert_eq!(world.challenges(sending(world.stamp()), NBF).await, Ok("give back".into()));
    world.session.rotate(&world.by, None).await.unwrap();
    world.asked();
    assert_eq!(world.challenges(sending(world.stamp()), NBF).await, Ok("a4".into()), "a3 came without them");
    assert_eq!(world.asked(), [asks("r3", NBF)]);
}

#[tokio::test(start_paused = true)]
async fn other_claims_are_asked_for_as_well() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::tokens(2), Reply::tokens(3)]);
    world.challenges(sending(world.stamp()), NBF).await.unwrap();
    assert_eq!(world.challenges(sending(world.stamp()), ACRS).await, Ok("a3".into()));
    assert_eq!(world.asked(), [asks("r1", NBF), asks("r2", ACRS)]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_leaves_the_claims_to_the_next() {
    let world = World::using(pair(1)).await;
    let failing = (0..4).map(|_| Reply::error(unspent(None)));
    world.grant.will(failing.chain([Reply::tokens(2)]));
    world.challenges(sending(world.stamp()), NBF).await.unwrap_err();
    tokio::time::sleep(ms(60_000)).await;
    world.asked();
    world.session.rotate(&world.by, None).await.unwrap();
    assert_eq!(world.asked(), [asks("r1", NBF)]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_other_claims_each_time_does_not_rotate_for_ever() {
    let world = World::using(pair(1)).await;
    world.grant.will((2..20).map(Reply::tokens));
    for n in 0..12 {
        let endpoint = Endpoint { resource: n, shape: n };
        for replayed in [false, true] {
            let sending = Sending { stamp: world.stamp(), endpoint, replayed };
            world.challenges(sending, &format!(r#"{{"n":{n}{replayed}}}"#)).await.unwrap();
        }
    }
    assert!(world.asked().len() < 8, "{} refreshes", world.asked().len());
}

#[tokio::test(start_paused = true)]
async fn claims_end_with_their_login() {
    let world = World::using(pair(1)).await;
    let failing = (0..4).map(|_| Reply::error(unspent(None)));
    world.grant.will(failing.chain([Reply::tokens(6)]));
    let old = sending(world.stamp());
    world.challenges(old, NBF).await.unwrap_err();
    world.login(Some(pair(5))).await.unwrap();
    assert_eq!(world.challenges(old, NBF).await, Ok("give back".into()));
    world.asked();
    world.session.rotate(&world.by, None).await.unwrap();
    assert_eq!(world.asked(), ["ask r5 #1"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_session_keeps_the_token_that_others_accept() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    let stamp: Stamp = world.stamp();
    assert_eq!(world.challenges(sending(stamp), NBF).await, lost(LostReason::Rejected));
    assert_eq!(world.challenges(sending(stamp), NBF).await, Ok("give back".into()));
    assert_eq!(world.token().await, Ok("a1".into()));
}

#[tokio::test(start_paused = true)]
async fn endpoints_that_want_different_claims_do_not_rotate_in_turn_for_ever() {
    let world = World::using(pair(1)).await;
    world.grant.will((2..40).map(Reply::tokens));
    let use_both = async || {
        for _ in 0..12 {
            for (n, claims) in [(1, NBF), (2, ACRS)] {
                let endpoint = Endpoint { resource: n, shape: n };
                let first = Sending { stamp: world.stamp(), endpoint, replayed: false };
                if world.challenges(first, claims).await.unwrap() != "give back" {
                    world.session.accepted(Sending { stamp: world.stamp(), endpoint, replayed: true });
                }
            }
        }
        world.asked().len()
    };
    assert_eq!(use_both().await, 4, "each of the two in its turn, twice");
    tokio::time::sleep(ms(31_000)).await;
    assert_eq!(use_both().await, 4, "they are tried again");
}
