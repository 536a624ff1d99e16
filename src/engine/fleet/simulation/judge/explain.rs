//! Why a refresh token was redeemed a second time: the reasons of §15, each shown by the flights that redeemed the token.

use std::time::Duration;

use super::super::cluster::Evidence;
use super::super::server::{Policy, Redemption, Verdict};
use super::super::time::{Moment, NodeId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// (1) The process was stopped between its last check and the send.
    StoppedBeforeSend,
    /// (2) The answer to an earlier redemption was lost.
    AnswerLost,
    /// (2) The process died after an earlier redemption, before the answer was stored.
    Died,
    /// (3) The process was stopped for longer than its lease.
    Stopped,
    /// (3) The process was cut off from the store for longer than its lease.
    CutOff,
    /// (3) A holder that was stopped got the same answer as the one that took over. It became a candidate, though its token
    /// was spent meanwhile: a record does not know spent tokens.
    SameAnswer,
    /// The server had refused the token, and the process read a copy of the store that was behind.
    StaleRefusal,
    /// (4) The store went back in time.
    RolledBack,
}

/// Explains why the redemption at `place` is not the first one of its token. None: nothing explains it.
pub(crate) fn explain(evidence: &Evidence, place: usize) -> Option<Reason> {
    let second = &evidence.redemptions[place];
    if was_stopped_before_send(evidence, second) {
        return Some(Reason::StoppedBeforeSend);
    }
    let claimed = claimed(evidence, second);
    let earlier = evidence.redemptions[..place].iter().filter(|earlier| earlier.token == second.token);
    // Each redemption before it must allow this one, because each alone would have forbidden it.
    let reasons: Option<Vec<_>> = earlier.map(|earlier| allows(evidence, earlier, second, claimed)).collect();
    reasons
        .and_then(|reasons| reasons.last().copied())
        .or_else(|| is_same_answer(evidence, second).then_some(Reason::SameAnswer))
        .or_else(|| is_rolled_back(evidence, second.left).then_some(Reason::RolledBack))
}

fn allows(evidence: &Evidence, earlier: &Redemption, second: &Redemption, taken: Moment) -> Option<Reason> {
    if was_stopped_before_send(evidence, earlier) {
        return Some(Reason::StoppedBeforeSend);
    }
    if is_committed(evidence, earlier, taken) {
        return None;
    }
    let died = evidence.interruptions.iter().any(|crash| {
        crash.node == earlier.node
            && crash.until.is_none()
            && (earlier.checked..=second.left).contains(&crash.from)
    });
    if died {
        return Some(Reason::Died);
    }
    if let Some(reason) = was_silent(evidence, earlier, second.node, taken) {
        return Some(reason);
    }
    if is_unwritten_refusal(evidence, earlier, taken) {
        return Some(Reason::CutOff);
    }
    if is_stale_refusal(evidence, earlier, taken) {
        return Some(Reason::StaleRefusal);
    }
    // An answer that comes after the end of the renewals (rule 7.1) is as good as lost.
    let limit = claimed(evidence, earlier) + evidence.schedule.patience(earlier.node);
    let is_lost = earlier.delivered.is_none_or(|delivered| delivered >= limit);
    is_lost.then_some(Reason::AnswerLost)
}

/// The server refused the token, and the process could not store that. The token was as dead before as after.
fn is_unwritten_refusal(evidence: &Evidence, earlier: &Redemption, taken: Moment) -> bool {
    let Redemption { node, answered: Some(answered), verdict: Verdict::Refused(_), .. } = *earlier else {
        return false;
    };
    let mut operations = evidence.operations.iter().filter(|operation| operation.node == node);
    operations.any(|operation| {
        (answered..taken).contains(&operation.from)
            && (!operation.sound || operation.time() > evidence.schedule.lease(node) / 4)
    })
}

fn is_stale_refusal(evidence: &Evidence, earlier: &Redemption, taken: Moment) -> bool {
    let Redemption { node, answered: Some(answered), verdict: Verdict::Refused(_), .. } = *earlier else {
        return false;
    };
    evidence.stale.iter().any(|(reader, at)| *reader == node && (answered..taken).contains(at))
}

fn is_same_answer(evidence: &Evidence, second: &Redemption) -> bool {
    let views = evidence.written.iter().take_while(|written| written.at <= second.checked);
    let mut commits = Vec::new();
    for view in views.filter_map(|written| written.view()).filter(|view| view.holds(&second.token)) {
        if !commits.contains(&view.commit) {
            commits.push(view.commit);
        }
    }
    evidence.schedule.policy == Policy::SamePair && commits.len() > 1
}

