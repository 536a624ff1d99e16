//! The connection for commands. It is made when it is first needed, and again after it broke.
//!
//! Invariant: every command is answered within the deadline. A command is sent a second time only after its connection
//! broke, and `commands` says why that is safe.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use redis::{Cmd, FromRedisValue, RedisError, ServerErrorKind};
use tokio::time::sleep;

use crate::clock::{self, Instant, awake};
use crate::lock::Lock;
use crate::store::StoreError;
use crate::store::redis::fault::{fault, unanswered};
use crate::store::redis::place::Connection;
use crate::store::redis::target::Target;

/// The pauses between attempts to connect, while Redis is away: the first and the longest.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// A connection is given up if a caller has waited that long in vain and leaves. The caller's deadline may be shorter than
/// that of the store.
const IN_VAIN: Duration = Duration::from_millis(100);

pub(super) struct Wire {
    target: Arc<Target>,
    timeout: Duration,
    state: Arc<Lock<State>>,
}

enum State {
    /// The next attempt to connect comes after the pause.
    Closed {
        pause: Duration,
    },
    Connecting(Connecting),
    Open(Open),
}

/// The one attempt that all callers wait for. It is a task of its own, so that it goes on if they leave.
type Connecting = Shared<BoxFuture<'static, Result<Open, StoreError>>>;

#[derive(Clone)]
struct Open {
    connection: Connection,
    since: Instant,
}

/// A command under way. If the caller leaves too late, it takes the connection along.
struct Sent<'a> {
    wire: &'a Wire,
    /// The connection, and the time of the sending.
    on: Option<(Instant, Instant)>,
}

impl Wire {
    pub(super) fn new(target: Arc<Target>, timeout: Duration) -> Self {
        Self { target, timeout, state: Arc::new(Lock::new(State::Closed { pause: Duration::ZERO })) }
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut sent = Sent { wire: self, on: None };
        let answer = within(self.timeout, self.send(command, &mut sent)).await;
        answer.unwrap_or_else(|| match sent.on.take() {
            None => Err(unanswered(&self.target)),
            // A connection on which nothing is answered may be dead, and TCP would notice that only after minutes.
            Some((connection, _)) => {
                self.forget(connection);
                Err(StoreError::TimedOut)
            }
        })
    }

    async fn send<T: FromRedisValue>(&self, command: &Cmd, sent: &mut Sent<'_>) -> Result<T, StoreError> {
        let mut again = false;
        loop {
            let Open { mut connection, since } = self.connection().await?;
            sent.on = Some((since, clock::now()));
            let answer = connection.ask(command).await;
            sent.on = None;
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let broken = is_broken(&error);
            if broken {
                self.forget(since);
            }
            // Once more: an idle connection that a firewall or Redis has closed is noticed only now.
            if again || !broken {
                return Err(fault(&error, &self.target));
            }
            again = true;
        }
    }

    async fn connection(&self) -> Result<Open, StoreError> {
        match self.open_or_connect() {
            Ok(open) => Ok(open),
            Err(connecting) => connecting.await,
        }
    }

    fn open_or_connect(&self) -> Result<Open, Connecting> {
        let mut state = self.state.lock();
        match &*state {
            State::Open(open) => Ok(open.clone()),
            State::Connecting(connecting) => Err(connecting.clone()),
            &State::Closed { pause } => {
                let connecting = self.connect(pause);
                *state = State::Connecting(connecting.clone());
                Err(connecting)
            }
        }
    }

    fn connect(&self, pause: Duration) -> Connecting {
        let (target, deadline, state) = (Arc::clone(&self.target), self.timeout, Arc::clone(&self.state));
        let attempt = tokio::spawn(async move {
            sleep(spread(pause)).await;
            let connected = match within(deadline, target.connect()).await {
                Some(connected) => connected.map_err(|error| fault(&error, &target)),
                None => Err(unanswered(&target)),
            };
            let opened = connected.map(|connection| Open { connection, since: clock::now() });
            *state.lock() = match &opened {
                Ok(open) => State::Open(open.clone()),
                Err(_) => State::Closed { pause: longer(pause) },
            };
            opened
        });
        // Weak, because `state` is about to hold this attempt: if the runtime ends first, neither would ever be freed.
        let (target, state) = (Arc::clone(&self.target), Arc::downgrade(&self.state));
        let ended = move |_| {
            // The task was ended before its time. Without this line all later calls would wait for it.
            if let Some(state) = state.upgrade() {
                *state.lock() = State::Closed { pause: PAUSES.0 };
            }
            Err(unanswered(&target))
        };
        attempt.map(|opened| opened.unwrap_or_else(ended)).boxed().shared()
    }

    /// Lets go of the connection that was made at `since`, unless another one has taken its place.
    fn forget(&self, since: Instant) {
        let mut state = self.state.lock();
        if matches!(&*state, State::Open(open) if open.since == since) {
            *state = State::Closed { pause: Duration::ZERO };
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let Some((connection, at)) = self.on
            && clock::now() - at >= IN_VAIN
        {
            self.wire.forget(connection);
        }
    }
}

/// None: the call took longer.
async fn within<T>(time: Duration, call: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        answer = call => Some(answer),
        () = awake(time, sleep) => None,
    }
}

/// Processes that lost the same server do not all come back at the same moment.
pub(super) fn spread(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.0))
}

/// The pause that follows one of this length.
pub(super) fn longer(pause: Duration) -> Duration {
    (pause * 2).clamp(PAUSES.0, PAUSES.1)
}

/// True if another connection may do better. After READONLY, the name of the server may lead to the new master.
pub(super) fn is_broken(error: &RedisError) -> bool {
    let moved = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(Into::into);
    error.is_unrecoverable_error() || error.is_io_error() || moved.contains(&error.kind())
}

#[cfg(test)]
mod tests;
