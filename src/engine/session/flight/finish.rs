//! The end of a flight: it changes the state, queues the hooks and wakes the callers.
//!
//! Invariant: every flight lands once, also after a panic. A flight that another login has overtaken changes nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::clock;
use crate::error::{Cause, Error, LostReason, RefreshFailure, RefreshFailureKind};
use crate::event::{Event, RotationEnd, RotationOutcome};
use crate::grant::GrantError;
use crate::secret::Fingerprint;
use crate::session::flight::Flight;
use crate::session::held::Versioned;
use crate::session::participant::Participant;
use crate::session::past::outdated;
use crate::session::state::Purpose;
use crate::session::{Inner, Session, fresh, schedule};

/// How a flight ends.
pub(crate) enum Ended {
    Loaded(Option<Versioned>),
    /// The store could not be read for the first time.
    Unread(Error),
    /// `from`: the tokens that were refreshed. They may have come from the store, so that the session has never held
    /// them.
    Rotated {
        tokens: Versioned,
        from: Option<Versioned>,
    },
    /// The refresh failed, but brought a refresh token: these are the tokens held with that one.
    Kept {
        tokens: Versioned,
        from: Option<Versioned>,
        error: Error,
    },
    Adopted(Versioned),
    /// Another process has logged in, or with None out: requests of the login before fail, and are never sent with these tokens.
    OtherLogin(Option<Versioned>),
    /// The session was lost, and the store holds the tokens of another login, or tokens that came late.
    Revived(Versioned),
    /// Nothing has changed, or another process rotates and the tokens held are good for now.
    Unchanged,
    /// The session was lost, and the store holds no other login.
    StillLost,
    /// The session goes on after a pause.
    Failed(Error),
    Lost(Error),
    /// Another process has found that the session is lost. `tokens`: those stored, whose access token may be good.
    FoundLost {
        tokens: Option<Versioned>,
        other_login: bool,
        error: Error,
    },
    /// The last login has ended, and this session had no tokens of it.
    FoundLoggedOut,
    /// Another login has begun meanwhile.
    Overtaken,
}

impl Flight {
    /// Changes the state, queues the hooks and wakes the callers, in this order, so that `onRefreshed` is delivered before
    /// every answer that waited for the rotation.
    pub(crate) fn land(&mut self, ending: Ended) {
        self.landed = true;
        // The hooks of a client whose environment has ended cannot be called, and a loss is told only once.
        if !self.by.host.alive() {
            self.change_participant();
        }
        let session = Arc::clone(&self.session);
        let mut guard = session.inner();
        let inner = &mut *guard;
        if inner.state.epoch() != self.epoch {
            self.tell_end(RotationOutcome::Overtaken, None, inner.state.stamp().generation);
            match ending {
                // These tokens are those of the login before. After a logout they must not come back from the store.
                Ended::Loaded(Some(tokens)) if inner.state.held().is_none() => {
                    inner.past().replaced.add_unspent(&tokens.tokens);
                }
                Ended::Rotated { tokens, from } | Ended::Kept { tokens, from, .. } => {
                    if inner.supersedes(&tokens.tokens, from.as_ref().map(|from| &*from.tokens)) {
                        self.by.host.emit(&self.session.key, Event::Superseded(Arc::clone(&tokens.tokens)));
                        if self.handle.revokes.load(Relaxed) {
                            self.session.revoke_later(&self.by, tokens.tokens);
                        }
                    }
                    drop(guard);
                    self.session.inherit(&self.by);
                }
                _ => {}
            }
            return;
        }
        inner.flight = None;
        if let Some(shared) = &mut inner.shared {
            shared.confirmed(self.mark, clock::uptime());
        }
        let rotation = ending.rotation();
        let outcome = self.session.change(&self.by, inner, ending, &mut self.maybe_spent);
        let code = outcome.as_ref().err().map(Error::code);
        self.tell_end(rotation, code, inner.state.stamp().generation);
        // A lost session may still serve its access token, but whoever asked for a login has none.
        let held = inner.state.held().filter(|_| inner.state.lost_error().is_none()).cloned();
        drop(guard);
        if let (Some(identities), Some(_)) = (&self.by.identities, &held) {
            identities.keep(&self.session);
        }
        self.handle.outcome.set(outcome.map(|()| held));
    }

