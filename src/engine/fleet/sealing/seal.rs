//! Encryption at rest: only a process that has the key reads a record or writes one (register.md 2.3).
//!
//! A sealed record is the text `sealed.1.KEY.DATA`: the format, the name of the key, and nonce, ciphertext and tag in base64.
//! Invariant: the text opens only with its own key, for the session and the store that it was sealed for. Else whoever
//! can write to the store gives one user another user's tokens.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_NO_PAD, URL_SAFE_PAD_INDIFFERENT};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::store::{StoreError, StoreFault, session_name};

const PREFIX: &str = "sealed.";
const FORMAT: &str = "1";
pub(super) const KEY_BYTES: usize = 32;
/// Hexadecimal digits of a key's name: eight bytes of its hash.
const NAME_DIGITS: usize = 16;

/// Seals the records of one store, and opens them.
#[derive(Clone)]
pub struct Seal {
    store: Arc<str>,
    keys: Arc<[SealKey]>,
}

/// One entry of `key`. None is the text 'none', which stands for records that are not sealed: with it, sealing is turned on
/// as a key is changed, in two deploys: `['none', key]` everywhere, then `[key, 'none']`.
#[derive(Clone)]
pub struct SealKey(Option<Arc<Key>>);

struct Key {
    name: String,
    /// AES-256-GCM-SIV: processes choose nonces independently of each other, and an equal nonce shows no more than that two
    /// records are equal.
    aead: RandomizedNonceKey,
}

/// A text that is no key. It does not show the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 32 random bytes: a Buffer, or base64 (`openssl rand -base64 32`)")]
pub struct BadKey;

impl SealKey {
    /// A string, as users write it: base64 in either alphabet, or 'none'.
    pub fn from_text(text: &str) -> Result<Self, BadKey> {
        let text = text.trim_ascii();
        if text == "none" {
            return Ok(Self(None));
        }
        let alphabet =
            if text.contains(['-', '_']) { URL_SAFE_PAD_INDIFFERENT } else { STANDARD_PAD_INDIFFERENT };
        // Longer than a key, because the decoder asks for room for whole groups of four characters.
        let mut bytes = Zeroizing::new([0; KEY_BYTES + 4]);
        let length = alphabet.decode_slice(text, &mut *bytes).map_err(|_| BadKey)?;
        Self::raw(&bytes[..length])
    }

    /// A Buffer or the content of a file: the 32 bytes themselves, or what [`Self::from_text`] takes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadKey> {
        if bytes.len() == KEY_BYTES {
            return Self::raw(bytes);
        }
        Self::from_text(std::str::from_utf8(bytes).map_err(|_| BadKey)?)
    }

    fn raw(bytes: &[u8]) -> Result<Self, BadKey> {
        // The library's copy of the key is overwritten when it is freed.
        let aead = RandomizedNonceKey::new(&AES_256_GCM_SIV, bytes).map_err(|_| BadKey)?;
        let digest = Sha256::digest(bytes);
        let name = u64::from_be_bytes(std::array::from_fn(|at| digest[at]));
        Ok(Self(Some(Arc::new(Key { name: format!("{name:016x}"), aead }))))
    }
}

impl Seal {
    /// The first key seals, and all open. `store` names the store: every process that shares the store must give the same name.
    pub fn new(store: &str, keys: &[SealKey]) -> Self {
        let mut keys = keys.to_vec();
        if keys.is_empty() {
            keys.push(SealKey(None));
        }
        Self { store: store.into(), keys: keys.into() }
    }

    /// False: the first key is 'none', so that records are kept as they are.
    pub(super) fn seals(&self) -> bool {
        self.keys[0].0.is_some()
    }

    /// The text that the store keeps.
    pub fn seal(&self, session: &str, record: &Secret) -> Result<Secret, StoreError> {
        let SealKey(Some(key)) = &self.keys[0] else { return Ok(record.clone()) };
        self.seal_with(key, session, record)
    }

