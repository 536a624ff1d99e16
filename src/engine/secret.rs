//! Strings that are not printed.
//!
//! Invariant: a [`Secret`] prints its fingerprint, which tells two secrets apart in a log and reveals neither.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A token or other credential. Its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Box<str>>);

/// The first four bytes of a SHA-256. They tell tokens apart, and are too few to find a token by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 4]);

impl Secret {
    pub fn new(value: String) -> Self {
        // Copied and overwritten, because a string that is shrunk in place may leave a copy behind.
        let value = Zeroizing::new(value);
        Self(Zeroizing::new(Box::from(value.as_str())))
    }

    /// The secret itself. It may go to the wire, to the store or to the user's callback, and nowhere else: check every call
    /// by eye.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let digest = Sha256::digest(self.0.as_bytes());
        Fingerprint([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fingerprint(), f)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:08x}", u32::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests;
