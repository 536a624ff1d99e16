//! The end of tokens that nobody needs any more: the server is told, so that they are of no use to a thief.

use std::sync::Arc;

use crate::error::Error;
use crate::event::Event;
use crate::session::Session;
use crate::session::login::Begun;
use crate::session::participant::Participant;
use crate::token::Tokens;

impl Session {
    /// Revokes the tokens held, and then logs out. Tokens that a rotation brings meanwhile are revoked as well, and another login
    /// goes on.
    pub async fn revoke(self: &Arc<Self>, by: &Arc<Participant>) -> Result<(), Error> {
        let epoch = self.epoch();
        let read = self.load(by).await;
        if read.is_err() && self.epoch() != epoch {
            // A login has ended the one that was to be revoked, before its tokens were read.
            return Ok(());
        }
        read?;
        self.catch_up(by).await;
        let mut next = self.now().0;
        while let Some(held) = next {
            by.grant.revoke(&held.tokens).await?;
            let (now, stamp) = self.now();
            if stamp.epoch != held.epoch() {
                return Ok(());
            }
            next = now.filter(|now| !Arc::ptr_eq(&now.tokens, &held.tokens));
        }
        let begun = Begun { former: None, ..self.begin(by, None, true) };
        self.store_login(by, begun).await
    }

    /// Does what [`Session::revoke_quietly`] does, while the caller goes on.
    pub(super) fn revoke_later(self: &Arc<Self>, by: &Arc<Participant>, tokens: Arc<Tokens>) {
        let (session, by, under_way) = (Arc::clone(self), Arc::clone(by), self.enter());
        let hold = by.host.keep_process_alive();
        tokio::spawn(async move {
            session.revoke_quietly(&by, &tokens).await;
            drop((under_way, hold));
        });
    }

    /// Revokes tokens; the hooks hear of a failure.
    pub(super) async fn revoke_quietly(&self, by: &Participant, tokens: &Tokens) {
        if let Err(error) = by.grant.revoke(tokens).await {
            by.host.emit(&self.key, Event::RevokeFailed(error));
        }
    }
}