    fn tell_end(&self, outcome: RotationOutcome, code: Option<&'static str>, generation: u64) {
        if self.handle.purpose == Purpose::Rotate {
            let lease_wait_ms = self.handle.lease_wait_ms.load(Relaxed);
            let end = RotationEnd { epoch: self.epoch, outcome, code, generation, lease_wait_ms };
            self.by.host.emit(&self.session.key, Event::RotationEnds(end));
        }
    }
}

impl Ended {
    fn rotation(&self) -> RotationOutcome {
        match self {
            Self::Rotated { .. } => RotationOutcome::Rotated,
            Self::Adopted(_) | Self::Revived(_) => RotationOutcome::Adopted,
            Self::Loaded(_) | Self::Unchanged => RotationOutcome::Unchanged,
            Self::OtherLogin(_) | Self::Overtaken => RotationOutcome::Overtaken,
            Self::Unread(_) | Self::Kept { .. } | Self::Failed(_) => RotationOutcome::Failed,
            Self::StillLost | Self::Lost(_) | Self::FoundLost { .. } | Self::FoundLoggedOut => {
                RotationOutcome::Lost
            }
        }
    }
}

impl Session {
    /// Changes the state and queues the hooks. Returns the error for those who wait.
    pub(in crate::session) fn change(
        &self,
        by: &Participant,
        inner: &mut Inner,
        ending: Ended,
        maybe_spent: &mut Option<Fingerprint>,
    ) -> Result<(), Error> {
        let counters = &by.counters;
        let is_shared = inner.shared.is_some();
        let mut events = Vec::new();
        let outcome = match ending {
            Ended::Loaded(tokens) => {
                let stamp = inner.state.next_stamp();
                inner.state.loaded(tokens.map(|tokens| fresh(tokens, stamp, false)));
                Ok(())
            }
            Ended::Rotated { tokens, from } => {
                if let Some(from) = from {
                    inner.past().replaced.add(outdated(&from.tokens, &tokens.tokens));
                }
                counters.rotations.add();
                events.push(Event::Refreshed(Arc::clone(&tokens.tokens)));
                replace(inner, tokens, true);
                Ok(())
            }
            Ended::Adopted(tokens) => {
                counters.adopted.add();
                adopt(inner, tokens);
                Ok(())
            }
            Ended::OtherLogin(tokens) => {
                if tokens.is_none() {
                    events.extend([Event::RefreshFailed(Error::logged_out()), Event::Logout]);
                }
                inner.state.login(&by.policy, |stamp| tokens.map(|tokens| fresh(tokens, stamp, false)));
                Err(Error::logged_out())
            }
            Ended::Revived(tokens) => {
                inner.state.login(&by.policy, |stamp| Some(fresh(tokens, stamp, false)));
                Ok(())
            }
            Ended::Unchanged => {
                inner.state.unchanged();
                Ok(())
            }
            Ended::StillLost => {
                let looked = (!is_shared).then(|| inner.now());
                inner.state.still_lost(looked);
                Ok(())
            }
            Ended::Unread(error) => {
                inner.state.unread();
                Err(error)
            }
            Ended::Kept { tokens, from, error } => {
                if let Some(from) = from {
                    inner.past().replaced.add(outdated(&from.tokens, &tokens.tokens));
                }
                if let Some(old) = inner.state.held() {
                    inner.past.get_or_insert_default().replaced.add(outdated(&old.tokens, &tokens.tokens));
                }
                *maybe_spent = None;
                inner.state.renewed(|held, stamp| match held {
                    Some(held) => held.renewed(tokens),
                    None => fresh(tokens, stamp, true),
                });
                Err(cool(by, inner, error, *maybe_spent, &mut events))
            }
            Ended::Failed(error) => Err(cool(by, inner, error, *maybe_spent, &mut events)),
            Ended::Lost(error) => {
                counters.rotations_failed.add();
                if matches!(error, Error::SessionLost { reason: LostReason::RotationOutcomeUnknown, .. }) {
                    counters.reuse_suspected.add();
                }
                self.lose(inner, &error, &mut events);
                Err(error)
            }
            Ended::FoundLost { tokens, other_login, error } => {
                if other_login {
                    inner.state.login(&by.policy, |stamp| tokens.map(|tokens| fresh(tokens, stamp, false)));
                } else if let Some(tokens) = tokens {
                    replace(inner, tokens, false);
                }
                self.lose(inner, &error, &mut events);
                Err(error)
            }
            Ended::FoundLoggedOut => {
                inner.state.loaded(None);
                if !by.policy.anonymous {
                    inner.state.lost(Error::logged_out(), inner.now());
                    inner.state.still_lost(None);
                }
                Ok(())
            }
            Ended::Overtaken => Err(Error::logged_out()),
        };
        // Under the lock, so that no request uses the new tokens before the hooks that tell of them are queued.
        for event in events {
            by.host.emit(&self.key, event);
        }
        outcome
    }

