//! Proofs of possession (RFC 9449): a token is bound to a key, and every request carries a signature of its own that shows
//! that its sender has the key.
//!
//! Invariant: a private key leaves the process only within a sealed record, and is never printed.

mod key;

pub use key::{Bound, Key};
