//! Logins and logouts by the program: in memory at once, then in the store.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::error::{Error, StoreAction};
use crate::event::Reason;
use crate::session::held::Versioned;
use crate::session::participant::Participant;
use crate::session::state::Purpose;
use crate::session::{Session, fresh};
use crate::store::{Record, Stored};
use crate::token::Tokens;

/// A login that counts in memory.
pub struct Begun {
    pub(super) ticket: u64,
    pub(super) former: Option<Former>,
}

/// The login before a logout that revokes its tokens.
pub(super) struct Former {
    /// That of the logout.
    epoch: u64,
    held: Option<Arc<Tokens>>,
    seed: Option<Tokens>,
}

impl Session {
    /// Logs in, or without tokens logs out: in memory at once, then in the store. A flight of the login before ends without
    /// touching this one.
    pub async fn login(self: &Arc<Self>, by: &Arc<Participant>, tokens: Option<Tokens>) -> Result<(), Error> {
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
        if let Some(identities) = &by.identities {
            identities.log_in(&self.key, tokens.is_some());
        }
        let held = self.inner().state.held().cloned();
        let tokens = tokens.map(|tokens| tokens.with_key_of(held.as_ref().map(|held| &*held.tokens)));
        let record = Record { tokens: tokens.map(Arc::new) };
        let next = Stored { version: by.store.version(&record), record };
        let from = Versioned::of(next.clone());
        let (flight, former, ticket) = {
            let inner = &mut *self.inner();
            let held = inner.state.held().map(|held| Arc::clone(&held.tokens));
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
            let seed = by.seed.take(&self.key);
            let epoch = inner.state.login(&by.policy, |stamp| from.map(|from| fresh(from, stamp, false)));
            let former = revokes.then_some(Former { epoch, held, seed });
            if let Some(shared) = &mut inner.shared {
                shared.log_in(next.version);
            }
            (inner.flight.take(), former, self.writer.want(next))
        };
        if let Some(flight) = flight {
            flight.revokes.store(revokes, Relaxed);
            flight.outcome.set(Err(Error::logged_out()));
        }
        Begun { ticket, former }
    }

    /// Stores the login. After a logout, revokes the tokens of the login before if the grant is set to. A failure of that is the
    /// hooks' to know, because the logout itself counts.
    pub async fn store_login(self: &Arc<Self>, by: &Arc<Participant>, begun: Begun) -> Result<(), Error> {
        self.inherit(by);
        let _exit = begun.former.as_ref().and_then(|_| by.hold_exit());
        let ended = match begun.former {
            Some(former) => self.tokens_of(by, former).await,
            None => None,
        };
        let saved = self.save(by, begun.ticket).await;
        if let Some(ended) = ended {
            self.revoke_quietly(by, &ended).await;
        }
        saved.map(drop).map_err(|failed| failed.told(StoreAction::Write))
    }

    /// The newest tokens of a login that has ended. The store may have newer ones than memory, because another process has rotated or
    /// no flight has read it yet. They must be read before the logout is stored over them.
    async fn tokens_of(&self, by: &Participant, former: Former) -> Option<Arc<Tokens>> {
        let Former { epoch, held, seed } = former;
        let stored = match self.shared(by) {
            Some((fleet, member)) => member.look(fleet).await.ok().flatten().and_then(|known| known.tokens),
            // Such a store has no newer tokens than this process.
            None if held.is_some() => None,
            None => by.store.read(&self.key).await.ok().flatten().and_then(|stored| stored.record.tokens),
        };
        // After the next login, the tokens of the store may be those.
        let stored = stored.filter(|_| self.epoch() == epoch);
        stored.or(held).or_else(|| seed.map(Arc::new))
    }

    /// If a login brought a refresh token that an earlier login has spent, refreshes now, so that the store gets the
    /// successor of that token.
    pub(crate) fn inherit(self: &Arc<Self>, by: &Arc<Participant>) {
        let mut inner = self.inner();
        let epoch = inner.state.epoch();
        let refresh = inner.state.held().and_then(|held| held.tokens.refresh.as_ref());
        if refresh.zip(inner.past.as_ref()).is_some_and(|(token, past)| past.spent_tokens.spent(token, epoch))
        {
            self.depart(&mut inner, by, Purpose::Rotate, Reason::Spent);
        }
    }
}
