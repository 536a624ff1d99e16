use super::*;
use crate::error::LostReason;
use crate::fleet::record::{Login, Lost};
use crate::token::tests::tokens;

fn kept(name: &str) -> Kept {
    Kept { tokens: tokens(name, Some("r")).into(), lifetime: None }
}

fn base() -> Record {
    Record::login(Login { id: Id(100), seq: 1 }, vec![Id(50)], Some(kept("a1")))
        .successor(Id(2), kept("a2"))
        .successor(Id(3), kept("a3"))
}

fn commit() -> Commit {
    Commit { id: Id(77), base: base(), kept: kept("new"), seen: vec![Id(5)] }
}

/// The record that is to be written, or whether there is nothing to write.
fn decide(stored: Option<&Record>) -> Result<Record, &'static str> {
    match commit().decide(stored, Switches::default()) {
        Decision::Write(next) => Ok(*next),
        Decision::Done => Err("done"),
        Decision::Superseded => Err("superseded"),
    }
}

fn kept_with(name: &str, refresh: &str) -> Kept {
    Kept { tokens: tokens(name, Some(refresh)).into(), lifetime: None }
}

fn further(record: &Record, ids: impl IntoIterator<Item = u128>) -> Record {
    ids.into_iter().fold(record.clone(), |record, id| {
        let mut next = record.successor(Id(id), kept_with("other", "s"));
        next.trim(4);
        next
    })
}

#[test]
fn nothing_and_ancestors_are_written_over() {
    let next = commit().over(&base());
    assert_eq!((next.generation, next.commit, next.trail.len()), (4, Id(77), 4));
    let first = Record::login(base().login, vec![Id(50)], Some(kept("a1")));
    let earlier = Record::login(Login { id: Id(50), seq: 0 }, Vec::new(), None);
    for stored in [None, Some(&first), Some(&earlier), Some(&base())] {
        assert_eq!(decide(stored), Ok(next.clone()));
    }
}

#[test]
fn same_commit_is_written_over_with_the_candidates_that_came_later() {
    let mut stored = base();
    stored.candidates = [5, 6].map(|id| Candidate { id: Id(id), tokens: kept("c") }).into();
    let next = decide(Some(&stored)).unwrap();
    assert_eq!((next.generation, next.candidates.len(), next.candidates[0].id), (4, 1, Id(6)));
    stored = base();
    stored.lost = Some(Lost { reason: LostReason::Rejected });
    assert_eq!(decide(Some(&stored)).unwrap().lost, None);
}

#[test]
fn other_login_supersedes() {
    let stored = Record::login(Login { id: Id(200), seq: 2 }, vec![Id(100)], Some(kept("b")));
    assert_eq!(decide(Some(&stored)), Err("superseded"));
}

#[test]
fn commit_that_is_there_is_done() {
    let written = commit().over(&base());
    let mut candidate = further(&base(), [8]);
    candidate.add_candidate(Candidate { id: Id(77), tokens: kept("new") });
    for stored in [written.clone(), further(&written, [8, 9]), candidate] {
        assert_eq!(decide(Some(&stored)), Err("done"));
    }
    assert_eq!(decide(Some(&further(&base(), 1_000..1_020))), Err("done"), "nobody knows any more");
}

/// The answer was a candidate, and somebody has spent it since: as a candidate it would be sent again.
#[test]
fn rule_3_3_commit_that_was_promoted_on_another_branch_is_done() {
    let beside = Record::login(base().login, vec![Id(50)], Some(kept("a1"))).successor(Id(7), kept("b2"));
    let spent = beside.successor(Id(77), kept("new")).successor(Id(8), kept_with("next", "s"));
    assert_eq!(spent.generation, commit().over(&base()).generation);
    assert_eq!(decide(Some(&spent)), Err("done"));
}

#[test]
fn beside_another_generation_it_is_a_candidate_and_beside_a_loss_the_next_generation() {
    let mut stored = further(&base(), [8, 9]);
    let next = decide(Some(&stored)).unwrap();
    assert_eq!((next.generation, next.commit, next.candidates.len()), (5, Id(9), 1));
    stored.lost = Some(Lost { reason: LostReason::Rejected });
    let next = decide(Some(&stored)).unwrap();
    assert_eq!((next.generation, next.commit, next.lost), (6, Id(77), None));
    assert_eq!(next.trail[..3], [Id(77), Id(9), Id(8)]);
}

#[test]
fn tokens_that_the_server_gave_twice_are_no_candidate_and_end_no_loss() {
    let mut twice = base().successor(Id(8), kept("new"));
    assert_eq!(decide(Some(&twice)), Err("done"));
    twice.lost = Some(Lost { reason: LostReason::Rejected });
    assert_eq!(decide(Some(&twice)), Err("done"));
    let mut candidate = further(&base(), [8]);
    candidate.add_candidate(Candidate { id: Id(9), tokens: kept("new") });
    assert_eq!(decide(Some(&candidate)), Err("done"));
}
