//! Tests that need several files of this folder.

mod endings;
mod handshake;
mod reuse;
mod upload;