/// When the flight of the redemption claimed its lease.
fn claimed(evidence: &Evidence, redemption: &Redemption) -> Moment {
    let claim = evidence.written.iter().find(|written| {
        written.view().and_then(|view| view.lease).is_some_and(|lease| lease.id == redemption.flight)
    });
    claim.map_or(redemption.checked, |claim| claim.at)
}

fn was_stopped_before_send(evidence: &Evidence, redemption: &Redemption) -> bool {
    let stopped = stopped(evidence, redemption.node, redemption.checked, redemption.left);
    total(stopped) >= evidence.schedule.lease(redemption.node) / 2
}

fn is_committed(evidence: &Evidence, redemption: &Redemption, before: Moment) -> bool {
    let Verdict::Issued(successor) = &redemption.verdict else { return false };
    evidence
        .written
        .iter()
        .take_while(|written| written.at < before)
        .any(|written| written.view().is_some_and(|view| view.holds(successor)))
}

/// The lease of the flight was not renewed, although others could have seen that, because its process was stopped or cut off.
fn was_silent(evidence: &Evidence, earlier: &Redemption, taker: NodeId, claimed: Moment) -> Option<Reason> {
    let mut beats = evidence.written.iter().filter(|written| written.at < claimed).filter_map(|written| {
        let lease = written.view()?.lease?;
        (lease.id == earlier.flight && written.node == Some(earlier.node)).then_some((written.at, lease.time))
    });
    let (last, lease) = beats.next_back()?;
    // Whoever took it over, and not who claimed it later, found it silent.
    let first = evidence.written.iter().find(|written| {
        let lease = written.view().and_then(|view| view.lease);
        written.at > last && lease.is_some_and(|lease| lease.id != earlier.flight)
    });
    let (taker, claimed) = first.map_or((taker, claimed), |first| (first.node.unwrap_or(taker), first.at));
    // Time in which the taker could not read says nothing about the holder (rule 6.2).
    let blind =
        stopped(evidence, taker, last, claimed).into_iter().chain(cut_off(evidence, taker, last, claimed));
    if claimed.saturating_sub(last) < lease {
        return None;
    }
    let visible = claimed.saturating_sub(last).saturating_sub(total(blind.collect()));
    let stopped = stopped(evidence, earlier.node, last, claimed);
    let failed = evidence.operations.iter().filter(|operation| {
        operation.node == earlier.node && (!operation.sound || operation.time() > lease / 4)
    });
    // A process gives an operation up after a quarter of its lease (rule 3.4).
    let failed =
        failed.map(|failed| (failed.from.max(last), failed.until.min(failed.from + lease / 4).min(claimed)));
    let away = stopped.iter().copied().chain(failed).chain(cut_off(evidence, earlier.node, last, claimed));
    let away = total(away.collect());
    // The next renewal was due after a third of the lease, so that less than the whole silence has a cause that shows.
    (visible >= lease / 2 && away >= lease / 2)
        .then(|| if total(stopped) >= away / 2 { Reason::Stopped } else { Reason::CutOff })
}

/// The times between two moments in which nothing of a node arrived at the register.
fn cut_off(evidence: &Evidence, node: NodeId, from: Moment, until: Moment) -> Vec<(Moment, Moment)> {
    let outages = evidence.outages.iter().filter(|outage| outage.node.is_none_or(|whose| whose == node));
    outages.map(|outage| (outage.from.max(from), outage.until.min(until))).collect()
}

fn is_rolled_back(evidence: &Evidence, before: Moment) -> bool {
    evidence.written.iter().any(|written| written.node.is_none() && written.at <= before)
}

/// The times between two moments in which a node was stopped.
fn stopped(evidence: &Evidence, node: NodeId, from: Moment, until: Moment) -> Vec<(Moment, Moment)> {
    let stops = evidence.interruptions.iter().filter(|stop| stop.node == node);
    stops.filter_map(|stop| Some((stop.from.max(from), stop.until?.min(until)))).collect()
}

/// How long at least one of the spans lasts.
fn total(mut spans: Vec<(Moment, Moment)>) -> Duration {
    spans.sort_unstable();
    let (mut sum, mut reached) = (Duration::ZERO, Duration::ZERO);
    for (from, until) in spans {
        sum += until.saturating_sub(from.max(reached));
        reached = reached.max(until);
    }
    sum
}
