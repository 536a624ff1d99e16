//! The promises of a session, as a specification.
//!
//! Grants, stores and programs are scripted and keep a ledger. Tokio's clock is paused, so that no test waits for real.

mod anonymous;
mod bound;
mod claims;
mod clocks;
mod conflicts;
mod failures;
mod fakes;
mod flight;
mod identities;
mod interleavings;
mod keeper;
mod late_writes;
mod login;
mod loss;
mod memory;
mod model;
mod older_stores;
mod participants;
mod refusals;
mod revoke;
mod shared;
mod successors;
mod superseded;
mod support;
mod timing;
mod token_now;
mod traces;
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
