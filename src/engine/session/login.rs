//! Logins and logouts by the program: in memory at once, then in the store.

use std::sync::Arc;

use crate::error::{Error, StoreAction};
use crate::session::held::Versioned;
use crate::session::participant::Participant;
use crate::session::state::Purpose;
use crate::session::{Session, fresh};
use crate::store::{Record, Stored};
use crate::token::Tokens;

impl Session {
    /// Logs in, or without tokens logs out: in memory at once, then in the store. A flight of the login before ends without
    /// touching this one.
    pub async fn login(self: &Arc<Self>, by: &Arc<Participant>, tokens: Option<Tokens>) -> Result<(), Error> {
        let ticket = self.begin_login(by, tokens);
        self.store_login(by, ticket).await
    }

    /// Logs in in memory, without a runtime. Returns the ticket for [`Session::store_login`].
    pub fn begin_login(&self, by: &Arc<Participant>, tokens: Option<Tokens>) -> u64 {
        let held = self.inner().state.held().cloned();
        let tokens = tokens.map(|tokens| tokens.with_key_of(held.as_ref().map(|held| &*held.tokens)));
        let record = Record { tokens: tokens.map(Arc::new) };
        let next = Stored { version: by.store.version(&record), record };
        let from = Versioned::of(next.clone());
        let (flight, ticket) = {
            let inner = &mut *self.inner();
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
            (inner.flight.take(), self.writer.want(next))
        };
        if let Some(flight) = flight {
            flight.outcome.set(Err(Error::logged_out()));
        }
        ticket
    }

    pub async fn store_login(self: &Arc<Self>, by: &Arc<Participant>, ticket: u64) -> Result<(), Error> {
        self.inherit(by);
        self.save(by, ticket).await.map(drop).map_err(|failed| failed.told(StoreAction::Write))
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
