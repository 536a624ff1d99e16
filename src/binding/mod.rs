//! The crossing to Node. Only here: napi, and `unsafe`.
//!
//! JavaScript calls come in through [`client`] and [`environment`]; everything goes back through the port's one queue, in
//! order: settled promises, calls of the user's callbacks, hooks. Nothing here decides anything.
//!
//! Invariants: no `async fn(&self)` (napi would borrow an object that a dying worker frees); every export is
//! `catch_unwind`; no value that JavaScript passes is ever printed.

#![allow(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "napi's macros hand arguments over in these shapes"
)]

mod call;
mod callbacks;
mod client;
mod download;
mod environment;
mod errors;
mod napi_value;
mod options;
mod pending;
mod promise;
mod queue;
mod resolve;
mod runtime;
mod threadsafe_function;
mod tokens;
mod upload;
