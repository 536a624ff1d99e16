//! Logins and logouts by the program: in memory at once, then in the store.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::error::{Error, StoreAction};
use crate::session::held::Versioned;
use crate::session::participant::Participant;
use crate::session::state::Purpose;
use crate::session::{Session, fresh};
use crate::store::{Record, Stored};
use crate::token::Tokens;

/// A login that counts in memory.
pub struct Begun {
    pub(super) ticket: u64,
    /// The tokens that are to be revoked.
    pub(super) ended: Option<Arc<Tokens>>,
}

impl Session {
    /// Logs in, or without tokens logs out: in memory at once, then in the store. A flight of the login before ends without
    /// touching this one.
    pub async fn login(self: &Arc<Self>, by: &Arc<Participant>, tokens: Option<Tokens>) -> Result<(), Error> {
        if tokens.is_none() {
            self.load_to_revoke(by).await;
        }
        let begun = self.begin_login(by, tokens);
        self.store_login(by, begun).await
    }

    /// Logs in in memory, without a runtime. [`Session::store_login`] does the rest.
    pub fn begin_login(&self, by: &Arc<Participant>, tokens: Option<Tokens>) -> Begun {
        let revokes = tokens.is_none() && by.grant.revokes_on_logout();
        self.begin(by, tokens, revokes)
    }

    /// `revokes`: the tokens of the login before are to be revoked, and those that its flight brings.
    pub(super) fn begin(&self, by: &Arc<Participant>, tokens: Option<Tokens>, revokes: bool) -> Begun {
        let held = self.inner().state.held().cloned();
        let tokens = tokens.map(|tokens| tokens.with_key_of(held.as_ref().map(|held| &*held.tokens)));
        let record = Record { tokens: tokens.map(Arc::new) };
        let next = Stored { version: by.store.version(&record), record };
        let from = Versioned::of(next.clone());
        let (flight, ended, ticket) = {
            let inner = &mut *self.inner();
            let ended = inner.state.held().filter(|_| revokes).map(|held| Arc::clone(&held.tokens));
            // A late write of the login before may still put its tokens into the store. They must not count as news.
            if let Some(held) = inner.state.held() {
                inner.past.get_or_insert_default().replaced.add_unspent(&held.tokens);
            }
            if let Some(newest) = self.writer.newest() {
                inner.past().replaced.add_unspent(&newest.tokens);
            }
            if let (Some(from), Some(past)) = (&from, &mut inner.past) {
                past.replaced.remove(&from.tokens);
            }
            inner.set_maybe_spent(None);
            by.seed.take(&self.key);
            inner.state.login(&by.policy, |stamp| from.map(|from| fresh(from, stamp, false)));
            if let Some(shared) = &mut inner.shared {
                shared.log_in(next.version);
            }
            (inner.flight.take(), ended, self.writer.want(next))
        };
        if let Some(flight) = flight {
            flight.revokes.store(revokes, Relaxed);
            flight.outcome.set(Err(Error::logged_out()));
        }
        Begun { ticket, ended }
    }

    /// Stores the login. After a logout, revokes the tokens of the login before if the grant is set to. A failure of that is the
    /// hooks' to know, because the logout itself counts.
    pub async fn store_login(self: &Arc<Self>, by: &Arc<Participant>, begun: Begun) -> Result<(), Error> {
        self.inherit(by);
        let saved = self.save(by, begun.ticket).await;
        if let Some(ended) = begun.ended {
            self.revoke_quietly(by, &ended).await;
        }
        saved.map(drop).map_err(|failed| failed.told(StoreAction::Write))
    }

    /// If a login brought a refresh token that an earlier login has spent, refreshes now, so that the store gets the
    /// successor of that token.
    pub(crate) fn inherit(self: &Arc<Self>, by: &Arc<Participant>) {
        let mut inner = self.inner();
        let epoch = inner.state.epoch();
        let refresh = inner.state.held().and_then(|held| held.tokens.refresh.as_ref());
        if refresh.zip(inner.past.as_ref()).is_some_and(|(token, past)| past.spent_tokens.spent(token, epoch))
        {
            self.depart(&mut inner, by, Purpose::Rotate);
        }
    }
}
