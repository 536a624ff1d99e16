//! Steps that read the store: whether it holds newer tokens than the session.
//!
//! Versions have no order, so that a session remembers the tokens that it has replaced. They are old wherever they turn
//! up again, because a store that was rolled back, or a replica that lags behind, must not make the session go back. Their
//! versions do not tell, because clients with stores of their own give versions of their own to the same tokens.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::clock;
use crate::error::{Cause, Error, LostReason, StoreAction};
use crate::secret::Secret;
use crate::session::flight::Flight;
use crate::session::flight::finish::Ended;
use crate::session::held::Versioned;
use crate::session::past::Replaced;
use crate::session::writer::Save;
use crate::store::{StoreError, Stored};
use crate::token::Tokens;

/// Pauses before the store is read again. After a refused refresh token, another process may have rotated a moment ago and be saving
/// now. Where the store holds less than the session, a replica may lag behind.
const READ_AGAIN: [Duration; 3] =
    [Duration::from_millis(25), Duration::from_millis(50), Duration::from_millis(100)];

/// The result of a read of the store.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// The tokens that the session holds.
    Mine,
    /// Tokens that are older than those of the session.
    Replaced,
    /// Another holder has rotated.
    News(Versioned),
    /// Another holder has logged out: there are no tokens any more.
    Gone,
}

/// `mine`: the tokens that the session holds.
fn judge(replaced: &Replaced, mine: Option<&Versioned>, stored: Option<Stored>) -> Found {
    let Some(stored) = stored.and_then(Versioned::of) else {
        return if mine.is_none() { Found::Mine } else { Found::Gone };
    };
    match mine {
        Some(mine) if mine.version == stored.version || same_pair(&mine.tokens, &stored.tokens) => {
            Found::Mine
        }
        _ if replaced.contains(&stored.tokens) => Found::Replaced,
        Some(mine) if is_older(&stored.tokens, &mine.tokens) => Found::Replaced,
        _ => Found::News(stored),
    }
}

impl Flight {
    /// Reads the store for the first time, or looks there for another login after a loss. An empty store gets the seed.
    pub(super) async fn load(&mut self) -> Ended {
        if self.session.inner().state.lost_error().is_some() {
            if let Ok(Found::News(news)) = self.look(None).await {
                return Ended::Revived(news);
            }
            let Some(seed) = self.seed_after_loss() else { return Ended::StillLost };
            self.seeds();
            let _saved = self.save(&seed).await;
            return Ended::Revived(seed);
        }
        let stored = match self.read().await {
            Err(error) => return Ended::Unread(error),
            Ok(stored) => stored.and_then(Versioned::of),
        };
        if stored.is_some() {
            return Ended::Loaded(stored);
        }
        let Some(seed) = self.by.seed.take(&self.session.key) else { return Ended::Loaded(None) };
        self.seeds();
        let seed = self.versioned(seed);
        match self.save(&seed).await {
            Save::Saved => Ended::Loaded(Some(seed)),
            Save::Overtaken => Ended::Overtaken,
        }
    }

    fn seeds(&self) {
        if let Some(identities) = &self.by.identities {
            identities.log_in(&self.session.key, true);
        }
    }

    /// The seed of a client that came after the session was lost. Without it, no new worker thread could bring tokens to a
    /// session in memory. A logout stays, and the seed must be new.
    fn seed_after_loss(&self) -> Option<Versioned> {
        let mut inner = self.session.inner();
        let logged_out = inner.state.lost_error() == Some(&Error::logged_out());
        if logged_out || self.by.store.outlives_session() {
            return None;
        }
        let seed = self.by.seed.take(&self.session.key)?;
        (!inner.past().replaced.contains(&seed)).then(|| self.versioned(seed))
    }

    /// Breaks if the store has tokens to adopt, or none any more. Goes on with the tokens to refresh.
    pub(super) async fn adopt(&mut self) -> ControlFlow<Ended, Option<Versioned>> {
        let held = self.session.inner().state.held().cloned();
        let held = held.map(|held| Versioned { tokens: Arc::clone(&held.tokens), version: held.version });
        let found = match self.look_patiently(held.as_ref()).await {
            Err(error) => return Break(Ended::Failed(error)),
            Ok(found) => found,
        };
        match found {
            Found::Gone => Break(Ended::Lost(Error::logged_out())),
            // A request with the access token that is held already would only be rejected once more.
            Found::News(news) if expired(&news.tokens) || same_access(&news, held.as_ref()) => {
                Continue(Some(news))
            }
            Found::News(news) => Break(Ended::Adopted(news)),
            Found::Mine | Found::Replaced => Continue(held),
        }
    }

