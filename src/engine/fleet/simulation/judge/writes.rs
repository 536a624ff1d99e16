//! What must be true of every record that is stored.

use std::collections::HashSet;

use super::super::cluster::Evidence;
use super::super::register::View;
use super::super::server::{Policy, Verdict};
use super::has_rolled_back;
use crate::error::LostReason;
use crate::fleet::Id;

/// Each record descends from the one before it, unless the store went back.
pub(super) fn order_of_writes(evidence: &Evidence, violations: &mut Vec<String>) {
    let mut last: Option<&View> = None;
    for written in &evidence.written {
        let Some(view) = written.view() else {
            last = None;
            continue;
        };
        let at = written.at.as_secs_f64();
        if view.longest > 16 {
            violations.push(format!("at {at:.3} a record grows"));
        }
        if let Some(reason) = view.lost.filter(|_| written.node.is_some()) {
            loss(evidence, view, reason, at, violations);
        }
        let forgets =
            last.is_some_and(|last| last.login == view.login && last.later.is_some() && view.later.is_none());
        if forgets && !has_rolled_back(evidence) {
            violations.push(format!("at {at:.3} a field of a later release is erased"));
        }
        let is_newer = last.is_none_or(|last| {
            if last.login == view.login {
                (last.generation, last.commit) == (view.generation, view.commit)
                    || last.generation < view.generation
            } else {
                view.before.contains(&last.login)
            }
        });
        // A process writes over what went back, or over what was made of it.
        if !is_newer && written.node.is_some() && !has_rolled_back(evidence) {
            violations.push(format!("at {at:.3} an older record is written: {view:?} over {last:?}"));
        }
        last = Some(view);
    }
}

/// Unless the store went back, no login comes back that another one has ended, and no tokens come back as a candidate that the session has
/// had. A process that does not know its own write again does both (rule 3.3). Such a candidate does harm only once the server refuses the
/// token in use, which is rare. A server may give the same tokens twice; then they may be both.
pub(super) fn what_comes_back(evidence: &Evidence, violations: &mut Vec<String>) {
    if has_rolled_back(evidence) {
        return;
    }
    let (mut logins, mut had) = (HashSet::<Id>::new(), HashSet::<&str>::new());
    let mut last: Option<&View> = None;
    for written in &evidence.written {
        let Some(view) = written.view() else { continue };
        let at = written.at.as_secs_f64();
        let begins = last.is_none_or(|last| last.login != view.login);
        if begins && !logins.insert(view.login) {
            violations.push(format!("at {at:.3} the ended login {:?} comes back", view.login));
        }
        for token in &view.candidates {
            let is_new = last.is_none_or(|last| !last.candidates.contains(token));
            if is_new && had.contains(token.as_str()) && evidence.schedule.policy != Policy::SamePair {
                violations.push(format!("at {at:.3} the session's own {token} becomes a candidate"));
            }
        }
        had.extend(view.token.as_deref());
        last = Some(view);
    }
}

/// Only the server ends a session, and a loss after a redemption without an answer is told apart (§12).
fn loss(evidence: &Evidence, view: &View, reason: LostReason, at: f64, violations: &mut Vec<String>) {
    if !view.candidates.is_empty() {
        violations.push(format!("at {at:.3} a record is lost and has candidates"));
    }
    let mut asked =
        evidence.redemptions.iter().filter(|redemption| Some(&redemption.token) == view.token.as_ref());
    let first = asked.clone().next();
    if !asked.any(|redemption| matches!(redemption.verdict, Verdict::Refused(_))) {
        violations.push(format!("at {at:.3} a record is lost whose token the server has not refused"));
    }
    let is_unknown = first.is_some_and(|first| {
        first.answered.is_none()
            && matches!(first.verdict, Verdict::Issued(_))
            && first.left.as_secs_f64() < at
    });
    if is_unknown && reason != LostReason::RotationOutcomeUnknown && !has_rolled_back(evidence) {
        violations.push(format!("at {at:.3} a loss is told as {reason:?}, though an answer was lost"));
    }
}
