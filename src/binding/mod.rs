//! The crossing to Node. Only here: napi, and `unsafe`. Nothing here decides anything.
//!
//! JavaScript calls in through two classes, [`client`] and [`environment`]. Everything goes back through one [`queue`] for
//! each environment, in order: settled promises ([`promise`], [`settlement`], [`resolve`]), calls of the user's callbacks
//! ([`callbacks`], [`calls`], [`call`]), and what streamed bodies need ([`upload`], [`download`]). [`threadsafe_function`]
//! wakes JavaScript; [`loop_reference`] keeps its event loop running; [`runtime`] is the engine's thread. [`options`],
//! [`tokens`], [`native_answer`], [`errors`] and [`kept_errors`] say in which form values cross, and [`napi_value`] makes
//! them. [`aborts`] ends requests; [`ahead`] says when a call
//! may be answered at once.
//!
//! Invariants: no `async fn(&self)`, because napi would borrow an object that a dying worker frees; every export is
//! `catch_unwind`; no value that JavaScript passes is ever printed; no circle among these files.

#![allow(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "napi's macros hand arguments over in these shapes"
)]

mod aborts;
mod ahead;
mod call;
mod callbacks;
mod calls;
mod client;
mod download;
mod environment;
mod errors;
mod kept_errors;
mod loop_reference;
mod napi_value;
mod native_answer;
mod next_hop;
mod options;
mod pending;
mod promise;
mod queue;
mod resolve;
mod runtime;
mod settlement;
mod threadsafe_function;
mod tokens;
mod upload;
