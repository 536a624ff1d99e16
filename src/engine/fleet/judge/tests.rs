use super::*;
use crate::error::LostReason;
use crate::fleet::record::{Id, Kept, Login, Lost};
use crate::token::tests::tokens;

fn kept(name: &str) -> Kept {
    Kept { tokens: tokens(name, Some(&format!("r{name}"))).into(), lifetime: None }
}

/// The n-th generation of a login, whose commits are its numbers.
fn state(login: u128, before: &[u128], generation: u64) -> Record {
    let before = before.iter().copied().map(Id).collect();
    let mut record = Record::login(Login { id: Id(login), seq: 1 }, before, Some(kept("a1")));
    for n in 2..=generation {
        record = record.successor(Id(login + u128::from(n)), kept(&format!("a{n}")));
        record.trim(4);
    }
    record
}

fn candidate(id: u128) -> Candidate {
    Candidate { id: Id(id), tokens: kept("c") }
}

fn verdict(known: Option<&Record>, stored: Option<&Record>) -> Verdict {
    let mine = Knowledge { record: known, confirmed: true, spent: false };
    judge(mine, stored, Switches::default())
}

fn older(write: &Record) -> Verdict {
    Verdict::Older(Box::new(write.clone()))
}

#[test]
fn nothing_is_known_or_nothing_is_stored() {
    let one = state(100, &[], 3);
    assert_eq!(verdict(None, None), Verdict::Nobody);
    assert_eq!(verdict(None, Some(&one)), Verdict::Adopt);
    assert_eq!(verdict(Some(&one), None), older(&one));
    let forgotten = Knowledge { record: Some(&one), confirmed: false, spent: false };
    assert_eq!(judge(forgotten, None, Switches::default()), Verdict::Nobody);
}

#[test]
fn rule_4_1_login_is_older_only_if_it_came_before() {
    let (first, second) = (state(100, &[], 9), state(200, &[100], 1));
    assert_eq!(verdict(Some(&second), Some(&first)), older(&second));
    assert_eq!(verdict(Some(&first), Some(&second)), Verdict::Adopt);
    let unrelated = state(300, &[], 1);
    assert_eq!(verdict(Some(&first), Some(&unrelated)), Verdict::Adopt);
    assert_eq!(verdict(Some(&unrelated), Some(&first)), Verdict::Adopt);
}

#[test]
fn generations_of_one_login() {
    let (known, next) = (state(100, &[], 5), state(100, &[], 6));
    assert_eq!(verdict(Some(&known), Some(&next)), Verdict::Adopt);
    assert_eq!(verdict(Some(&next), Some(&known)), older(&next));
    assert_eq!(verdict(Some(&known), Some(&known)), Verdict::Same);
    let far = state(100, &[], 40);
    assert_eq!(verdict(Some(&far), Some(&state(100, &[], 2))), older(&far), "further back than the trail");
}

#[test]
fn rule_4_2_what_is_written_back_has_no_lease_and_no_intent() {
    let (mut known, stored) = (state(100, &[], 5), state(100, &[], 4));
    known.cooldown = Some(crate::fleet::record::Cooldown { id: Id(1), ms: 1 });
    assert_eq!(verdict(Some(&known), Some(&stored)), older(&known.bare()));
}

#[test]
fn fork_keeps_the_record_with_the_known_tokens_as_a_candidate() {
    let base = state(100, &[], 4);
    let (known, stored) = (base.successor(Id(1), kept("k")), base.successor(Id(2), kept("s")));
    let further_back = state(100, &[], 3).successor(Id(3), kept("t"));
    for stored in [stored, further_back] {
        let mut with = stored.clone();
        with.candidates.push(Candidate { id: Id(1), tokens: kept("k") });
        assert_eq!(verdict(Some(&known), Some(&stored)), Verdict::Fork(Box::new(with.clone())));
        assert_eq!(verdict(Some(&known), Some(&with)), Verdict::Adopt, "it is there already");
        let spent = Knowledge { record: Some(&known), confirmed: true, spent: true };
        assert_eq!(judge(spent, Some(&stored), Switches::default()), Verdict::Adopt);
        let mut lost = known.clone();
        lost.lost = Some(Lost { reason: LostReason::Rejected });
        assert_eq!(verdict(Some(&lost), Some(&stored)), Verdict::Adopt);
        let same_tokens = Record { tokens: known.tokens.clone(), ..stored };
        assert_eq!(verdict(Some(&known), Some(&same_tokens)), Verdict::Adopt);
    }
}

/// Another process found the known tokens as a candidate, and has spent them since: as a candidate they would be sent again.
#[test]
fn rule_10_3_fork_that_was_promoted_meanwhile_is_no_candidate_again() {
    let known = state(100, &[], 4).successor(Id(1), kept("k"));
    let promoted = state(100, &[], 3).successor(Id(1), kept("k"));
    let stored = promoted.successor(Id(2), kept("s"));
    assert_eq!(stored.generation, known.generation);
    assert_eq!(verdict(Some(&known), Some(&stored)), Verdict::Adopt);
}

#[test]
fn rule_10_2_candidate_ends_a_loss() {
    let base = state(100, &[], 4);
    let known = base.successor(Id(1), kept("k"));
    let mut stored = base.successor(Id(2), kept("s"));
    stored.lost = Some(Lost { reason: LostReason::Rejected });
    let Verdict::Fork(write) = verdict(Some(&known), Some(&stored)) else { panic!() };
    assert_eq!((write.lost, write.candidates.len()), (None, 1));
}

#[test]
fn within_one_commit_losses_and_candidates_only_grow() {
    let plain = state(100, &[], 4);
    let with = |lost: bool, candidates: &[u128]| {
        let mut record = plain.clone();
        record.lost = lost.then_some(Lost { reason: LostReason::Rejected });
        record.candidates = candidates.iter().copied().map(candidate).collect();
        record
    };
    let cases = [
        (with(true, &[]), with(false, &[]), Some(with(true, &[]))),
        (with(false, &[]), with(true, &[]), None),
        (with(true, &[]), with(true, &[]), None),
        // A candidate that was added has ended the loss.
        (with(true, &[]), with(false, &[1]), None),
        (with(false, &[1]), with(true, &[]), Some(with(false, &[1]))),
        (with(false, &[1]), with(false, &[]), Some(with(false, &[1]))),
        (with(false, &[1]), with(false, &[1, 2]), None),
        (with(false, &[1, 3]), with(false, &[2]), Some(with(false, &[2, 1, 3]))),
        // The list is full.
        (with(false, &[9]), with(false, &[1, 2, 3, 4]), None),
    ];
    for (known, stored, whole) in cases {
        let expected = whole.as_ref().map_or(Verdict::Same, older);
        assert_eq!(verdict(Some(&known), Some(&stored)), expected, "{known:?} {stored:?}");
    }
}

#[test]
fn same_commit_is_written_back_with_the_lease_of_whoever_has_it() {
    let (mut known, mut stored) = (state(100, &[], 4), state(100, &[], 4));
    known.candidates.push(candidate(1));
    stored.cooldown = Some(crate::fleet::record::Cooldown { id: Id(1), ms: 1 });
    let Verdict::Older(write) = verdict(Some(&known), Some(&stored)) else { panic!() };
    assert_eq!((write.cooldown, write.candidates.len()), (stored.cooldown, 1));
}
