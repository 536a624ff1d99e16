//! Signed JSON: keys, JSON Web Signatures (RFC 7515) and thumbprints, over aws-lc.
//!
//! A key is parsed once, because that costs as much as a signature. Invariant: no private part of a key is printed.

mod algorithm;
mod certificate;
mod jwk;
mod key;
mod key_error;
mod pair;
mod sign;

pub use algorithm::Algorithm;
pub use key::PrivateKey;
pub use key_error::KeyError;
pub use sign::{sign, sign_hmac};

#[cfg(test)]
mod tests;
