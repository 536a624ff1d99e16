//! Every read is judged, whoever asked for it (§4).
//!
//! A pure function: what this process knows, and what it has read. Numbers do not order states, ancestry does (rule 4.1).

use crate::fleet::record::{Candidate, Record};
use crate::fleet::switches::{Rule, Switches};

/// The knowledge of this process, as far as a judgement needs it.
#[derive(Clone, Copy)]
pub(super) struct Knowledge<'a> {
    pub(super) record: Option<&'a Record>,
    /// The store showed it so lately that no record or tombstone can have expired since.
    pub(super) confirmed: bool,
    /// Its refresh token was sent by this process, and may be spent.
    pub(super) spent: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing is stored, and nothing is known that should be.
    Nobody,
    /// The state that is known, with the loss and the candidates that are stored.
    Same,
    Adopt,
    /// The store has forgotten: this is to be written over what was read (rule 4.2).
    Older(Box<Record>),
    /// Neither was made from the other. The record wins; this is it with the known tokens as a candidate.
    Fork(Box<Record>),
}

pub(super) fn judge(mine: Knowledge<'_>, stored: Option<&Record>, switches: Switches) -> Verdict {
    let (known, stored) = match (mine.record, stored) {
        (Some(known), None) if mine.confirmed => return older(known.bare(), switches),
        (_, None) => return Verdict::Nobody,
        (None, Some(_)) => return Verdict::Adopt,
        (Some(known), Some(stored)) => (known, stored),
    };
    if known.login.id != stored.login.id {
        let is_older = if switches.keeps(Rule::R4_1) {
            known.before.contains(&stored.login.id)
        } else {
            stored.login.seq < known.login.seq
        };
        return if is_older { older(known.bare(), switches) } else { Verdict::Adopt };
    }
    if known.commit == stored.commit {
        return missing(known, stored, switches).map_or(Verdict::Same, |whole| older(whole, switches));
    }
    if stored.generation > known.generation {
        return Verdict::Adopt;
    }
    if stored.is_ancestor_of(known) {
        return older(known.bare(), switches);
    }
    fork(mine.spent, known, stored)
}

fn older(write: Record, switches: Switches) -> Verdict {
    // Without the rule, a store that went back takes everybody along.
    if switches.keeps(Rule::R4_2) { Verdict::Older(Box::new(write)) } else { Verdict::Adopt }
}

/// Within one commit, losses and candidates only grow: the stored record with those that it has forgotten.
fn missing(known: &Record, stored: &Record, switches: Switches) -> Option<Record> {
    let mut whole = stored.clone();
    if known.lost.is_some() && stored.candidates.is_empty() {
        whole.lost = stored.lost.or(known.lost);
    }
    let room = switches.candidates().saturating_sub(stored.candidates.len());
    let forgotten = known.candidates.iter().filter(|known| !stored.has_candidate(known.id));
    for candidate in forgotten.take(room) {
        whole.add_candidate(candidate.clone());
    }
    (whole != *stored).then_some(whole)
}

fn fork(spent: bool, known: &Record, stored: &Record) -> Verdict {
    let has_it = stored.has_candidate(known.commit) || stored.trail.contains(&known.commit);
    let is_good = !spent && known.lost.is_none() && !has_it;
    let Some(tokens) = known.tokens.clone().filter(|kept| is_good && !stored.would_send(kept)) else {
        return Verdict::Adopt;
    };
    let mut with = stored.clone();
    with.add_candidate(Candidate { id: known.commit, tokens });
    Verdict::Fork(Box::new(with))
}

#[cfg(test)]
mod tests;
