use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::super::tests::{Said, Script, TOKEN_ENDPOINT, answer, ask, said, settings};
use super::super::{Kind, OAuth, Settings};
use super::*;
use crate::grant::{Ask, Grant, GrantError};
use crate::secret::Secret;

const BOUND: &str = r#"{"access_token":"a2","refresh_token":"r2","token_type":"dpop"}"#;
const BEARER: &str = r#"{"access_token":"a2","refresh_token":"r2","token_type":"Bearer"}"#;

fn with_nonce(status: u16, body: &str, nonce: &str) -> Said {
    Said::Answers(Answer { dpop_nonce: Some(nonce.into()), ..answer(status, body) })
}

fn wants(nonce: &str) -> Said {
    with_nonce(400, r#"{"error":"use_dpop_nonce"}"#, nonce)
}

fn grant(server: &Arc<Script>, kind: Kind, dpop: Option<Algorithm>) -> OAuth {
    OAuth::new(Settings { dpop, ..settings(kind) }, Arc::clone(server) as _)
}

fn asking(bound: Option<&Key>) -> Ask {
    Ask { bound: bound.cloned(), ..ask(Some("r1")) }
}

/// Header and claims of each proof; null for a form without one.
fn proofs(server: &Script) -> Vec<(Value, Value)> {
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let read = |proof: Option<String>| match proof {
        Some(proof) => {
            let parts: Vec<_> = proof.split('.').collect();
            (json(parts[0]), json(parts[1]))
        }
        None => (Value::Null, Value::Null),
    };
    server.header("dpop").into_iter().map(read).collect()
}

fn nonces(server: &Script) -> Vec<Value> {
    proofs(server).into_iter().map(|(_, claims)| claims["nonce"].clone()).collect()
}

#[tokio::test]
async fn a_question_is_asked_again_with_the_nonce_that_the_server_wants() {
    let server = Script::new([wants("n1"), with_nonce(200, BOUND, "n2"), said(200, BOUND)]);
    let grant = grant(&server, Kind::RefreshToken, Some(Algorithm::ES256));
    let tokens = grant.refresh(asking(None)).await.unwrap();
    let key = tokens.proof_key().unwrap().clone();
    assert_eq!(grant.refresh(asking(Some(&key))).await.unwrap().proof_key(), Some(&key));
    assert_eq!(nonces(&server), [Value::Null, "n1".into(), "n2".into()]);
    let proofs = proofs(&server);
    for (header, claims) in &proofs {
        assert_eq!((&claims["htm"], &claims["htu"]), (&"POST".into(), &TOKEN_ENDPOINT.into()));
        assert_eq!((&header["jwk"], claims.get("ath")), (&proofs[0].0["jwk"], None));
    }
}

#[tokio::test]
async fn a_proof_that_is_refused_for_ever_spends_nothing() {
    for answers in [vec![wants("n1")], vec![wants("n1"), wants("n2"), wants("n3")]] {
        let server = Script::new(answers);
        let grant = grant(&server, Kind::RefreshToken, Some(Algorithm::ES256));
        let error = grant.refresh(asking(None)).await.unwrap_err();
        assert!(matches!(error, GrantError::Unspent { .. }), "{error:?}");
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn a_server_may_want_its_nonce_in_the_challenge_alone() {
    let challenges = [
        r#"DPoP error="use_dpop_nonce", error_description="Authorization server requires nonce""#,
        r#"Basic realm="a", DPoP algs="ES256 PS256", error = "use_dpop_nonce""#,
        "dpop error=use_dpop_nonce",
    ];
    for (challenge, body) in challenges.iter().zip(["", "{}", "<html>"]) {
        let refused = Answer { challenge: Some((*challenge).into()), ..answer(401, body) };
        let refused = Said::Answers(Answer { dpop_nonce: Some("n1".into()), ..refused });
        let server = Script::new([refused, said(200, BOUND)]);
        let grant = grant(&server, Kind::RefreshToken, Some(Algorithm::ES256));
        grant.refresh(asking(None)).await.unwrap();
        assert_eq!(nonces(&server), [Value::Null, "n1".into()], "{challenge}");
    }
    let of_others = r#"Bearer error="use_dpop_nonce", DPoP algs="ES256""#;
    let refused = Answer { challenge: Some(of_others.into()), ..answer(401, "") };
    let server = Script::new([Said::Answers(refused)]);
    let grant = grant(&server, Kind::RefreshToken, Some(Algorithm::ES256));
    assert!(matches!(grant.refresh(asking(None)).await, Err(GrantError::Terminal { .. })));
}

#[tokio::test]
async fn a_bearer_token_leaves_the_refresh_token_bound() {
    let server = Script::new([said(200, BEARER)]);
    let tokens =
        grant(&server, Kind::RefreshToken, Some(Algorithm::EdDSA)).refresh(asking(None)).await.unwrap();
    assert!(tokens.proof_key().is_none() && tokens.bound().is_some());
}

#[tokio::test]
async fn a_refresh_token_is_proven_by_its_key_also_without_the_option() {
    let key = Key::generate(Algorithm::ES256).unwrap();
    let server = Script::new([said(200, BOUND)]);
    let tokens = grant(&server, Kind::RefreshToken, None).refresh(asking(Some(&key))).await.unwrap();
    assert_eq!(tokens.proof_key(), Some(&key));
    let plain = Script::new([said(200, BOUND)]);
    let tokens = grant(&plain, Kind::RefreshToken, None).refresh(asking(None)).await.unwrap();
    assert_eq!((tokens.bound(), proofs(&plain)), (None, vec![(Value::Null, Value::Null)]));
}

#[tokio::test]
async fn a_grant_without_refresh_token_keeps_its_key() {
    let server = Script::new([said(200, r#"{"access_token":"a2","token_type":"DPoP"}"#)]);
    let robot = grant(&server, Kind::ClientCredentials, Some(Algorithm::ES256));
    let first = robot.refresh(ask(None)).await.unwrap();
    let other = robot.refresh(ask(None)).await.unwrap();
    assert_eq!(first.proof_key(), other.proof_key());
    let held = Key::generate(Algorithm::ES256).unwrap();
    let next = robot.refresh(Ask { bound: Some(held.clone()), ..ask(None) }).await.unwrap();
    assert_eq!(next.proof_key(), Some(&held));
}

#[tokio::test]
async fn claims_of_a_challenge_are_a_field_of_the_form() {
    let server = Script::new([said(200, BEARER)]);
    let params = vec![("claims".to_owned(), r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#.to_owned())];
    let grant = OAuth::new(Settings { params, ..settings(Kind::RefreshToken) }, Arc::clone(&server) as _);
    let claims = Some(Secret::new(r#"{"access_token":{"nbf":{"value":"1"}}}"#.into()));
    grant.refresh(Ask { claims, ..ask(Some("r1")) }).await.unwrap();
    grant.refresh(ask(Some("r1"))).await.unwrap();
    let sent = server.sent("claims").into_iter().map(Option::unwrap).collect::<Vec<_>>();
    assert_eq!(sent[0], r#"{"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["cp1"]}}}"#);
    assert_eq!(sent[1], r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
}
