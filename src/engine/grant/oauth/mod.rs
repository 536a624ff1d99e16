//! A grant that speaks to a token endpoint.

pub mod assertion;
pub mod client_auth;
mod signer;
mod turns;

pub use signer::Signing;
