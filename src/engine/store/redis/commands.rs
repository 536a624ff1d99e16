//! The two commands of the register.
//!
//! Both may be sent again after a lost answer, by us and by the client of a cluster. A read changes nothing. The script knows
//! a call again: it answers the repeat as it answered the first one, also if up to seven others have written since, and
//! changes nothing. If the first one was never applied, the repeat is the only one. To a caller who repeats a write by
//! another call, a write of somebody else since then is a conflict.

use std::time::Duration;

use redis::Cmd;

use crate::store::{Document, Version};

/// Sent whole each time, because a cached script is gone after a restart, a failover or SCRIPT FLUSH (NOSCRIPT). Redis
/// compiles it once.
const COMPARE_AND_SET: &str = include_str!("compare_and_set.lua");

/// Version and text, each None if there is none.
pub(super) type Stored = (Option<Vec<u8>>, Option<Vec<u8>>);

pub(super) fn read(key: &str) -> Cmd {
    let mut command = redis::cmd("HMGET");
    command.arg(key).arg("version").arg("text");
    command
}

/// Answered by 1 if the write is applied, and by 0 if another version is stored. Redis forgets the document after `life`.
pub(super) fn compare_and_set(
    key: &str,
    expected: Option<Version>,
    next: &Document,
    life: Option<Duration>,
) -> Cmd {
    let expected = expected.map(Version::to_text).unwrap_or_default();
    let call = format!("{:016x}", rand::random::<u64>());
    let life = life.map(|life| life.as_millis().to_string()).unwrap_or_default();
    let mut command = redis::cmd("EVAL");
    command.arg(COMPARE_AND_SET).arg(1).arg(key);
    command.arg(expected).arg(next.version.to_text()).arg(next.text.expose()).arg(life).arg(call);
    command
}
