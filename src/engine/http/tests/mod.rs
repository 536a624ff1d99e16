//! Tests that need several files of this folder.

mod endings;
mod handshake;
mod renewal;
mod reuse;
mod unannounced_ends;
mod upload;
