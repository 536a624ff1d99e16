//! The promises of a session, as a specification.
//!
//! Grants, stores and programs are scripted and keep a ledger. Tokio's clock is paused, so that no test waits for real.

mod anonymous;
mod clocks;
mod conflicts;
mod failures;
mod fakes;
mod flight;
mod interleavings;
mod late_writes;
mod login;
mod loss;
mod memory;
mod model;
mod older_stores;
mod participants;
mod refusals;
mod successors;
mod superseded;
mod support;
mod timing;
mod token_now;
mod writer;
