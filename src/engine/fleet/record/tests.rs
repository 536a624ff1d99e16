use serde_json::json;
use std::num::NonZeroU64;

use super::*;
use crate::fleet::documents::parse;
use crate::secret::Secret;
use crate::store::{StoreError, StoreFault};
use crate::token::tests::{tokens, with_extra};

fn kept(name: &str) -> Kept {
    Kept { tokens: tokens(name, Some("refresh")).into(), lifetime: Some(Duration::from_secs(60)) }
}

fn full() -> Record {
    let rest = Map::new();
    Record {
        before: vec![Id(3)],
        lease: Some(Lease {
            id: Id(5),
            owner: "me".into(),
            ms: 1,
            beat: 2,
            locked: true,
            rest: rest.clone(),
        }),
        intent: Some(Intent {
            token: kept("a").fingerprint(),
            claim: Id(5),
            grace: 7,
            unanswered: true,
            rest,
        }),
        candidates: vec![Candidate { id: Id(8), tokens: kept("b") }],
        lost: Some(Lost { reason: LostReason::RotationOutcomeUnknown }),
        cooldown: Some(Cooldown { id: Id(6), ms: 9 }),
        ..Record::login(Login { id: Id(u128::MAX), seq: 4 }, Vec::new(), Some(kept("a")))
    }
}

fn text(record: &Record) -> Secret {
    Secret::new(serde_json::to_string(record).unwrap())
}