    /// [`Flight::look`], and again after short pauses while the store holds less than the session.
    async fn look_patiently(&mut self, held: Option<&Versioned>) -> Result<Found, Error> {
        let mut found = self.look(held).await?;
        for pause in READ_AGAIN {
            if !matches!(found, Found::Replaced | Found::Gone) || self.overtaken() {
                break;
            }
            sleep(pause).await;
            found = self.look(held).await?;
        }
        Ok(found)
    }

    /// The server refused the refresh token of `base`. Breaks with the loss, unless the store has newer tokens by now.
    pub(super) async fn adopt_after_refusal(
        &mut self,
        base: Option<Versioned>,
        cause: Option<Cause>,
    ) -> ControlFlow<Ended, Option<Versioned>> {
        // They may have come from the store. If they turn up there again, they are no news.
        if let Some(Versioned { tokens, .. }) = &base {
            let refused = tokens.refresh.as_ref().unwrap_or(&tokens.access);
            self.session.inner().past().replaced.add(refused);
        }
        for pause in READ_AGAIN {
            if !self.by.store.outlives_session() {
                break;
            }
            sleep(pause).await;
            // Without `base`, because a server that refuses a token knows better than its expiry which pair is the older.
            match self.look(None).await {
                Ok(Found::News(news)) if !expired(&news.tokens) => return Break(Ended::Adopted(news)),
                Ok(Found::News(news))
                    if !base.as_ref().is_some_and(|base| is_older(&news.tokens, &base.tokens)) =>
                {
                    return Continue(Some(news));
                }
                _ => {}
            }
        }
        let refused = base.as_ref().and_then(|base| base.tokens.refresh.as_ref());
        let reason = match refused.map(Secret::fingerprint) {
            None => LostReason::NoRefreshToken,
            refused if refused == self.maybe_spent => LostReason::RotationOutcomeUnknown,
            Some(_) => LostReason::Rejected,
        };
        Break(Ended::Lost(Error::SessionLost { reason, cause }))
    }

    /// Looks for tokens in the store that are newer than `base`. The store is not read while it lags behind the session,
    /// nor if nobody else writes to it.
    async fn look(&mut self, base: Option<&Versioned>) -> Result<Found, Error> {
        if !self.by.store.outlives_session() {
            return Ok(Found::Mine);
        }
        // A login may show no refresh token though the program's store keeps one beside it. Without the read, a refresh
        // while such a login is being saved would send none, and the session would be lost.
        if base.is_some_and(|base| base.tokens.refresh.is_none()) {
            let _told = self.session.save_newest(&self.by).await;
        }
        if self.session.writer.unsaved() {
            return Ok(Found::Mine);
        }
        let stored = self.read().await?;
        Ok(judge(&self.session.inner().past().replaced, base, stored))
    }

    async fn read(&mut self) -> Result<Option<Stored>, Error> {
        loop {
            match self.by.store.read(&self.session.key).await {
                Ok(stored) => {
                    self.session.writer.saw(stored.as_ref());
                    return Ok(stored);
                }
                Err(StoreError::Gone) if self.change_participant() => {}
                Err(failed) => return Err(failed.told(StoreAction::Read)),
            }
        }
    }
}

fn same_access(news: &Versioned, held: Option<&Versioned>) -> bool {
    held.is_some_and(|held| held.tokens.access == news.tokens.access)
}

fn same_pair(one: &Tokens, other: &Tokens) -> bool {
    one.access == other.access && one.refresh == other.refresh
}

/// True if the expiries say so. Of one access token, the store may have a rounded expiry.
fn is_older(stored: &Tokens, than: &Tokens) -> bool {
    let expiries = stored.expires_at().zip(than.expires_at());
    stored.access != than.access && expiries.is_some_and(|(stored, than)| stored < than)
}

fn expired(tokens: &Tokens) -> bool {
    tokens.lifetime(clock::wall_ms()).is_some_and(|left| left.is_zero())
}

#[cfg(test)]
mod tests;
