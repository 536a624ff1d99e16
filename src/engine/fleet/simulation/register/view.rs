//! What a stored document says, for the judge.

use std::fmt;
use std::time::Duration;

use crate::error::LostReason;
use crate::fleet::record::{Kept, Record};
use crate::fleet::simulation::SESSION;
use crate::fleet::{Id, Seal};
use crate::store::Document;

pub(crate) struct View {
    pub(crate) login: Id,
    pub(crate) before: Vec<Id>,
    pub(crate) generation: u64,
    pub(crate) commit: Id,
    /// The refresh token. None: logged out.
    pub(crate) token: Option<String>,
    pub(crate) lease: Option<Lease>,
    pub(crate) has_intent: bool,
    pub(crate) lost: Option<LostReason>,
    pub(crate) candidates: Vec<String>,
    /// The field that only a later release knows.
    pub(crate) later: Option<String>,
    /// The longest list in the record.
    pub(crate) longest: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) id: Id,
    pub(crate) time: Duration,
    pub(crate) beat: u64,
}

impl View {
    pub(crate) fn of(document: &Document, opener: Option<&Seal>) -> Self {
        let open = |opener: &Seal| opener.open(SESSION, &document.text).expect("a key of the simulation");
        let text = opener.map_or_else(|| document.text.clone(), open);
        let record: Record = serde_json::from_str(text.expose()).expect("a plain record");
        let token = |kept: &Kept| kept.tokens.refresh.as_ref().map(|token| token.expose().to_owned());
        Self {
            login: record.login.id,
            generation: record.generation,
            commit: record.commit,
            token: record.tokens.as_ref().and_then(token),
            lease: record.lease.map(|lease| Lease {
                id: lease.id,
                time: Duration::from_millis(lease.ms),
                beat: lease.beat,
            }),
            has_intent: record.intent.is_some(),
            lost: record.lost.map(|lost| lost.reason),
            candidates: record.candidates.iter().filter_map(|candidate| token(&candidate.tokens)).collect(),
            longest: record.trail.len().max(record.before.len()).max(record.candidates.len()),
            later: record.rest.get("later").map(ToString::to_string),
            before: record.before,
        }
    }

    /// True if the record holds the token, as its own or as a candidate.
    pub(crate) fn holds(&self, token: &str) -> bool {
        self.token.as_deref() == Some(token) || self.candidates.iter().any(|candidate| candidate == token)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_deref().unwrap_or("logged out");
        write!(f, "login {:?} generation {} {token}", self.login, self.generation)?;
        if let Some(Lease { id, beat, .. }) = self.lease {
            write!(f, ", lease {id:?} beat {beat}")?;
        }
        if !self.candidates.is_empty() {
            write!(f, ", candidates {:?}", self.candidates)?;
        }
        if let Some(reason) = self.lost {
            write!(f, ", lost: {reason:?}")?;
        }
        Ok(())
    }
}
