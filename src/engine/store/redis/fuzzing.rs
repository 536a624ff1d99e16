//! A target for fuzzing: what Redis answers to the register's two commands.

use redis::{FromRedisValue, parse_redis_value};

use crate::store::redis::commands::Stored;

pub(crate) fn redis_reply(bytes: &[u8]) {
    let Ok(value) = parse_redis_value(bytes) else { return };
    let _stored = Stored::from_redis_value(value.clone());
    let _applied = i64::from_redis_value(value);
}
