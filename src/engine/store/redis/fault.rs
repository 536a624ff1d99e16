//! The [`StoreError`] behind an error of the `redis` crate.
//!
//! Invariant: nothing that a server said is kept but a known code, and nothing of a URL but host and port.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError};

use crate::fault::Fault;
use crate::fault::cause::{Cause, causes, of_io, of_lookup, of_tls};
use crate::source::SourceError;
use crate::store::redis::target::Target;
use crate::store::{RedisProblem, StoreError, StoreFault};

pub(super) fn fault(error: &RedisError, target: &Target) -> StoreError {
    let unread =
        error.source().and_then(|error| causes(unshared(error)).find_map(|cause| cause.downcast_ref()));
    if let Some(unread) = unread {
        let unread: &SourceError = unread;
        return of(target, RedisProblem::Unread { problem: unread.to_string() });
    }
    let problem = match (error.kind(), error.code()) {
        (_, Some(code)) => RedisProblem::of_code(code),
        (ErrorKind::AuthenticationFailed, _) => RedisProblem::of_code("WRONGPASS"),
        (ErrorKind::MasterNameNotFoundBySentinel, _) => {
            RedisProblem::NoMaster { name: target.master().to_owned() }
        }
        _ => RedisProblem::Network(network(error)),
    };
    of(target, problem)
}

/// Nothing was sent, because no connection was made in time.
pub(super) fn unanswered(target: &Target) -> StoreError {
    of(target, RedisProblem::Network(Fault::TimedOut))
}

/// The key of a session holds something that no register wrote.
pub(super) fn foreign(target: &Target) -> StoreError {
    of(target, RedisProblem::Foreign)
}

fn of(target: &Target, problem: RedisProblem) -> StoreError {
    StoreError::Fault(StoreFault::Redis { server: target.to_string(), problem })
}

/// The crate shares the errors below its own.
fn unshared(error: &Cause) -> &Cause {
    match error.downcast_ref::<Arc<dyn StdError + Send + Sync>>() {
        Some(shared) => &**shared,
        None => error,
    }
}

fn network(error: &RedisError) -> Fault {
    let Some(source) = error.source() else { return Fault::Unknown };
    let named = |cause: &(dyn StdError + 'static)| match cause.downcast_ref::<io::Error>() {
        // The crate says so when a connection ends; the system's own error has a number.
        Some(io) if io.kind() == io::ErrorKind::BrokenPipe && io.raw_os_error().is_none() => {
            Some(Fault::HungUp)
        }
        Some(io) if io.to_string().starts_with("failed to lookup") => Some(of_lookup(io)),
        Some(io) => of_io(io),
        None => cause.downcast_ref().map(of_tls),
    };
    causes(unshared(source)).filter_map(named).last().unwrap_or(Fault::Unknown)
}