#[test]
fn record_comes_back_as_it_was() {
    for record in [full(), Record::blank(Id(1))] {
        assert_eq!(parse(&text(&record)), Ok(record));
    }
    let with_extra = with_extra("a", None, r#"{"half":"\ud800","n":1e400}"#).due_at(NonZeroU64::new(7));
    let kept = Kept { tokens: Arc::new(with_extra), lifetime: None };
    let record = Record::login(Login { id: Id(1), seq: 1 }, Vec::new(), Some(kept));
    assert_eq!(parse(&text(&record)), Ok(record));
}

#[test]
fn key_comes_back_with_the_tokens_that_are_bound_to_it() {
    for access in [true, false] {
        let key = crate::dpop::Key::new(Secret::new("k".into()));
        let kept = Kept { tokens: Arc::new(tokens("a", None).bound_to(key, access)), lifetime: None };
        let record = Record {
            candidates: vec![Candidate { id: Id(8), tokens: kept.clone() }],
            ..Record::login(Login { id: Id(1), seq: 1 }, Vec::new(), Some(kept))
        };
        let written = text(&record);
        let value: Value = serde_json::from_str(written.expose()).unwrap();
        assert_eq!(value["tokens"]["dpop"], json!({ "key": "k", "access": access }));
        assert_eq!(parse(&written), Ok(record));
    }
}

#[test]
fn format_is_the_one_of_the_specification() {
    let value: Value = serde_json::from_str(text(&full()).expose()).unwrap();
    let id = |id: u128| format!("{id:032x}");
    assert_eq!(value["login"], json!({ "id": "f".repeat(32), "seq": 4 }));
    assert_eq!((&value["v"], &value["min"], &value["gen"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(value["before"], json!([id(3)]));
    assert_eq!(value["trail"], json!(["f".repeat(32)]));
    assert_eq!(value["lost"], json!({ "reason": "rotation_outcome_unknown" }));
    assert_eq!(value["cooldown"], json!({ "id": id(6), "ms": 9 }));
    assert_eq!(value["tokens"]["access"], "a");
    assert_eq!(value["intent"]["unanswered"], true);
    let fingerprint = value["intent"]["token"].as_str().unwrap();
    assert!(fingerprint.starts_with('#') && fingerprint.len() == 9, "{fingerprint}");
}

#[test]
fn rule_2_2_unknown_fields_are_kept_and_end_with_what_they_stand_in() {
    let mut value = serde_json::to_value(full()).unwrap();
    value["dpop"] = json!({ "k": [1, 2] });
    value["lease"]["zone"] = json!("eu");
    value["intent"]["why"] = json!("due");
    let mut record = parse(&Secret::new(value.to_string())).unwrap();
    let again = |record: &Record| serde_json::to_value(record).unwrap();
    assert_eq!(again(&record), value, "a side write keeps all");
    assert_eq!(again(&record.successor(Id(9), kept("c")))["dpop"], json!({ "k": [1, 2] }));
    record = record.bare();
    let bare = again(&record).to_string();
    assert!(bare.contains("dpop") && !bare.contains("zone") && !bare.contains("why"));
}

#[test]
fn rule_2_2_newer_format_is_told_by_its_number_whatever_its_shape_is() {
    let newer = |text: &str| parse(&Secret::new(text.into()));
    assert_eq!(newer("{\"v\":3,\"min\":2}"), Err(StoreError::Fault(StoreFault::TooNew { min: 2 })));
    let mut value = serde_json::to_value(full()).unwrap();
    value["v"] = json!(2);
    assert!(parse(&Secret::new(value.to_string())).is_ok(), "it may be rewritten");
}

#[test]
fn text_that_is_no_record_is_corrupt_at_every_length() {
    let whole = text(&full());
    let whole = whole.expose();
    for length in 0..whole.len() {
        let cut = parse(&Secret::new(whole[..length].into()));
        assert_eq!(cut, Err(StoreError::Corrupt { cause: None }), "{length}");
    }
}

#[test]
fn stored_token_that_could_break_a_header_is_corrupt() {
    let text = text(&full()).expose().replace("\"access\":\"a\"", "\"access\":\"a\\r\\nx: y\"");
    assert_eq!(parse(&Secret::new(text)), Err(StoreError::Corrupt { cause: None }));
}

#[test]
fn reason_that_a_newer_release_has_is_a_refusal() {
    let text = text(&full()).expose().replace("rotation_outcome_unknown", "eclipse");
    assert_eq!(parse(&Secret::new(text)).unwrap().lost, Some(Lost { reason: LostReason::Rejected }));
}

#[test]
fn lists_are_bounded() {
    let mut record = full();
    record.before = (0..20).map(Id).collect();
    record.trail = (0..20).map(Id).collect();
    record.candidates = (0..20).map(|id| Candidate { id: Id(id), tokens: kept("b") }).collect();
    record.trim(CANDIDATES);
    assert_eq!((record.before.len(), record.before[0]), (8, Id(0)), "the newest are first");
    assert_eq!((record.trail.len(), record.trail[0]), (16, Id(0)));
    assert_eq!((record.candidates.len(), record.candidates[3].id), (4, Id(19)), "the newest are last");
}

/// §4: a state is known to be earlier by the trail, and beyond the trail by its generation alone.
#[test]
fn ancestor_is_in_the_trail_or_further_back_than_it() {
    let grown = |record: &Record, ids: std::ops::RangeInclusive<u128>| {
        ids.fold(record.clone(), |record, id| {
            let mut next = record.successor(Id(id), kept("a"));
            next.trim(CANDIDATES);
            next
        })
    };
    let first = Record::login(Login { id: Id(1), seq: 1 }, Vec::new(), Some(kept("a")));
    let second = grown(&first, 2..=2);
    let beside = grown(&first, 200..=200);
    assert!(first.is_ancestor_of(&second) && !second.is_ancestor_of(&first));
    assert!(!beside.is_ancestor_of(&second), "the same generation is a fork");
    assert!(!first.is_ancestor_of(&first), "a state was not made from itself");
    let newest = grown(&first, 2..=17);
    assert_eq!(newest.trail.last(), Some(&Id(2)), "the first commit has just left the trail");
    assert!(first.is_ancestor_of(&newest) && second.is_ancestor_of(&newest));
    assert!(!beside.is_ancestor_of(&newest), "the trail names another commit of this generation");
}

#[test]
fn no_token_is_printed() {
    let printed = format!("{:?}", full());
    assert!(!printed.contains("refresh\"") && printed.contains('#'), "{printed}");
}

#[test]
fn people_see_the_first_digits_of_an_id() {
    assert_eq!(format!("{:?}", Id(0x0123_4567_89ab << 80)), "01234567");
}
