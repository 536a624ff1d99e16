//! What takes several files of this folder to show.

mod endings;
mod handshake;
mod upload;
