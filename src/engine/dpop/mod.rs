//! Proofs of possession (RFC 9449): a token is bound to a key, and every request carries a signature of its own that shows
//! that its sender has the key.
//!
//! Invariant: a private key is made here, leaves the process only within a sealed record, and is never printed.

mod key;
mod nonces;
mod proof;

use http::HeaderName;

pub use key::{Bound, Key};
pub use nonces::Nonces;

/// The header that carries a proof.
pub const PROOF: HeaderName = HeaderName::from_static("dpop");
