//! The memory of tokens that are old, at eight bytes each.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use crate::secret::Secret;
use crate::token::Tokens;

/// How many tokens a session remembers, at 8 bytes each. Tokens that live for five minutes reach it in four weeks.
const MAX_REPLACED: usize = 8_192;

/// Numbers name tokens by a key that each process draws anew, so that a number tells nothing about its token.
static NAMES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Tokens that are old wherever they turn up again: refresh tokens that are spent, and access tokens of pairs whose refresh
/// token goes on.
#[derive(Debug, Default)]
pub(crate) struct Replaced(VecDeque<u64>);

impl Replaced {
    pub(crate) fn add(&mut self, token: &Secret) {
        // All refresh tokens that came alone have this access token.
        if token.expose().is_empty() {
            return;
        }
        let name = name(token);
        self.0.retain(|known| *known != name);
        self.0.truncate(MAX_REPLACED - 1);
        self.0.push_front(name);
    }

    /// Another login has taken the place of these tokens, which may be good.
    pub(crate) fn add_unspent(&mut self, tokens: &Tokens) {
        let alone = tokens.refresh.as_ref().filter(|_| tokens.access.expose().is_empty());
        self.add(alone.unwrap_or(&tokens.access));
    }

    /// These tokens count again, because a login brought them.
    pub(crate) fn remove(&mut self, tokens: &Tokens) {
        let names = [Some(&tokens.access), tokens.refresh.as_ref()].map(|token| token.map(name));
        self.0.retain(|known| !names.contains(&Some(*known)));
    }

    pub(crate) fn contains(&self, tokens: &Tokens) -> bool {
        let mut tokens = [Some(&tokens.access), tokens.refresh.as_ref()].into_iter().flatten();
        tokens.any(|token| self.0.contains(&name(token)))
    }
}

/// The token that tells that `old` was replaced by `new`: the refresh token, unless it goes on.
pub(crate) fn outdated<'a>(old: &'a Tokens, new: &Tokens) -> &'a Secret {
    old.refresh.as_ref().filter(|token| new.refresh.as_ref() != Some(token)).unwrap_or(&old.access)
}

pub(super) fn name(token: &Secret) -> u64 {
    NAMES.hash_one(token.expose())
}

#[cfg(test)]
mod tests;
