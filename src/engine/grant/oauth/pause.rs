//! The pause that a token endpoint asks for. It holds for all sessions of a client, because the server counts the client's
//! questions and not those of one user.

use std::time::Duration;

use crate::clock;
use crate::clock::Instant;
use crate::lock::Lock;

#[derive(Default)]
pub(super) struct Pause(Lock<Option<Instant>>);

impl Pause {
    /// The server refused a question because it gets too many. `asked`: its `Retry-After`.
    pub(super) fn begin(&self, asked: Option<Duration>) {
        let until = clock::uptime() + asked.unwrap_or(UNASKED).min(LONGEST);
        let mut pause = self.0.lock();
        *pause = Some(pause.map_or(until, |before| before.max(until)));
    }

    /// What is left of the pause, and a little more: else all sessions that wait would ask in the same moment.
    pub(super) fn left(&self) -> Option<Duration> {
        let mut pause = self.0.lock();
        let left = pause.map(|until| until.saturating_duration_since(clock::uptime()))?;
        if left.is_zero() {
            *pause = None;
            return None;
        }
        Some(left + left.min(SPREAD).mul_f64(rand::random()))
    }
}

/// For a 429 that does not say how long.
const UNASKED: Duration = Duration::from_secs(1);

/// A longer pause is cut, as MSAL cuts it.
const LONGEST: Duration = Duration::from_secs(3600);

const SPREAD: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
