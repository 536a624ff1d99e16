//! A strict authorization server that spends each refresh token once, and the API that accepts its tokens. A test is judged by
//! what it remembers.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::secret::Secret;
use crate::token::Tokens;

/// Tokens are known by their numbers: those of `pair` and `living`.
#[derive(Default)]
pub(super) struct StrictServer {
    issued: u32,
    /// The login that each of these tokens descends from.
    login: HashMap<u32, u32>,
    /// The newest token of each login, the only one that the API accepts.
    newest: HashMap<u32, u32>,
    expires: HashMap<u32, Instant>,
    pub(super) spent: HashSet<u32>,
    pub(super) reused: Vec<u32>,
}

impl StrictServer {
    /// The number of new tokens, of the login that `from` belongs to, or of a new login.
    pub(super) fn issue(&mut self, from: Option<u32>, lifetime: Duration) -> u32 {
        self.issued += 1;
        let serial = self.issued;
        let login = from.map_or(serial, |from| self.login[&from]);
        self.login.insert(serial, login);
        self.newest.insert(login, serial);
        self.expires.insert(serial, clock::now() + lifetime);
        serial
    }

    /// The number of the refresh token. None: it was spent before.
    pub(super) fn spend(&mut self, refresh: &Secret) -> Option<u32> {
        let serial = number(refresh);
        if self.spent.insert(serial) {
            return Some(serial);
        }
        self.reused.push(serial);
        None
    }

    pub(super) fn takes(&self, tokens: &Tokens) -> bool {
        self.is_newest(tokens) && clock::now() < self.expires[&serial(tokens)]
    }

    pub(super) fn is_newest(&self, tokens: &Tokens) -> bool {
        self.newest[&self.login_of(tokens)] == serial(tokens)
    }

    pub(super) fn login_of(&self, tokens: &Tokens) -> u32 {
        self.login[&serial(tokens)]
    }
}

pub(super) fn serial(tokens: &Tokens) -> u32 {
    number(&tokens.access)
}

fn number(token: &Secret) -> u32 {
    token.expose()[1..].parse().unwrap()
}
