//! `token-rotator inspect`: what may be seen of a store, as JSON. No token crosses.
//!
//! Both calls block, because the process of the command has nothing else to do.

#![cfg_attr(test, allow(dead_code, reason = "napi registers functions only outside of tests"))]

use std::path::Path;

use napi::bindgen_prelude::Uint8Array;
use napi::{Error, Result};
use napi_derive::napi;

use super::options::store::NativeRedis;
use engine::fleet::{Seal, SealKey, describe, problem};
use engine::store::{FileRegister, RedisRegister};

/// `sessions`: all, if it is empty.
#[napi(catch_unwind)]
pub fn inspect_file(
    path: String,
    allow_network_fs: bool,
    keys: Vec<Uint8Array>,
    sessions: Vec<String>,
) -> Result<String> {
    let seal = seal(&path, &keys)?;
    let listed = FileRegister::list(Path::new(&path), allow_network_fs, &sessions);
    let listed = listed.map_err(|fault| Error::from_reason(fault.to_string()))?;
    Ok(describe(&seal, &listed, &sessions))
}

/// `sessions`: all, if it is empty.
#[napi(catch_unwind)]
pub fn inspect_redis(redis: NativeRedis, keys: Vec<Uint8Array>, sessions: Vec<String>) -> Result<String> {
    let seal = seal(&redis.prefix, &keys)?;
    let options = redis.into_options(None).map_err(|error| Error::from_reason(error.to_string()))?;
    let register = RedisRegister::new(&options);
    let register = register.map_err(|error| Error::from_reason(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listed = runtime.block_on(register.list(&sessions));
    let listed = listed.map_err(|error| Error::from_reason(problem(&error)))?;
    Ok(describe(&seal, &listed, &sessions))
}

/// As `options/store.rs` makes it.
fn seal(store: &str, keys: &[Uint8Array]) -> Result<Seal> {
    let keys = keys.iter().map(|key| SealKey::from_bytes(key)).collect::<std::result::Result<Vec<_>, _>>();
    Ok(Seal::new(store, &keys.map_err(|bad| Error::from_reason(format!("--key {bad}")))?))
}
