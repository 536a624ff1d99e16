//! Whether what the store holds is newer than what the session holds.
//!
//! Versions have no order, so that a session remembers those that it has replaced. They are old wherever they turn up
//! again: a store that was rolled back never makes the session go back.

use std::collections::VecDeque;

use crate::secret::Fingerprint;
use crate::session::held::Versioned;
use crate::store::{Stored, Version};
use crate::token::Tokens;

/// More rotations than any store lags behind.
const REMEMBERED: usize = 32;

/// The versions that this session has replaced, each with its access token.
#[derive(Debug, Default)]
pub(crate) struct Replaced(VecDeque<(Version, Fingerprint)>);

/// What a read of the store found.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// The tokens that the session holds.
    Mine,
    /// Tokens that this session has replaced.
    Replaced,
    /// Somebody else has rotated.
    News(Versioned),
    /// Somebody else has logged out: there are no tokens any more.
    Gone,
}

impl Replaced {
    pub(crate) fn add(&mut self, version: Version, tokens: &Tokens) {
        self.0.retain(|(known, _)| *known != version);
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front((version, tokens.access.fingerprint()));
    }

    /// These tokens count again, because somebody has logged in with them. The store may have them under several
    /// versions: a login may not show the refresh token that is stored.
    pub(crate) fn remove(&mut self, tokens: &Tokens) {
        let access = tokens.access.fingerprint();
        self.0.retain(|(_, known)| *known != access);
    }

    /// `mine`: the version of the tokens that the session holds, None if it holds none.
    pub(crate) fn judge(&self, mine: Option<Version>, stored: Option<Stored>) -> Found {
        match stored.and_then(Versioned::of) {
            None if mine.is_none() => Found::Mine,
            None => Found::Gone,
            Some(stored) if mine == Some(stored.version) => Found::Mine,
            Some(stored) if self.contains(stored.version) => Found::Replaced,
            Some(stored) => Found::News(stored),
        }
    }

    fn contains(&self, version: Version) -> bool {
        self.0.iter().any(|(known, _)| *known == version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Record;
    use crate::token::tests::tokens;

    #[test]
    fn version_that_was_replaced_is_never_news() {
        let [first, second, third] = std::array::from_fn(|n| {
            let tokens = tokens(&format!("a{n}"), None);
            Versioned { tokens, version: Version::random() }
        });
        let tombstone = Stored { record: Record { tokens: None }, version: Version::random() };
        let mine = Some(second.version);
        let mut replaced = Replaced::default();
        replaced.add(first.version, &first.tokens);
        assert_eq!(replaced.judge(mine, Some(second.stored())), Found::Mine);
        assert_eq!(replaced.judge(mine, Some(first.stored())), Found::Replaced);
        assert_eq!(replaced.judge(mine, Some(third.stored())), Found::News(third.clone()));
        assert_eq!(replaced.judge(None, Some(third.stored())), Found::News(third));
        assert_eq!(replaced.judge(None, Some(first.stored())), Found::Replaced);
        for nothing in [None, Some(tombstone)] {
            assert_eq!(replaced.judge(mine, nothing.clone()), Found::Gone);
            assert_eq!(replaced.judge(None, nothing), Found::Mine);
        }
        replaced.remove(&first.tokens);
        assert_eq!(replaced.judge(mine, Some(first.stored())), Found::News(first));
    }
}
