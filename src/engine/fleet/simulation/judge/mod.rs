//! Judges a run from its evidence, when its faults have ended and its nodes have had time to agree.

mod explain;
mod sends;
mod writes;

use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::Evidence;
use super::log::{LoginCall, Seen};
use super::register::View;
use super::schedule::Profile;
use super::server::{Verdict, login_of};
use crate::fleet::Id;

use explain::explain;
use sends::{claims, requests};
use writes::{order_of_writes, what_comes_back};

pub(super) use explain::Reason;

/// The last part of a run: every request is served, and refreshes are few.
const LAST: Duration = Duration::from_secs(15);

#[derive(Default)]
pub(super) struct Judgement {
    pub(super) violations: Vec<String>,
    pub(super) polls: u64,
    pub(super) redemptions: usize,
    pub(super) reasons: BTreeMap<Reason, usize>,
    /// The last login ended before the program ended it, for a reason.
    pub(super) lost: bool,
}

pub(super) fn judge(evidence: &Evidence) -> Judgement {
    let (polls, redemptions) = (evidence.polls, evidence.redemptions.len());
    let mut judgement = Judgement { polls, redemptions, ..Judgement::default() };
    judgement.second_redemptions(evidence);
    let mut violations = judgement.violations;
    violations.extend(evidence.log.complaints.iter().cloned());
    order_of_writes(evidence, &mut violations);
    what_comes_back(evidence, &mut violations);
    claims(evidence, &mut violations);
    requests(evidence, &mut violations);
    newest_login(evidence, &mut violations);
    judgement.lost = end(evidence, &mut violations);
    judgement.violations = violations;
    judgement
}

impl Judgement {
    fn second_redemptions(&mut self, evidence: &Evidence) {
        for (place, redemption) in evidence.redemptions.iter().enumerate() {
            let is_first =
                evidence.redemptions[..place].iter().all(|earlier| earlier.token != redemption.token);
            if is_first {
                continue;
            }
            match explain(evidence, place) {
                Some(reason) if evidence.schedule.profile != Profile::Clean => {
                    *self.reasons.entry(reason).or_default() += 1;
                }
                reason => self.violations.push(format!(
                    "{} is redeemed again at {:.3} by node {}, flight {:?}; explained by {reason:?}",
                    redemption.token,
                    redemption.arrived.as_secs_f64(),
                    redemption.node,
                    redemption.flight
                )),
            }
        }
    }
}

fn has_rolled_back(evidence: &Evidence) -> bool {
    evidence.written.iter().any(|written| written.node.is_none())
}

/// No login or logout is undone, unless the store went back and no process that lives knew better.
fn newest_login(evidence: &Evidence, violations: &mut Vec<String>) {
    let last = evidence.written.last().and_then(|written| written.view());
    let calls = &evidence.log.logins;
    let last_call = last.and_then(|last| calls.iter().find(|call| call.id == last.login));
    for newer in calls.iter().filter(|call| call.done.is_some()) {
        let is_undone = match (last, last_call) {
            (Some(last), Some(call)) => {
                call.id != newer.id
                    && !last.before.contains(&newer.id)
                    && call.done.unwrap_or(call.began) < newer.began
            }
            _ => true,
        };
        let rolled_back =
            evidence.written.iter().any(|written| written.node.is_none() && written.at >= newer.began);
        let is_told_apart = is_known_to_living(evidence, newer) && knew(evidence, newer, last);
        if is_undone && (!rolled_back || is_told_apart && !gave_way(evidence, newer)) {
            violations.push(format!("login {:?} of node {} is undone", newer.id, newer.node));
        }
    }
}

