//! Rotates sessions that nobody uses, because a refresh token that is not spent for long dies of disuse (the option
//! `keepAlive`).

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::sleep;

use crate::clock;
use crate::session::participant::Participant;
use crate::session::registry::Registry;
use crate::session::{Held, Session};

/// Looks in the longest time between two rotations.
const LOOKS: u32 = 8;

/// A session is rotated after this many eighths of that time, so that a failure leaves a second look.
const DUE_AFTER: u32 = 6;

/// Keeps the sessions of `by` alive until `by` ends. Sessions are rotated one after the other, because a thousand logins of one
/// morning would else meet at the authorization server.
pub async fn keep_alive(by: Weak<Participant>, registry: Weak<Registry>, longest: Duration) {
    loop {
        sleep(longest / LOOKS).await;
        let Some((by, registry)) = by.upgrade().zip(registry.upgrade()) else { return };
        for session in registry.sessions() {
            if by.closed.is_cancelled() {
                return;
            }
            if let Some(held) = session.idle_since(&by, longest / LOOKS * DUE_AFTER) {
                // A failure is the hooks' to tell, and the next look's to repeat.
                let _rotated = session.rotate(&by, Some(&held.tokens.access)).await;
            }
        }
    }
}

impl Session {
    /// The tokens of a session of `by`, if they have a refresh token and came longer ago than `age`.
    fn idle_since(&self, by: &Arc<Participant>, age: Duration) -> Option<Arc<Held>> {
        let inner = self.inner();
        let is_of = inner.participants.iter().any(|known| known.as_ptr() == Arc::as_ptr(by));
        let held = inner.state.held().filter(|held| is_of && held.tokens.refresh.is_some())?;
        (clock::uptime() - held.arrived >= age).then(|| Arc::clone(held))
    }
}
