//! The crossing to Node. Only here: napi, and `unsafe`. Nothing here decides anything.
//!
//! JavaScript calls in through two classes, [`client`] and [`environment`]. `client/` has the calls for other HTTP clients,
//! and counters. Everything goes back through the [`queue`] of its environment, in order. `queue/` has what that needs:
//!
//! - `call`, `kept_errors`: calls of the user's code, their replies, and what that code threw;
//! - `runtime`: the engine's thread; `threadsafe_function`: how it wakes JavaScript;
//! - `ahead`: when a call may be answered at once; `pending`: numbers, and the work that goes by them.
//!
//! [`promise`] makes promises and keeps the event loop running; [`resolve`] settles them.
//!
//! [`callbacks`] are the user's functions as the engine's traits. [`register`] is the user's own store, and [`changes`] are those
//! of which it tells. [`tries`] tells of a request that is traced, and [`part_of`] which calls of user code are parts of it.
//!
//! [`bodies`] cross in parts, as an upload or a download; [`aborts`] ends requests; [`next_hop`] judges a redirect for axios.
//! [`inspect`] tells what a store holds. [`exit`] waits for rotations at the end of the process. [`options`] are settings as they
//! come in, [`values`] all other forms that cross.
//!
//! Invariants: no `async fn(&self)`, because napi would borrow an object that a dying worker frees; every export is
//! `catch_unwind`; no value that JavaScript passes is ever printed; no circle among these files.

#![allow(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "napi's macros hand arguments over in these shapes"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers cross as doubles: counts and dates below 2^53, and sizes that lib/ has checked"
)]

mod aborts;
mod bodies;
mod callbacks;
mod changes;
mod client;
mod environment;
mod exit;
mod inspect;
mod next_hop;
mod options;
mod part_of;
mod promise;
mod queue;
mod register;
mod resolve;
mod tries;
mod values;

/// The version of this binary, which `lib/crossing/addon.js` compares with its own.
#[napi_derive::napi]
#[cfg_attr(test, expect(dead_code, reason = "napi exports nothing in tests"))]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The key for SDKs that insist on one.
#[napi_derive::napi]
#[cfg_attr(test, expect(dead_code, reason = "napi exports nothing in tests"))]
pub const PLACEHOLDER: &str = engine::present::PLACEHOLDER;
