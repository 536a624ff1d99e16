//! An answer of the server that is to be stored, and what a stored record means for it (§10).

use std::sync::Arc;

use crate::fleet::record::{Candidate, Id, Kept, Record};
use crate::fleet::switches::{Bug, Rule, Switches};
use crate::token::Tokens;

pub(super) struct Commit {
    /// That of the lease under which the token was sent.
    pub(super) id: Id,
    /// The state whose token was sent.
    pub(super) base: Record,
    pub(super) kept: Kept,
    /// The candidates at the claim. Those that came later stay (rule 10.2).
    pub(super) seen: Vec<Id>,
}

/// The meaning of a stored record for a commit.
pub(super) enum Decision {
    Write(Box<Record>),
    /// The tokens are stored: as a generation, or as a candidate.
    Done,
    /// Another login.
    Superseded,
}

impl Commit {
    pub(super) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.kept.tokens)
    }

    /// The generation after `record`, with these tokens.
    pub(super) fn over(&self, record: &Record) -> Record {
        let mut next = record.successor(self.id, self.kept.clone());
        next.candidates.retain(|candidate| !self.seen.contains(&candidate.id));
        next
    }

    pub(super) fn decide(&self, stored: Option<&Record>, switches: Switches) -> Decision {
        let write = |record: Record| Decision::Write(Box::new(record));
        let Some(stored) = stored else { return write(self.over(&self.base)) };
        if stored.login.id != self.base.login.id {
            // The store went back to an earlier login.
            let forgot = self.base.before.contains(&stored.login.id) || switches.has(Bug::IgnoreEpoch);
            return if forgot { write(self.over(&self.base)) } else { Decision::Superseded };
        }
        // By ids, because somebody may have written on top (rule 3.3).
        let is_newest = stored.commit == self.id;
        if is_newest || switches.keeps(Rule::R3_3) && self.is_in(stored) {
            return Decision::Done;
        }
        if stored.commit == self.base.commit {
            return write(self.over(stored));
        }
        if stored.is_ancestor_of(&self.base) {
            return write(self.over(&self.base));
        }
        // Before the loss: the same answer does not make a refused token good again.
        if stored.would_send(&self.kept) {
            return Decision::Done;
        }
        if stored.lost.is_some() && switches.keeps(Rule::R10_1) {
            return write(self.over(stored));
        }
        let mut with = stored.clone();
        with.add_candidate(Candidate { id: self.id, tokens: self.kept.clone() });
        write(with)
    }

    /// True if the store has these tokens, or has had them so long ago that nobody knows.
    fn is_in(&self, stored: &Record) -> bool {
        stored.has_candidate(self.id)
            || stored.trail.contains(&self.id)
            || self.over(&self.base).is_ancestor_of(stored)
    }
}

#[cfg(test)]
mod tests;
