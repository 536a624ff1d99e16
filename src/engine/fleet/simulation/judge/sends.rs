//! What must be true of every token that is sent.

use std::collections::BTreeMap;

use super::super::cluster::Evidence;
use super::super::log::Sent;
use super::super::server::login_of;
use super::super::time::Moment;

/// A token is sent only under a lease that was claimed together with its intent (§5).
pub(super) fn claims(evidence: &Evidence, violations: &mut Vec<String>) {
    for redemption in &evidence.redemptions {
        let is_claimed =
            evidence.written.iter().take_while(|written| written.at <= redemption.checked).any(|written| {
                written.view().is_some_and(|view| {
                    view.has_intent
                        && view.token.as_ref() == Some(&redemption.token)
                        && view.lease.is_some_and(|lease| lease.id == redemption.flight)
                })
            });
        if !is_claimed {
            let at = redemption.arrived.as_secs_f64();
            violations.push(format!("at {at:.3} {} is redeemed without a claim", redemption.token));
        }
    }
}

/// No request carries another login's token, nor one of a login whose successor its process has read.
pub(super) fn requests(evidence: &Evidence, violations: &mut Vec<String>) {
    let stored = stored(evidence);
    for sent in &evidence.log.sent {
        let at = sent.at.as_secs_f64();
        let call = evidence.log.logins.iter().find(|call| call.id == sent.login);
        if call.and_then(|call| call.number) != login_of(&sent.access) {
            violations.push(format!("at {at:.3} node {} sends a token of another login", sent.node));
        }
        let newer = evidence.log.seen.iter().find(|seen| {
            (seen.node, seen.life) == (sent.node, sent.life)
                && seen.at < sent.at
                && seen.view.before.contains(&sent.login)
        });
        if let Some(newer) = newer {
            let seen = newer.at.as_secs_f64();
            violations.push(format!(
                "at {at:.3} node {} sends {}, though it read a newer login at {seen:.3}",
                sent.node, sent.access
            ));
        }
        // The server gives an access token and its refresh token one number.
        let token = format!("r{}", &sent.access[1..]);
        let is_stored = stored.get(token.as_str()).is_some_and(|stored| *stored <= sent.at);
        if !is_stored && !has_failed(evidence, sent) {
            violations
                .push(format!("at {at:.3} node {} sends {} before it is stored", sent.node, sent.access));
        }
    }
}

/// When each refresh token was first stored.
fn stored(evidence: &Evidence) -> BTreeMap<&str, Moment> {
    let mut stored = BTreeMap::new();
    for written in &evidence.written {
        let Some(view) = written.view() else { continue };
        for token in view.candidates.iter().chain(&view.token) {
            stored.entry(token.as_str()).or_insert(written.at);
        }
    }
    stored
}

/// True if the store has failed this process since it had the tokens: then they serve from memory.
fn has_failed(evidence: &Evidence, sent: &Sent) -> bool {
    let mut operations = evidence.operations.iter().filter(|operation| operation.node == sent.node);
    let quarter = evidence.schedule.lease(sent.node) / 4;
    operations
        .any(|operation| operation.from <= sent.at && (!operation.sound || operation.time() > quarter / 2))
}
