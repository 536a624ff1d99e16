//! The promises of a session, as a specification.
//!
//! Grants, stores and programs are scripted and keep a ledger. Tokio's clock is paused, so that no test waits for real.
//! The folders have the tests of the parts of the same name; `model` and `interleavings` make random orders of events, which
//! `strict_server` judges.

mod anonymous;
mod clocks;
mod fakes;
mod flight;
mod interleavings;
mod login;
mod model;
mod participants;
mod refusals;
mod registry;
mod revoke;
mod shared;
mod strict_server;
mod superseded;
mod support;
mod token_now;
mod writer;

/// The allocator's next block is a quarter larger, and a hundred thousand sessions have one each.
#[test]
#[cfg(target_pointer_width = "64")]
fn session_and_its_two_counts_fit_a_block_of_256_bytes() {
    assert!(size_of::<[usize; 2]>() + size_of::<crate::session::Session>() <= 256);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn tokens_fit_blocks_of_96_and_80_bytes() {
    assert!(size_of::<[usize; 2]>() + size_of::<crate::token::Tokens>() <= 96);
    assert!(size_of::<[usize; 2]>() + size_of::<crate::session::Held>() <= 80);
}
