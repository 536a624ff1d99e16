//! A session whose store other processes use too: which state of the store it stands for.
//!
//! [`Member`] judges what is stored; a session follows what its member knows. [`confirming`] says when it reads again.
//! [`age`] says how long tokens live that another process got. Invariants: a login that the store does not have yet is not given
//! up for an older one that the member knows; requests of one login never get the tokens of another.

mod age;
mod confirming;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::clock::Instant;
use crate::error::Error;
use crate::event::Event;
use crate::fleet::{Fleet, Id, Mark, Member, Saved, State as Known};
use crate::session::flight::finish::Ended;
use crate::session::participant::Participant;
use crate::session::state::Status;
use crate::session::{Inner, Session};
use crate::store::{StoreError, Stored, Version};
use crate::token::Tokens;
use age::arriving;

/// How long no early rotation begins after one that left it to another process.
const LATER: Duration = Duration::from_secs(1);

/// Sessions whose store is of this process alone have none.
pub(super) struct Shared {
    pub(super) member: Arc<Member>,
    /// The state that the session stands for. Its tokens are those held.
    pub(super) mark: Option<Mark>,
    /// The login that the store does not have yet.
    unstored: Option<Version>,
    confirmed: Option<Instant>,
    confirming: bool,
    /// The store may tell of changes, as far as is known.
    watched: bool,
    /// Somebody has asked for tokens since the last confirmation.
    in_use: bool,
    /// Until then another process rotates ahead of expiry.
    later_until: Option<Instant>,
}

impl Shared {
    pub(super) fn new(session: &Arc<str>) -> Self {
        Self {
            member: Arc::new(Member::new(Arc::clone(session))),
            mark: None,
            unstored: None,
            confirmed: None,
            confirming: false,
            watched: true,
            in_use: false,
            later_until: None,
        }
    }

    /// A login begins. The version names it in the store.
    pub(super) fn log_in(&mut self, login: Version) {
        let id = id_of(login);
        self.mark = Some(Mark { login: id, commit: id });
        self.unstored = Some(login);
    }

    /// The store was read, and showed this state.
    pub(super) fn confirmed(&mut self, mark: Option<Mark>, now: Instant) {
        self.mark = mark;
        self.confirmed = Some(now);
    }

    /// True if it has something to do, or the store does not have all that is known here.
    pub(super) fn is_busy(&self) -> bool {
        self.confirming || self.unstored.is_some() || self.member.unsaved()
    }

    /// Another process rotates ahead of expiry.
    pub(super) fn leave_to_another(&mut self, now: Instant) {
        self.later_until = Some(now + LATER);
    }
}

impl Inner {
    /// True if tokens that are still valid may be rotated now.
    pub(super) fn may_rotate_early(&self, now: Instant) -> bool {
        let until = self.shared.as_ref().and_then(|shared| shared.later_until);
        until.is_none_or(|until| now >= until)
    }

    /// The state that a session stands for which follows `known`. None before the first login.
    pub(super) fn mark_of(known: Option<&Known>) -> Option<Mark> {
        known.filter(|known| known.generation > 0).map(|known| known.mark)
    }

    /// What becomes of the session if `known` is true.
    pub(super) fn learn(&self, known: Option<&Known>) -> Ended {
        let before = self.shared.as_ref().and_then(|shared| shared.mark);
        let unread = *self.state.status() == Status::Unread;
        let was_lost = self.state.lost_error().is_some();
        let Some((known, tokens)) = known.and_then(|known| Some((known, known.tokens.as_ref()?))) else {
            // Generation 0: nobody has logged in yet.
            let logged_out = known.map_or(before.is_some(), |known| known.generation > 0);
            return match self.state.held() {
                _ if was_lost => Ended::StillLost,
                Some(_) if logged_out => Ended::OtherLogin(None),
                None if logged_out => Ended::FoundLoggedOut,
                _ if unread => Ended::Loaded(None),
                _ => Ended::Unchanged,
            };
        };
        let held = self.state.held();
        let is_held = held.is_some_and(|held| same(&held.tokens, tokens))
            || held.is_some() && before == Some(known.mark);
        let other_login = before.is_some_and(|before| before.login != known.mark.login);
        let tokens = arriving(known, tokens);
        match known.lost {
            Some(_) if was_lost && !other_login => Ended::StillLost,
            Some(reason) => Ended::FoundLost {
                tokens: (!is_held || other_login).then_some(tokens),
                other_login,
                error: Error::SessionLost { reason, cause: None },
            },
            None if was_lost => Ended::Revived(tokens),
            None if unread => Ended::Loaded(Some(tokens)),
            None if other_login => Ended::OtherLogin(Some(tokens)),
            None if is_held => Ended::Unchanged,
            None => Ended::Adopted(tokens),
        }
    }
}

