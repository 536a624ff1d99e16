//! Whether what the store holds is newer than what the session holds.
//!
//! A user's own store keeps no generation numbers, so the tokens themselves have to tell. Tokens that this session
//! has replaced are old wherever they turn up again: a store that was rolled back never makes it go back.

use std::collections::VecDeque;

use crate::token::{Identity, Tokens};

/// More rotations than any store lags behind.
const REMEMBERED: usize = 32;

/// The tokens that this session has replaced.
#[derive(Debug, Default)]
pub(crate) struct Superseded(VecDeque<Identity>);

#[derive(Debug, PartialEq)]
pub(crate) enum News {
    /// The store holds what the session holds, or something older.
    None,
    /// Another holder has rotated: adopt.
    Newer(Tokens),
    /// Somebody cleared the store: that login is over.
    Cleared,
}

impl Superseded {
    pub(crate) fn add(&mut self, tokens: &Tokens) {
        let identity = tokens.identity();
        self.0.retain(|known| *known != identity);
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(identity);
    }

    /// These tokens count again: somebody has logged in with them.
    pub(crate) fn remove(&mut self, tokens: &Tokens) {
        let identity = tokens.identity();
        self.0.retain(|known| !known.has_access_of(&identity));
    }

    pub(crate) fn compare(&self, held: Option<&Tokens>, stored: Option<Tokens>) -> News {
        match (held, stored) {
            (None, None) => News::None,
            (Some(_), None) => News::Cleared,
            (held, Some(stored)) => {
                let identity = stored.identity();
                if held.map(Tokens::identity) == Some(identity) || self.0.contains(&identity) {
                    News::None
                } else {
                    News::Newer(stored)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tests::tokens;

    #[test]
    fn what_was_replaced_is_never_news() {
        let (first, second, third) =
            (tokens("a1", Some("r1")), tokens("a2", Some("r2")), tokens("a3", Some("r3")));
        let mut superseded = Superseded::default();
        superseded.add(&first);
        assert_eq!(superseded.compare(Some(&second), Some(second.clone())), News::None);
        assert_eq!(superseded.compare(Some(&second), Some(first.clone())), News::None);
        assert_eq!(superseded.compare(Some(&second), Some(third.clone())), News::Newer(third));
        assert_eq!(superseded.compare(Some(&second), None), News::Cleared);
        assert_eq!(superseded.compare(None, None), News::None);
    }
}
