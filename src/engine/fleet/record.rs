//! The record of one session, as JSON (§2).
//!
//! Invariant: a field that this release does not know survives every rewrite. It ends with the login, or with the lease or intent
//! in which it stands.

mod json;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::LostReason;
use crate::fleet::Mark;
use crate::token::Tokens;

/// The format that this release writes, and the newest that it may rewrite (rule 2.2).
pub(super) const FORMAT: u32 = 1;

/// How many of each a record holds at most.
const BEFORE: usize = 8;
const TRAIL: usize = 16;
pub(super) const CANDIDATES: usize = 4;

/// Names one login, claim or cool-down.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(pub u128);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) v: u32,
    pub(crate) min: u32,
    pub(crate) login: Login,
    /// Newest first.
    pub(crate) before: Vec<Id>,
    #[serde(rename = "gen")]
    pub(crate) generation: u64,
    pub(crate) commit: Id,
    /// The commits of this login, newest first: `commit` is the first of them.
    pub(crate) trail: Vec<Id>,
    /// None: logged out.
    pub(crate) tokens: Option<Kept>,
    pub(crate) lease: Option<Lease>,
    pub(crate) intent: Option<Intent>,
    /// Oldest first.
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) lost: Option<Lost>,
    pub(crate) cooldown: Option<Cooldown>,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) id: Id,
    /// For people.
    pub(crate) seq: u64,
}

/// Tokens, and how long the access token was to live when it arrived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) lifetime: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) id: Id,
    pub(crate) owner: Arc<str>,
    pub(crate) ms: u64,
    pub(crate) beat: u64,
    /// The holder has the register's lock on its machine (rule 6.4).
    #[serde(default)]
    pub(crate) locked: bool,
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// The refresh token is about to be sent, or was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// The refresh token's fingerprint, for people. None: there is no token to spend.
    pub(crate) token: Option<Box<str>>,
    pub(crate) claim: Id,
    /// The grace that its writer counts on, ms.
    pub(crate) grace: u64,
    /// Its writer got no answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unanswered: bool,
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// Tokens that came for a generation that somebody else has committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    /// The commit that would have brought them.
    pub(crate) id: Id,
    pub(crate) tokens: Kept,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lost {
    #[serde(with = "json::reason")]
    pub(crate) reason: LostReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cooldown {
    pub(crate) id: Id,
    pub(crate) ms: u64,
}

impl Record {
    /// The first state of a login.
    pub(super) fn login(login: Login, before: Vec<Id>, tokens: Option<Kept>) -> Self {
        Self {
            v: FORMAT,
            min: FORMAT,
            login,
            before,
            generation: 1,
            commit: login.id,
            trail: vec![login.id],
            tokens,
            lease: None,
            intent: None,
            candidates: Vec::new(),
            lost: None,
            cooldown: None,
            rest: Map::new(),
        }
    }

    /// Before the first login: a grant that needs no token is asked under the lease of such a record.
    pub(super) fn blank(id: Id) -> Self {
        Self { generation: 0, ..Self::login(Login { id, seq: 0 }, Vec::new(), None) }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { login: self.login.id, commit: self.commit }
    }

    /// The state alone: nobody holds it or spends its token.
    pub(super) fn bare(&self) -> Self {
        Self { lease: None, intent: None, cooldown: None, ..self.clone() }
    }

    /// The generation after this one.
    pub(super) fn successor(&self, commit: Id, tokens: Kept) -> Self {
        let mut next = self.bare();
        next.generation += 1;
        next.commit = commit;
        next.trail.insert(0, commit);
        next.tokens = Some(tokens);
        next.lost = None;
        next
    }

    /// Of one login: true if `later` was made from this state, or from one so long ago that nobody knows.
    pub(super) fn is_ancestor_of(&self, later: &Self) -> bool {
        let Some(back) = later.generation.checked_sub(self.generation).filter(|back| *back > 0) else {
            return false;
        };
        later.trail.contains(&self.commit) || later.trail.len() as u64 <= back
    }

    pub(super) fn has_candidate(&self, id: Id) -> bool {
        self.candidates.iter().any(|candidate| candidate.id == id)
    }

    /// True if these tokens would be sent anyway: a candidate with the refresh token of another one would be sent twice.
    pub(super) fn would_send(&self, tokens: &Kept) -> bool {
        let all = self.tokens.iter().chain(self.candidates.iter().map(|candidate| &candidate.tokens));
        all.into_iter().any(|kept| kept.tokens.refresh == tokens.tokens.refresh)
    }

    /// Adds a candidate, which ends a loss (rule 10.2).
    pub(super) fn add_candidate(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
        self.lost = None;
    }

    /// Drops the oldest of what a record holds too many of.
    pub(super) fn trim(&mut self, candidates: usize) {
        self.before.truncate(BEFORE);
        self.trail.truncate(TRAIL);
        self.candidates.drain(..self.candidates.len().saturating_sub(candidates));
    }
}

impl Kept {
    /// That of the refresh token, as it is written.
    pub(super) fn fingerprint(&self) -> Option<Box<str>> {
        self.tokens.refresh.as_ref().map(|token| format!("{:?}", token.fingerprint()).into())
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0 >> 96)
    }
}

#[cfg(test)]
mod tests;