    fn lose(&self, inner: &mut Inner, error: &Error, events: &mut Vec<Event>) {
        let now = inner.now();
        inner.state.lost(error.clone(), now);
        if inner.shared.is_some() {
            inner.state.still_lost(None);
        }
        if inner.state.held().is_none() {
            self.writer.give_up();
        }
        events.extend([Event::RefreshFailed(error.clone()), Event::Logout]);
    }
}

/// The session goes on after a pause. Returns the error for those who wait.
fn cool(
    by: &Participant,
    inner: &mut Inner,
    error: Error,
    maybe_spent: Option<Fingerprint>,
    events: &mut Vec<Event>,
) -> Error {
    by.counters.rotations_failed.add();
    inner.set_maybe_spent(maybe_spent);
    let asked = retry_after(&error);
    let limit = if inner.shared.is_some() { schedule::cool_down_limit(&error) } else { Duration::MAX };
    if by.policy.forgets {
        inner.state.forget();
    }
    let pause = |failures| schedule::cool_down(failures, asked, rand::random()).min(limit);
    let told = inner.state.cooled(error, clock::uptime(), pause);
    events.push(Event::RefreshFailed(told.clone()));
    told
}

/// Takes over tokens that another process has stored.
fn adopt(inner: &mut Inner, tokens: Versioned) {
    let renews = inner.state.held().is_some_and(|held| held.tokens.access == tokens.tokens.access);
    if renews {
        inner.state.unchanged();
        inner.state.renewed(|held, stamp| match held {
            Some(held) => held.renewed(tokens),
            None => fresh(tokens, stamp, false),
        });
    } else {
        // From a shared store they are as new as if this session had refreshed them.
        let is_shared = inner.shared.is_some();
        replace(inner, tokens, is_shared);
    }
}

/// Puts new tokens in the place of the tokens held.
fn replace(inner: &mut Inner, tokens: Versioned, from_refresh: bool) {
    if let Some(old) = inner.state.held() {
        inner.past.get_or_insert_default().replaced.add(outdated(&old.tokens, &tokens.tokens));
    }
    inner.set_maybe_spent(None);
    inner.state.rotated(fresh(tokens, inner.state.next_stamp(), from_refresh));
}

impl Drop for Flight {
    /// After a panic the flight lands too. Else its callers would wait for ever.
    fn drop(&mut self) {
        if !self.landed {
            self.land(Ended::Failed(failure(GrantError::Ambiguous { cause: None }, true)));
        }
    }
}

fn retry_after(error: &Error) -> Option<Duration> {
    match error {
        Error::Refresh(failure) => failure.retry_after,
        _ => None,
    }
}

/// The error that callers get for a refresh without tokens. `sent`: there was a refresh token to send.
pub(crate) fn failure(error: GrantError, sent: bool) -> Error {
    let (kind, retry_after, cause): (_, _, Option<Cause>) = match error {
        GrantError::Unspent { retry_after, cause } => (RefreshFailureKind::Failed, retry_after, cause),
        GrantError::Malformed { cause, .. } if cause.as_ref().is_some_and(|cause| cause.told().is_some()) => {
            (RefreshFailureKind::MalformedAnswer, None, cause)
        }
        GrantError::Malformed { cause, .. } => (RefreshFailureKind::Malformed, None, cause),
        GrantError::Unknown { cause } if !sent => (RefreshFailureKind::NotLoggedIn, None, cause),
        GrantError::Ambiguous { cause: None } | GrantError::Gone => {
            (RefreshFailureKind::NoAnswer, None, None)
        }
        GrantError::Ambiguous { cause } | GrantError::Unknown { cause } | GrantError::Terminal { cause } => {
            (RefreshFailureKind::Failed, None, cause)
        }
    };
    Error::Refresh(RefreshFailure { kind, retry_after, cause })
}
