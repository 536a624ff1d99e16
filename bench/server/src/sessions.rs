//! Who is logged in. Strict: a spent refresh token that comes again revokes the session it belonged to.
//!
//! Invariant: a session has at most one access token that is accepted and one refresh token that works.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use serde_json::{Value, json};

/// What a login or a refresh hands out.
pub(crate) struct Pair {
    pub(crate) session: usize,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

#[derive(Default)]
pub(crate) struct Sessions {
    list: Vec<Session>,
    /// Every token ever issued, of either kind, and the session it belongs to.
    owner: HashMap<String, usize>,
    random: RandomState,
    issued: u64,
}

#[derive(Default)]
struct Session {
    access: Option<String>,
    refresh: Option<String>,
    requests: u64,
    /// Those of `requests` that came over HTTP/2.
    http2: u64,
    rejected: u64,
    refreshes: u64,
    reuses: u64,
}

impl Sessions {
    pub(crate) fn login(&mut self) -> Pair {
        self.list.push(Session::default());
        self.issue(self.list.len() - 1)
    }

    /// Counts the request and says whether its access token is the current one.
    pub(crate) fn admits(&mut self, access: &str, http2: bool) -> bool {
        let Some(session) = self.owner.get(access).map(|&id| &mut self.list[id]) else { return false };
        let current = session.access.as_deref() == Some(access);
        session.requests += 1;
        session.http2 += u64::from(http2);
        session.rejected += u64::from(!current);
        current
    }

    pub(crate) fn rotate(&mut self, refresh: &str) -> Option<Pair> {
        let id = *self.owner.get(refresh)?;
        let session = &mut self.list[id];
        session.refreshes += 1;
        if session.refresh.as_deref() == Some(refresh) {
            return Some(self.issue(id));
        }
        session.reuses += 1;
        (session.access, session.refresh) = (None, None);
        None
    }

    pub(crate) fn expire(&mut self, id: usize) -> Option<()> {
        self.list.get_mut(id)?.access = None;
        Some(())
    }

    /// Ends the access token unless a newer one has taken its place.
    pub(crate) fn expire_token(&mut self, id: usize, access: &str) {
        if let Some(session) = self.list.get_mut(id) {
            session.access.take_if(|current| current == access);
        }
    }

    pub(crate) fn stats(&self, id: usize) -> Option<Value> {
        let session = self.list.get(id)?;
        Some(json!({
            "requests": session.requests, "http2": session.http2, "rejected": session.rejected,
            "refreshes": session.refreshes, "reuses": session.reuses,
        }))
    }

    fn issue(&mut self, id: usize) -> Pair {
        let (access, refresh) = (self.fresh("at"), self.fresh("rt"));
        for token in [&access, &refresh] {
            self.owner.insert(token.clone(), id);
        }
        let session = &mut self.list[id];
        session.access = Some(access.clone());
        session.refresh = Some(refresh.clone());
        Pair { session: id, access, refresh }
    }

    fn fresh(&mut self, kind: &str) -> String {
        self.issued += 1;
        let [a, b] = [0, 1].map(|part: u8| self.random.hash_one((self.issued, part)));
        format!("{kind}.{a:016x}{b:016x}")
    }
}
