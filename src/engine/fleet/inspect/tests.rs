use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{describe, describe_one};
use crate::error::LostReason;
use crate::fleet::record::{Candidate, Cooldown, Id, Intent, Kept, Lease, Login, Lost, Record};
use crate::fleet::{Seal, SealKey};
use crate::secret::Secret;
use crate::store::{Document, Listed, StoreError, StoreFault, Version, session_name};
use crate::token::Tokens;

const SECRETS: [&str; 3] = ["at.Very-Secret", "rt.Very-Secret", "user-17"];

fn kept() -> Kept {
    let secret = |text: &str| Secret::new(text.to_owned());
    let extra = Some(secret(r#"{"id_token":"at.Very-Secret"}"#));
    let tokens = Tokens::new(secret(SECRETS[0]), Some(secret(SECRETS[1])), Some(1_700_000_000_000), extra);
    Kept { tokens: Arc::new(tokens.unwrap()), lifetime: None }
}

fn record() -> Record {
    Record::login(Login { id: Id(7), seq: 3 }, vec![Id(6)], Some(kept()))
}

fn text(record: &Record) -> Secret {
    Secret::new(serde_json::to_string(record).unwrap())
}

fn listed(text: Secret) -> Listed {
    let document = Document { text, version: Version::random() };
    Listed { name: session_name("user-17"), written_at: Some(5), document: Ok(Some(document)) }
}

fn told(seal: &Seal, listed: &Listed) -> Value {
    let told = describe_one(seal, None, listed);
    let text = told.to_string();
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    told
}

fn plain() -> Seal {
    Seal::new("file:/a", &[])
}

fn key() -> SealKey {
    SealKey::from_bytes(&[1; 32]).unwrap()
}

#[test]
fn everything_but_the_tokens_is_told() {
    let lease =
        Lease { id: Id(9), owner: "web-3 4711".into(), ms: 10_000, beat: 2, locked: true, rest: Map::new() };
    let intent = Intent {
        token: Some("#12345678".into()),
        claim: Id(9),
        grace: 0,
        unanswered: true,
        rest: Map::new(),
    };
    let all = Record {
        generation: 41,
        lease: Some(lease),
        intent: Some(intent),
        candidates: vec![Candidate { id: Id(8), tokens: kept() }, Candidate { id: Id(10), tokens: kept() }],
        lost: Some(Lost { reason: LostReason::Rejected }),
        cooldown: Some(Cooldown { id: Id(11), ms: 900 }),
        ..record()
    };
    assert_eq!(
        told(&plain(), &listed(text(&all))),
        json!({
            "name": session_name("user-17"),
            "session": null,
            "writtenAt": 5,
            "sealedWith": null,
            "generation": 41,
            "loggedOut": false,
            "expiresAt": 1_700_000_000_000_u64,
            "lease": { "owner": "web-3 4711", "ms": 10_000, "beat": 2 },
            "intent": { "grace": 0, "unanswered": true },
            "candidates": 2,
            "lost": { "reason": "rejected" },
            "cooldown": { "ms": 900 },
        })
    );
}

#[test]
fn record_at_rest_has_nothing_to_tell_of() {
    let told = told(&plain(), &listed(text(&record())));
    for name in ["lease", "intent", "lost", "cooldown"] {
        assert_eq!(told[name], Value::Null, "{name}");
    }
    assert_eq!((&told["generation"], &told["candidates"]), (&json!(1), &json!(0)));
}

#[test]
fn logout_is_told_and_a_record_before_the_first_login_is_none() {
    let logged_out = Record { tokens: None, ..record() };
    assert_eq!(told(&plain(), &listed(text(&logged_out)))["loggedOut"], json!(true));
    assert_eq!(told(&plain(), &listed(text(&Record::blank(Id(1)))))["loggedOut"], json!(false));
}

#[test]
fn sealed_record_is_told_with_its_key_alone() {
    let seal = Seal::new("file:/a", &[key()]);
    let listed = listed(seal.seal("user-17", &text(&record())).unwrap());
    let with_key = told(&seal, &listed);
    assert_eq!((&with_key["generation"], &with_key["problem"]), (&json!(1), &Value::Null));
    let without = told(&plain(), &listed);
    assert_eq!(without["generation"], Value::Null);
    assert_eq!(without["sealedWith"], with_key["sealedWith"]);
    assert_eq!(without["sealedWith"], json!(format!("{:?}", key())));
    assert!(without["problem"].as_str().unwrap().contains("sealed with a key"), "{without}");
}

#[test]
fn what_a_newer_release_wrote_is_told() {
    let mut newer = serde_json::to_value(record()).unwrap();
    newer["v"] = json!(9);
    newer["min"] = json!(9);
    newer["lease"] = json!({ "owner": { "host": "rt.Very-Secret" }, "ms": 5, "more": "rt.Very-Secret" });
    newer["more"] = json!("rt.Very-Secret");
    let told = told(&plain(), &listed(Secret::new(newer.to_string())));
    assert_eq!((&told["generation"], &told["lease"]), (&json!(1), &json!({ "ms": 5 })));
}

#[test]
fn what_is_no_record_is_a_problem() {
    for text in ["", "rt.Very-Secret", "[]", "\"rt.Very-Secret\"", "{", "null"] {
        let told = told(&plain(), &listed(Secret::new(text.to_owned())));
        assert!(told["problem"].as_str().unwrap().contains("damaged"), "{text}");
    }
    let fault = StoreError::Fault(StoreFault::TooNew { min: 4 });
    let unread = Listed { document: Err(fault.clone()), ..listed(Secret::new(String::new())) };
    assert_eq!(told(&plain(), &unread)["problem"], json!(StoreFault::TooNew { min: 4 }.to_string()));
    let missing = Listed { document: Ok(None), ..unread };
    assert_eq!(told(&plain(), &missing)["missing"], json!(true));
}

#[test]
fn session_is_told_by_its_key_only_if_that_was_given() {
    let listed = [listed(text(&record())), listed(text(&record()))];
    let told =
        |sessions: &[String]| serde_json::from_str::<Value>(&describe(&plain(), &listed, sessions)).unwrap();
    assert_eq!(told(&[])[0]["session"], Value::Null);
    let named = told(&["user-17".to_owned(), "user-18".to_owned()]);
    assert_eq!((&named[0]["session"], &named[1]["session"]), (&json!("user-17"), &json!("user-18")));
}
