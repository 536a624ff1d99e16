//! Several credentials, of which the server takes one at a time: the new one, and the one that it replaces.

use std::sync::Arc;

use crate::lock::Lock;

/// Remembers which credential worked, so that a server that knows only the older one is asked twice a single time.
pub(super) struct Turns<T>(Lock<State<T>>);

struct State<T> {
    worked: Option<Arc<T>>,
    refused: Option<Arc<T>>,
}

impl<T: PartialEq> Turns<T> {
    pub(super) fn new() -> Self {
        Self(Lock::new(State { worked: None, refused: None }))
    }

    /// The credential to send. `current` has those of the sources, at least one, in the user's order.
    pub(super) fn pick(&self, current: &[Arc<T>]) -> Arc<T> {
        let State { worked, refused } = &*self.0.lock();
        let is = |one: &Option<Arc<T>>, other: &Arc<T>| one.as_ref().is_some_and(|one| one == other);
        let working = current.iter().find(|one| is(worked, one));
        let untried = working.or_else(|| current.iter().find(|one| !is(refused, one)));
        // A server may get to know a new secret later than its file does: the secret before it serves until then.
        Arc::clone(untried.or(worked.as_ref()).unwrap_or(&current[0]))
    }

    pub(super) fn accepted(&self, used: &Arc<T>) {
        self.0.lock().worked = Some(Arc::clone(used));
    }

    /// True if another credential is to be tried.
    pub(super) fn refused(&self, used: &Arc<T>, current: &[Arc<T>]) -> bool {
        let mut state = self.0.lock();
        if state.worked.as_ref() == Some(used) {
            state.worked = None;
        }
        state.refused = Some(Arc::clone(used));
        drop(state);
        self.pick(current) != *used
    }
}

#[cfg(test)]
mod tests;
