//! Requests with a token that is bound to a key (RFC 9449).

use std::collections::HashSet;

use ::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::retries::streaming;
use super::world::*;
use crate::dpop::Key;
use crate::jose::Algorithm;
use crate::session::participant::Seed;
use crate::session::{Sending, Stamp};

type Headers = &'static [(&'static str, &'static str)];

const WANTS_N1: Headers =
    &[("www-authenticate", r#"DPoP error="use_dpop_nonce", algs="ES256""#), ("dpop-nonce", "n1")];
const WANTS_N2: Headers = &[("www-authenticate", r#"DPoP error="use_dpop_nonce""#), ("dpop-nonce", "n2")];
const WANTS_NO_OTHER: Headers = &[("www-authenticate", r#"DPoP error="use_dpop_nonce""#)];
const HAS_N2: Headers = &[("dpop-nonce", "n2")];

fn bound() -> Tokens {
    pair(1).bound_to(Key::generate(Algorithm::ES256).unwrap(), true)
}

/// Logged in with a bound `a1`, which the API accepts.
async fn world(change: impl FnOnce(&mut Config)) -> World {
    let world = World::with_provider(|by| by.seed = Seed::new("key".into(), Some(bound())), change).await;
    world.api.takes_bound("a1");
    world
}

impl World {
    fn will_answer<const N: usize>(&self, answers: [(u16, Headers); N]) {
        self.api.scripted.lock().unwrap().extend(answers.map(Ok));
    }

    /// The claims of every proof that arrived; null for a request without one.
    fn proofs(&self) -> Vec<Value> {
        let read = |proof: String| {
            let Some(claims) = proof.split('.').nth(1) else { return Value::Null };
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
        };
        self.api.headers("dpop").into_iter().map(read).collect()
    }

    fn nonces(&self) -> Vec<Value> {
        self.proofs().into_iter().map(|claims| claims["nonce"].clone()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn placeholder_gives_way_to_a_bound_token_and_its_proof() {
    let world = world(|_| {}).await;
    let mut request = request("/x");
    request.headers.insert("authorization", HeaderValue::from_static("Bearer token-rotator-placeholder"));
    assert_eq!(world.client.send(Box::new(request)).await.unwrap().response.status, 200);
    assert_eq!(world.api.headers("authorization"), ["DPoP a1"]);
    assert_eq!(world.proofs()[0]["htu"], "https://api.example/v1/x");
}

#[tokio::test(start_paused = true)]
async fn bound_token_is_sent_with_a_proof_of_its_request() {
    let world = world(|_| {}).await;
    let request = Request { query: "q=1".into(), method: Method::PUT, ..request("/x#part") };
    assert_eq!(world.client.send(Box::new(request)).await.unwrap().response.status, 200);
    assert_eq!(world.api.headers("authorization"), ["DPoP a1"]);
    let [proof] = &world.proofs()[..] else { panic!() };
    assert_eq!((&proof["htm"], &proof["htu"]), (&"PUT".into(), &"https://api.example/v1/x".into()));
    assert_eq!((proof["ath"].as_str().unwrap().len(), &proof["nonce"]), (43, &Value::Null));
    assert!(world.api.sent.lock().unwrap()[0].headers["dpop"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn nonce_that_the_api_wants_costs_one_more_request_and_no_rotation() {
    let world = world(|_| {}).await;
    world.will_answer([(401, WANTS_N1)]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (200, 2, 0));
    for _ in 0..3 {
        assert_eq!(world.get().await.unwrap().attempts, 1, "the nonce is known");
    }
    assert_eq!(world.nonces(), [Value::Null, "n1".into(), "n1".into(), "n1".into(), "n1".into()]);
    assert_eq!(world.refreshes(), 0);
    let ids: HashSet<String> = world.proofs().iter().map(|proof| proof["jti"].to_string()).collect();
    assert_eq!(ids.len(), 5, "no proof is sent twice");
}

#[tokio::test(start_paused = true)]
async fn nonce_of_any_answer_is_used_next() {
    let world = world(|_| {}).await;
    world.will_answer([(200, HAS_N2), (500, WANTS_N1), (200, &[])]);
    for _ in 0..3 {
        world.get().await.unwrap();
    }
    assert_eq!(world.nonces(), [Value::Null, "n2".into(), "n1".into()]);
}

#[tokio::test(start_paused = true)]
async fn server_that_is_content_with_no_nonce_is_asked_a_few_times() {
    let world = world(|_| {}).await;
    world.will_answer([(401, WANTS_N1), (401, WANTS_N2), (401, WANTS_N1), (401, WANTS_N2), (401, WANTS_N1)]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, world.refreshes()), (401, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn nonce_that_was_used_already_is_not_sent_again() {
    let world = world(|_| {}).await;
    world.will_answer([(401, WANTS_N1), (401, WANTS_N1), (401, WANTS_NO_OTHER)]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, world.refreshes()), (401, 2, 0));
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, world.refreshes()), (401, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn body_that_is_used_up_and_replay_false_end_the_request() {
    for (request, not_replayable) in
        [(streaming(false), true), (Request { replay: Some(false), ..request("/x") }, false)]
    {
        let world = world(|_| {}).await;
        world.will_answer([(401, WANTS_N1)]);
        let answer = world.client.send(Box::new(request)).await.unwrap();
        assert_eq!((answer.response.status, answer.attempts), (401, 1));
        assert_eq!(answer.not_replayable, not_replayable);
        assert_eq!(world.get().await.unwrap().attempts, 1, "the nonce is known all the same");
    }
}

#[tokio::test(start_paused = true)]
async fn the_users_judge_is_not_asked_about_a_nonce() {
    let world = world(|config| config.judge = Some(Box::new(super::Suspicious))).await;
    world.will_answer([(401, WANTS_N1)]);
    assert_eq!(world.get().await.unwrap().attempts, 2);
    assert_eq!(world.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn redirect_has_a_proof_of_its_own_and_none_elsewhere() {
    let world = world(|config| config.rules.redirect = RedirectMode::Follow).await;
    world.will_answer([
        (307, &[("location", "/y"), ("dpop-nonce", "n1")]),
        (302, &[("location", "https://b.example/z")]),
        (302, &[("location", "https://api.example/v1/x")]),
    ]);
    world.get().await.unwrap();
    let proofs = world.proofs();
    assert_eq!(proofs[0]["htu"], "https://api.example/v1/x");
    assert_eq!((&proofs[1]["htu"], &proofs[1]["nonce"]), (&"https://api.example/y".into(), &"n1".into()));
    assert_eq!(proofs[2..], [Value::Null, Value::Null], "a header that was dropped stays dropped");
}

#[tokio::test(start_paused = true)]
async fn retry_and_replay_have_fresh_proofs() {
    let world = world(|config| config.retry = Arc::new(RetryRules { limit: 1, ..no_retries() })).await;
    world.will_answer([(503, &[])]);
    assert_eq!(world.get().await.unwrap().attempts, 2);
    let [first, second] = &world.proofs()[..] else { panic!() };
    assert_ne!(first["jti"], second["jti"]);
    // The grant of this world brings Bearer tokens.
    world.api.takes("nothing yet");
    assert_eq!(world.get().await.unwrap().replays, 1);
    assert_eq!(world.api.headers("authorization")[2..], ["DPoP a1", "Bearer a2"]);
    assert_eq!(world.proofs()[3], Value::Null, "a Bearer token needs no proof");
}

#[tokio::test(start_paused = true)]
async fn bound_token_goes_out_as_dpop_whatever_the_format() {
    let world =
        world(|config| config.format = Some(Arc::new(super::Formatting(Arc::default(), ms(0))))).await;
    world.get().await.unwrap();
    assert_eq!(world.api.headers("authorization"), ["DPoP a1"]);
}

#[tokio::test(start_paused = true)]
async fn login_with_the_tokens_held_keeps_their_key() {
    let world = world(|_| {}).await;
    world.client.set_tokens(Some(pair(1))).await.unwrap();
    world.get().await.unwrap();
    world.client.set_tokens(Some(pair(7))).await.unwrap();
    world.get().await.unwrap();
    assert_eq!(world.api.headers("authorization")[..2], ["DPoP a1", "Bearer a7"]);
}

#[tokio::test(start_paused = true)]
async fn request_of_another_http_client_is_proven_too() {
    let world = world(|_| {}).await;
    let Authorised { header, stamp } = world.client.authorise_now(None).unwrap();
    assert_eq!(header.unwrap(), "DPoP a1");
    let url = Url::parse("https://api.example/x?q").unwrap();
    let proof = |stamp| world.client.prove(stamp, &Method::GET, &url).unwrap();
    assert!(proof(stamp).unwrap().nonce.is_none());
    world.client.heard(&url, "n1");
    assert_eq!(proof(stamp).unwrap().nonce.as_deref(), Some("n1"));
    assert!(proof(Stamp { generation: stamp.generation + 1, ..stamp }).is_none(), "another token");
    let endpoint = endpoint("GET", url.as_str());
    let sending = Sending { stamp, endpoint, replayed: false };
    let rejected = |used| world.client.rejected(sending, Some(WANTS_N1[0].1), Some((&url, used)));
    let again = rejected(None).await.unwrap().unwrap();
    assert_eq!((again.header.unwrap(), again.stamp), ("DPoP a1".parse().unwrap(), stamp));
    assert!(rejected(Some("n1")).await.unwrap().is_none(), "there is no newer nonce");
    world.client.rotate(None).await.unwrap();
    let Authorised { stamp, .. } = world.client.authorise_now(None).unwrap();
    assert!(proof(stamp).is_none(), "a Bearer token");
    let sending = Sending { stamp, endpoint, replayed: false };
    assert!(world.client.rejected(sending, Some(WANTS_N1[0].1), Some((&url, None))).await.unwrap().is_none());
    assert_eq!(world.refreshes(), 1);
}

/// The request waits for its body between the two, so that a rotation may come first.
#[tokio::test(start_paused = true)]
async fn token_that_was_replaced_before_it_was_proven_is_replayed() {
    let world = world(|_| {}).await;
    let Authorised { stamp, .. } = world.client.authorise_now(None).unwrap();
    world.client.rotate(None).await.unwrap();
    let url = Url::parse("https://api.example/x").unwrap();
    assert!(world.client.prove(stamp, &Method::GET, &url).unwrap().is_none());
    let sending = Sending { stamp, endpoint: endpoint("GET", url.as_str()), replayed: false };
    for proven in [None, Some((&url, None))] {
        let refused = Some(r#"DPoP error="invalid_dpop_proof""#);
        let next = world.client.rejected(sending, refused, proven).await.unwrap().unwrap();
        assert_eq!(next.header.unwrap(), "Bearer a2");
    }
    assert_eq!(world.refreshes(), 1);
}
