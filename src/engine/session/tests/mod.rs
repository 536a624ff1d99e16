//! What a session promises, as a specification: one file for each part of it.
//!
//! Time is tokio's, paused; grants, stores and hosts are scripted and keep a ledger. Nothing here sleeps for real.

mod anonymous;
mod failures;
mod fakes;
mod flight;
mod interleavings;
mod login;
mod loss;
mod model;
mod participants;
mod support;
mod timing;
mod token_now;
mod writer;
