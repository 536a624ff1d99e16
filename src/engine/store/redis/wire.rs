//! The connection for commands. It is made when it is first needed, and again after it broke.
//!
//! Invariant: every command is answered within the deadline. A command is sent a second time only after its connection broke,
//! and `commands` says why that is safe.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisError, ServerErrorKind};
use tokio::sync::Mutex;
use tokio::time::{sleep_until, timeout};

use crate::clock::{self, Instant};
use crate::lock::Lock;
use crate::store::StoreError;
use crate::store::redis::fault::{fault, unanswered};
use crate::store::redis::target::{Connection, Target};

/// The pauses between attempts to connect, while Redis is away: the first and the longest.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

pub(super) struct Wire {
    target: Arc<Target>,
    timeout: Duration,
    open: Lock<Option<Open>>,
    /// Locked during an attempt to connect.
    failed: Mutex<Option<Failed>>,
}

#[derive(Clone)]
struct Open {
    connection: Connection,
    since: Instant,
}

/// The last attempt to connect, if it failed.
struct Failed {
    error: StoreError,
    at: Instant,
    pause: Duration,
}

impl Wire {
    pub(super) fn new(target: Arc<Target>, timeout: Duration) -> Self {
        Self { target, timeout, open: Lock::default(), failed: Mutex::default() }
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut used = None;
        let answer = timeout(self.timeout, self.send(command, &mut used)).await;
        answer.unwrap_or_else(|_| {
            if used.is_none() {
                return Err(unanswered(&self.target));
            }
            // A connection on which nothing is answered may be dead, and TCP would notice that only after minutes.
            self.forget(used);
            Err(StoreError::TimedOut)
        })
    }

    /// `used` becomes the connection that the command is sent on.
    async fn send<T: FromRedisValue>(
        &self,
        command: &Cmd,
        used: &mut Option<Instant>,
    ) -> Result<T, StoreError> {
        loop {
            let again = used.is_some();
            let Open { mut connection, since } = self.connection().await?;
            *used = Some(since);
            let error = match connection.ask(command).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let broken = is_broken(&error);
            if broken {
                self.forget(*used);
            }
            // Once more: an idle connection that a firewall or Redis has closed is noticed only now.
            if again || !broken {
                return Err(fault(&error, &self.target));
            }
        }
    }

    async fn connection(&self) -> Result<Open, StoreError> {
        let asked = clock::now();
        if let Some(open) = self.open.lock().clone() {
            return Ok(open);
        }
        let mut failed = self.failed.lock().await;
        if let Some(open) = self.open.lock().clone() {
            return Ok(open);
        }
        let mut pause = PAUSES.0;
        if let Some(last) = &*failed {
            // The attempt that was under way failed for all who waited for it.
            if last.at >= asked {
                return Err(last.error.clone());
            }
            sleep_until(last.at + spread(last.pause)).await;
            pause = (last.pause * 2).min(PAUSES.1);
        }
        match self.target.connect().await {
            Ok(connection) => {
                let open = Open { connection, since: clock::now() };
                *self.open.lock() = Some(open.clone());
                *failed = None;
                Ok(open)
            }
            Err(error) => {
                let error = fault(&error, &self.target);
                *failed = Some(Failed { error: error.clone(), at: clock::now(), pause });
                Err(error)
            }
        }
    }

    /// Lets go of the connection that was `used`, unless another one has taken its place.
    fn forget(&self, used: Option<Instant>) {
        let mut open = self.open.lock();
        if open.as_ref().map(|open| open.since) == used {
            *open = None;
        }
    }
}

/// Processes that lost the same server do not all come back at the same moment.
pub(super) fn spread(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.0))
}

/// True if another connection may do better. After READONLY, the name of the server may lead to the new master.
fn is_broken(error: &RedisError) -> bool {
    let moved = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(Into::into);
    error.is_unrecoverable_error()
        || error.is_io_error()
        || moved.contains(&error.kind())
        || error.code() == Some("NOAUTH")
}
