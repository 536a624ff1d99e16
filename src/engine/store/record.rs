//! The record that a store keeps for one session, and the version that names one write of it.

use std::fmt;
use std::sync::Arc;

use crate::token::Tokens;

/// The state of one session, as everybody who shares the store sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// None after a logout: such a record is a tombstone, so that a late write of older tokens conflicts with it.
    /// One copy for the session, its writer and the memory store, because a hundred thousand sessions hold one each.
    pub tokens: Option<Arc<Tokens>>,
}

/// A record, and the version of the write that stored it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    pub record: Record,
    pub version: Version,
}

/// Tells two writes apart. Versions have no order: a counter would start again after a deletion, and then match the
/// version that an outdated writer expects.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Version([u8; 16]);

impl Version {
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// 32 hexadecimal digits, for stores that keep text.
    pub fn to_text(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// None for all that [`Version::to_text`] does not write.
    pub fn from_text(text: &str) -> Option<Self> {
        let version = Self(u128::from_str_radix(text, 16).ok()?.to_be_bytes());
        (version.to_text() == text).then_some(version)
    }
}

impl From<[u8; 16]> for Version {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl From<Version> for [u8; 16] {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{:08x}", u128::from_be_bytes(self.0) >> 96)
    }
}

#[cfg(test)]
mod tests;
