//! The end of a flight: it changes the state, queues the hooks and wakes the callers.
//!
//! Invariant: every flight lands once, also after a panic. A flight that another login has overtaken changes nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::error::{Cause, Error, LostReason, RefreshFailure, RefreshFailureKind};
use crate::event::Event;
use crate::grant::GrantError;
use crate::session::flight::Flight;
use crate::session::held::Versioned;
use crate::session::past::outdated;
use crate::session::{Inner, fresh, schedule};

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
    /// The session was lost, and the store holds the tokens of another login.
    Revived(Versioned),
    /// The session was lost, and the store holds no other login.
    StillLost,
    /// The session goes on after a pause.
    Failed(Error),
    Lost(Error),
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
        let mut guard = self.session.inner();
        let inner = &mut *guard;
        if inner.state.epoch() != self.epoch {
            match ending {
                // These tokens are those of the login before. After a logout they must not come back from the store.
                Ended::Loaded(Some(tokens)) if inner.state.held().is_none() => {
                    inner.past().replaced.add_unspent(&tokens.tokens);
                }
                Ended::Rotated { tokens, from } | Ended::Kept { tokens, from, .. } => {
                    if inner.supersedes(&tokens.tokens, from.as_ref().map(|from| &*from.tokens)) {
                        self.by.host.emit(&self.session.key, Event::Superseded(tokens.tokens));
                    }
                    drop(guard);
                    self.session.inherit(&self.by);
                }
                _ => {}
            }
            return;
        }
        inner.flight = None;
        let counters = &self.by.counters;
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
                replace(inner, tokens, false);
                Ok(())
            }
            Ended::Revived(tokens) => {
                inner.state.login(&self.by.policy, |stamp| Some(fresh(tokens, stamp, false)));
                Ok(())
            }
            Ended::StillLost => {
                let now = inner.now();
                inner.state.still_lost(now);
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
                self.maybe_spent = None;
                inner.state.renewed(|held, stamp| match held {
                    Some(held) => held.renewed(tokens),
                    None => fresh(tokens, stamp, true),
                });
                Err(self.cool(inner, error, &mut events))
            }
            Ended::Failed(error) => Err(self.cool(inner, error, &mut events)),
            Ended::Lost(error) => {
                counters.rotations_failed.add();
                if matches!(error, Error::SessionLost { reason: LostReason::RotationOutcomeUnknown, .. }) {
                    counters.reuse_suspected.add();
                }
                let now = inner.now();
                inner.state.lost(error.clone(), now);
                if inner.state.held().is_none() {
                    self.session.writer.give_up();
                }
                events.extend([Event::RefreshFailed(error.clone()), Event::Logout]);
                Err(error)
            }
            Ended::Overtaken => Err(Error::logged_out()),
        };
        // A lost session may still serve its access token, but whoever asked for a login has none.
        let held = inner.state.held().filter(|_| inner.state.lost_error().is_none()).cloned();
        // Under the lock, so that no request uses the new tokens before the hooks that tell of them are queued.
        for event in events {
            self.by.host.emit(&self.session.key, event);
        }
        drop(guard);
        self.handle.outcome.set(outcome.map(|()| held));
    }
}

impl Flight {
    /// The session goes on after a pause. Returns the error for those who wait.
    fn cool(&self, inner: &mut Inner, error: Error, events: &mut Vec<Event>) -> Error {
        self.by.counters.rotations_failed.add();
        inner.set_maybe_spent(self.maybe_spent);
        let asked = retry_after(&error);
        if self.by.policy.forgets {
            inner.state.forget();
        }
        let told = inner
            .state
            .cooled(error, clock::uptime(), |failures| schedule::cool_down(failures, asked, rand::random()));
        events.push(Event::RefreshFailed(told.clone()));
        told
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