    /// The text for a record that must not be kept open, also while the first key is 'none'. None: there is no key.
    pub(super) fn seal_always(&self, session: &str, record: &Secret) -> Option<Result<Secret, StoreError>> {
        let key = self.keys.iter().find_map(|key| key.0.as_ref())?;
        Some(self.seal_with(key, session, record))
    }

    /// Fails if the machine gives no random bytes. A panic would end the flight that is about to store the only valid tokens, and a failed
    /// write is repeated.
    fn seal_with(&self, key: &Key, session: &str, record: &Secret) -> Result<Secret, StoreError> {
        // Encrypted where it stands, so that no copy of the record is left behind.
        let mut data = Zeroizing::new(record.expose().as_bytes().to_vec());
        let bound = self.bound(&key.name, &session_name(session));
        let (nonce, tag) = key
            .aead
            .seal_in_place_separate_tag(Aad::from(bound), &mut data)
            .map_err(|_| StoreError::Failed { cause: None })?;
        let data = [&nonce.as_ref()[..], &data, tag.as_ref()].concat();
        Ok(Secret::new(format!("{PREFIX}{FORMAT}.{}.{}", key.name, URL_SAFE_NO_PAD.encode(data))))
    }

    /// The record in a text that the store kept.
    pub fn open(&self, session: &str, text: &Secret) -> Result<Secret, StoreError> {
        self.open_named(&session_name(session), text)
    }

    /// As `open`, where only the session's name in the store is known.
    pub fn open_named(&self, name: &str, text: &Secret) -> Result<Secret, StoreError> {
        const CORRUPT: StoreError = StoreError::Corrupt { cause: None };
        let Some(envelope) = text.expose().strip_prefix(PREFIX) else {
            if self.keys.iter().any(|key| key.0.is_none()) {
                return Ok(text.clone());
            }
            let is_record = text.expose().starts_with('{');
            return Err(if is_record { StoreError::Fault(StoreFault::NotSealed) } else { CORRUPT });
        };
        let mut parts = envelope.splitn(3, '.');
        let (Some(format), Some(key_name), Some(data)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CORRUPT);
        };
        if format != FORMAT {
            let newer = format.parse().ok().filter(|&format: &u32| format > 1);
            return Err(newer.map_or(CORRUPT, |min| StoreError::Fault(StoreFault::TooNew { min })));
        }
        let mut keys = self.keys.iter().filter_map(|key| key.0.as_ref());
        let Some(key) = keys.find(|key| key.name == key_name) else {
            let unknown = StoreFault::UnknownKey { name: key_name.to_owned() };
            return Err(if is_key_name(key_name) { StoreError::Fault(unknown) } else { CORRUPT });
        };
        let record = key.open(self.bound(key_name, name), data);
        record.map(Secret::new).ok_or(CORRUPT)
    }

    /// The name of the key that sealed a text. None: it is not sealed.
    pub fn key_name(text: &Secret) -> Option<&str> {
        text.expose().strip_prefix(PREFIX)?.split('.').nth(1).filter(|name| is_key_name(name))
    }

    /// The text that is authenticated together with the record.
    fn bound(&self, key: &str, session: &str) -> String {
        // The store's name comes last, because it is the only part whose length may vary.
        format!("token-rotator {FORMAT} {key} {session} {}", self.store)
    }
}

/// Only such a text is shown as a name, because anything may stand in a store.
fn is_key_name(text: &str) -> bool {
    text.len() == NAME_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Key {
    fn open(&self, bound: String, data: &str) -> Option<String> {
        let mut data = Zeroizing::new(URL_SAFE_NO_PAD.decode(data).ok()?);
        let (nonce, sealed) = data.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let record = self.aead.open_in_place(nonce, Aad::from(bound), sealed).ok()?;
        std::str::from_utf8(record).ok().map(str::to_owned)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("none", |key| &key.name))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({} {:?})", self.store, self.keys)
    }
}

#[cfg(test)]
mod tests;