/// True if the process that logged in knew the login that is stored then: else nobody can tell which of the two is newer.
fn knew(evidence: &Evidence, call: &LoginCall, stored: Option<&View>) -> bool {
    let Some(View { login, .. }) = stored else { return true };
    let author = (call.node, call.life);
    let is_before = |it: &&Seen| (it.node, it.life) == author && it.at <= call.began;
    let seen = evidence.log.seen.iter().rfind(is_before);
    let made = evidence.log.logins.iter().any(|made| {
        made.id == *login
            && (made.node, made.life) == author
            && seen.is_none_or(|seen| made.done.is_some_and(|done| done > seen.at))
    });
    made || seen.is_some_and(|seen| seen.view.login == *login || seen.view.before.contains(login))
}

/// True if a process has written on with a login of which the caller knew nothing, after the store went back to it. Every process adopts that one,
/// because nobody can tell which of the two is newer, and then no process writes the call's login back.
fn gave_way(evidence: &Evidence, call: &LoginCall) -> bool {
    let since = |at| call.done.is_some_and(|done| done < at);
    let by_processes = evidence.written.iter().filter(|written| written.node.is_some() && since(written.at));
    by_processes.filter_map(|written| written.view()).any(|view| {
        view.login != call.id && !view.before.contains(&call.id) && !knew(evidence, call, Some(view))
    })
}

fn is_known_to_living(evidence: &Evidence, call: &LoginCall) -> bool {
    let knows = |view: &View, id: Id| view.login == id || view.before.contains(&id);
    evidence.alive.contains(&(call.node, call.life))
        || evidence
            .log
            .seen
            .iter()
            .any(|seen| evidence.alive.contains(&(seen.node, seen.life)) && knows(&seen.view, call.id))
}

/// True if the session is lost for a reason.
fn end(evidence: &Evidence, violations: &mut Vec<String>) -> bool {
    let Some(view) = evidence.written.last().and_then(|written| written.view()) else { return false };
    let call = evidence.log.logins.iter().find(|call| call.id == view.login);
    let (Some(number), Some(token)) = (call.and_then(|call| call.number), &view.token) else { return false };
    let last = evidence.schedule.end.saturating_sub(LAST);
    // Or a rotation is under way at the end.
    let is_spent_now = evidence.redemptions.iter().any(|redemption| {
        redemption.token == *token
            && redemption.arrived > last
            && matches!(redemption.verdict, Verdict::Issued(_))
    });
    if (evidence.good.contains(token) || is_spent_now) && view.lost.is_none() {
        for (node, _) in &evidence.alive {
            let mut requests = evidence.log.requests.iter();
            if !requests.any(|request| request.node == *node && request.at > last) {
                violations.push(format!("node {node} waits at the end"));
            }
        }
        for request in evidence.log.requests.iter().filter(|request| request.at > last) {
            if request.result != Some(true) {
                violations.push(format!(
                    "at {:.3} a request of node {} is not served",
                    request.at.as_secs_f64(),
                    request.node
                ));
            }
        }
        let shortest = evidence.schedule.lifetime.mul_f64(0.7 / 1.1);
        let most = LAST.div_duration_f64(shortest).ceil() + 1.0;
        let refreshes = evidence.redemptions.iter().filter(|redemption| redemption.arrived > last).count();
        if f64::from(u32::try_from(refreshes).expect("few refreshes")) > most {
            violations.push(format!("{refreshes} refreshes in the last {} s", LAST.as_secs()));
        }
        return false;
    }
    for good in evidence.good.iter().filter(|good| login_of(good) == Some(number)) {
        let is_had = evidence.redemptions.iter().any(|redemption| {
            redemption.verdict == Verdict::Issued(good.clone())
                && redemption.answered.is_some_and(|answered| answered < last)
                && evidence.alive.contains(&(redemption.node, redemption.life))
        });
        let was_stored =
            evidence.written.iter().any(|written| written.view().is_some_and(|view| view.holds(good)));
        if is_had || view.holds(good) || was_stored && !has_rolled_back(evidence) {
            violations.push(format!("the good token {good} was had and is not used; stored is {view:?}"));
        }
    }
    true
}