impl Session {
    pub(super) fn member(&self) -> Option<Arc<Member>> {
        self.inner().shared.as_ref().map(|shared| Arc::clone(&shared.member))
    }

    /// The fleet of `by`, and what this process knows. None: the store is of this process alone.
    pub(super) fn shared<'a>(&self, by: &'a Participant) -> Option<(&'a Arc<Fleet>, Arc<Member>)> {
        by.fleet.as_ref().zip(self.member())
    }

    /// Reads the store, which another process may have changed. If that fails, the session stays as it is.
    pub(super) async fn catch_up(&self, by: &Participant) {
        let Some((fleet, member)) = self.shared(by) else { return };
        if member.look(fleet).await.is_ok() {
            self.follow(by);
        }
    }

    /// Changes the session to what its member knows. A flight under way does it itself, and a login that is not stored yet
    /// comes before all that is.
    fn follow(&self, by: &Participant) {
        let mut inner = self.inner();
        let Some(shared) = &inner.shared else { return };
        if inner.flight.is_some() || shared.unstored.is_some() {
            return;
        }
        let known = shared.member.known();
        let ended = inner.learn(known.as_ref());
        let now = inner.now();
        let _outcome = self.change(by, &mut inner, ended, &mut None);
        if let Some(shared) = &mut inner.shared {
            shared.confirmed(Inner::mark_of(known.as_ref()), now);
        }
    }

    /// A rotation under way has found that `known` is stored. Requests of the login before fail now, rather than when the answer
    /// comes.
    pub(super) fn overtake(&self, by: &Participant, epoch: u64, known: &Known) {
        let mut inner = self.inner();
        if inner.state.epoch() != epoch {
            return;
        }
        let ended = inner.learn(Some(known));
        if !matches!(ended, Ended::OtherLogin(_) | Ended::FoundLost { other_login: true, .. }) {
            return;
        }
        let flight = inner.flight.take();
        if let (Some(flight), Ended::OtherLogin(None)) = (&flight, &ended) {
            flight.revokes.store(by.grant.revokes_on_logout(), Relaxed);
        }
        let now = inner.now();
        let _outcome = self.change(by, &mut inner, ended, &mut None);
        if let Some(shared) = &mut inner.shared {
            shared.confirmed(Inner::mark_of(Some(known)), now);
        }
        drop(inner);
        if let Some(flight) = flight {
            flight.outcome.set(Err(Error::logged_out()));
        }
    }

    /// Stores the login that the store does not have yet, or the tokens of a rotation.
    pub(super) async fn store_shared(
        &self,
        by: &Participant,
        fleet: &Fleet,
        member: &Member,
        next: &Stored,
    ) -> Result<(), StoreError> {
        let is_login =
            |inner: &Inner| inner.shared.as_ref().is_some_and(|shared| shared.unstored == Some(next.version));
        if is_login(&self.inner()) {
            let tokens = next.record.tokens.as_deref().cloned();
            member.login(fleet, id_of(next.version), tokens).await?;
            let mut inner = self.inner();
            if is_login(&inner)
                && let Some(shared) = &mut inner.shared
            {
                shared.unstored = None;
            }
        } else {
            let Saved { superseded, .. } = member.save(fleet).await?;
            if let Some(tokens) = superseded {
                by.host.emit(&self.key, Event::Superseded(tokens));
            }
        }
        self.follow(by);
        Ok(())
    }
}

fn id_of(login: Version) -> Id {
    Id(u128::from_be_bytes(login.into()))
}

fn same(one: &Tokens, other: &Tokens) -> bool {
    one.access == other.access && one.refresh == other.refresh
}
