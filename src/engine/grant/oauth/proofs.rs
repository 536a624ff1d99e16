//! The proofs of questions to a token endpoint (RFC 9449 §5 and §8).
//!
//! Invariant: a refresh token goes out with a proof of the key that it may be bound to, also if the option `dpop` is off by now.

use std::sync::{Arc, OnceLock};

use http::Method;
use url::Url;

use crate::dpop::{Key, Nonces, PROOF};
use crate::grant::{Answer, Form};
use crate::jose::{Algorithm, KeyError};
use crate::token::Tokens;

pub(super) struct Proofs {
    /// None: tokens are Bearer tokens.
    algorithm: Option<Algorithm>,
    /// For tokens that are bound to no key yet. All sessions have the same one: if an answer binds a refresh token and brings no
    /// access token, the next question has to prove it again.
    own: OnceLock<Key>,
    nonces: Nonces,
}

/// The proofs of one question, or none.
pub(super) struct Proving<'a> {
    nonces: &'a Nonces,
    key: Option<Key>,
    /// The nonce of the last proof.
    used: Option<Arc<str>>,
    repeated: bool,
}

impl Proofs {
    pub(super) fn new(algorithm: Option<Algorithm>) -> Self {
        Self { algorithm, own: OnceLock::new(), nonces: Nonces::default() }
    }

    /// `bound`: the key of the tokens that are replaced.
    pub(super) fn begin(&self, bound: Option<&Key>, sends_token: bool) -> Result<Proving<'_>, KeyError> {
        let key = match (bound, self.algorithm) {
            (Some(bound), algorithm) if sends_token || algorithm.is_some() => Some(bound.clone()),
            (None, Some(algorithm)) => Some(self.own(algorithm)?),
            _ => None,
        };
        Ok(Proving { nonces: &self.nonces, key, used: None, repeated: false })
    }

    fn own(&self, algorithm: Algorithm) -> Result<Key, KeyError> {
        if let Some(own) = self.own.get() {
            return Ok(own.clone());
        }
        let made = Key::generate(algorithm)?;
        Ok(self.own.get_or_init(|| made).clone())
    }
}

impl Proving<'_> {
    /// Adds a proof to the form of one attempt.
    pub(super) fn prove(&mut self, form: &mut Form) -> Result<(), KeyError> {
        if let Some(key) = &self.key {
            self.used = self.nonces.newest(&form.url);
            form.headers.push((PROOF, key.proof(&Method::POST, &form.url, self.used.as_deref(), None)?));
        }
        Ok(())
    }

    /// Any answer may bring a nonce.
    pub(super) fn hear(&self, url: &Url, answer: &Answer) {
        if let Some(nonce) = &answer.dpop_nonce {
            self.nonces.note(url, nonce);
        }
    }

    /// The server refuses the proof. True, at most once: it has given a newer nonce, so that the question is to be asked again.
    pub(super) fn repeats(&mut self, url: &Url) -> bool {
        let newest = self.nonces.newest(url);
        self.key.is_some()
            && newest.is_some()
            && newest != self.used
            && !std::mem::replace(&mut self.repeated, true)
    }

    /// `says_dpop`: the answer's `token_type` is DPoP. If it is another, the refresh token alone is bound.
    pub(super) fn bind(self, tokens: Tokens, says_dpop: impl FnOnce() -> bool) -> Tokens {
        match self.key {
            Some(key) => tokens.bound_to(key, says_dpop()),
            None => tokens,
        }
    }
}

#[cfg(test)]
mod tests;
