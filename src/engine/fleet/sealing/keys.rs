//! The option `key` of a store, which may change while a process runs.
//!
//! Files are read again once a second, and the keys known serve while a disk hangs. A function is called when a key is first needed, and when a record is sealed with a key
//! that is not known: a lease must be renewed while JavaScript is busy.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::time::timeout;

use crate::clock::{self, Instant};
use crate::fleet::sealing::seal::{KEY_BYTES, Seal, SealKey};
use crate::lock::Lock;
use crate::secret::Secret;
use crate::source::{FileSource, Live, Source, Unfit, utf8};
use crate::store::{StoreError, StoreFault};

const EVERY: Duration = Duration::from_secs(1);

/// How long a call of the store waits for a file while a key is known. Without this limit a disk that hangs would make every call late.
const SOON: Duration = Duration::from_millis(100);

pub struct Keys(Arc<Inner>);

struct Inner {
    live: Live<Seal>,
    /// Files that are read again from time to time.
    polled: bool,
    known: Lock<Option<(Arc<Seal>, Instant)>>,
}

impl Keys {
    /// The keys of the store that is called `store`, each as [`SealKey::from_text`] takes it. A text with several of them, separated by
    /// white space, stands for all. An error: a key that is a value is none.
    ///
    /// `must_seal`: a first key that is 'none' is an error too, because the records have keys in them that tokens are bound to.
    pub fn new(store: &str, sources: Vec<Source>, must_seal: bool) -> Result<Self, Unfit> {
        let store = store.to_owned();
        let has_functions = sources.iter().any(|source| matches!(source, Source::Callback(_)));
        let has_files = sources.iter().any(|source| matches!(source, Source::File(_)));
        let live = Live::of(sources, move |texts| seal(&store, texts, must_seal));
        let known = live.check()?.map(|seal| (seal, clock::now()));
        Ok(Self(Arc::new(Inner { live, polled: has_files && !has_functions, known: Lock::new(known) })))
    }

    pub(super) async fn seal(&self) -> Result<Arc<Seal>, StoreError> {
        let Some(known) = self.0.to_read() else { return self.newest().await };
        let (seal, is_due) = known;
        if !is_due {
            return Ok(seal);
        }
        // A task, so that a slow disk is read to the end.
        let inner = Arc::clone(&self.0);
        let reading = tokio::spawn(async move { inner.newest().await });
        match timeout(SOON, reading).await {
            Ok(Ok(read)) => read,
            _ => Ok(seal),
        }
    }

    /// Read at this moment.
    pub(super) async fn newest(&self) -> Result<Arc<Seal>, StoreError> {
        self.0.newest().await
    }
}

impl Inner {
    /// The keys known, and true if the caller has to read them again.
    fn to_read(&self) -> Option<(Arc<Seal>, bool)> {
        let mut known = self.known.lock();
        let (seal, read) = known.as_mut()?;
        let is_due = self.polled && clock::now() - *read >= EVERY;
        if is_due {
            *read = clock::now();
        }
        Some((Arc::clone(seal), is_due))
    }

    async fn newest(&self) -> Result<Arc<Seal>, StoreError> {
        let read = self.live.get().await;
        let mut known = self.known.lock();
        let seal = match (read, &*known) {
            (Ok(seal), _) => seal,
            (Err(_), Some((seal, _))) => Arc::clone(seal),
            (Err(error), None) => {
                return Err(StoreError::Fault(StoreFault::Key { problem: error.to_string() }));
            }
        };
        *known = Some((Arc::clone(&seal), clock::now()));
        Ok(seal)
    }
}

/// A key in a file: its 32 bytes themselves, or the text.
pub fn key_file(path: PathBuf) -> Source {
    Source::File(FileSource::decoded(path, |bytes| match bytes.len() {
        KEY_BYTES => Some(key_text(bytes)),
        _ => utf8(bytes),
    }))
}

/// The 32 bytes of a key in base64; other bytes are text.
pub fn key_text(bytes: &[u8]) -> Secret {
    let text = if bytes.len() == KEY_BYTES {
        BASE64_STANDARD.encode(bytes)
    } else {
        String::from_utf8_lossy(bytes).into()
    };
    Secret::new(text)
}

const OPEN: &str =
    "must begin with a key, because grant.dpop saves a private key with the tokens; put 'none' behind it";

fn seal(store: &str, texts: &[Secret], must_seal: bool) -> Result<Seal, Unfit> {
    let mut keys = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        for key in text.expose().split_ascii_whitespace() {
            keys.push(SealKey::from_text(key).map_err(|bad| Unfit { at, problem: bad.to_string().into() })?);
        }
    }
    let seal = Seal::new(store, &keys);
    if must_seal && !seal.seals() {
        return Err(Unfit { at: 0, problem: OPEN.into() });
    }
    Ok(seal)
}

impl From<Seal> for Keys {
    fn from(seal: Seal) -> Self {
        let seal = Arc::new(seal);
        let known = Lock::new(Some((Arc::clone(&seal), clock::now())));
        let live = Live::of(Vec::new(), move |_| Ok(Seal::clone(&seal)));
        Self(Arc::new(Inner { live, polled: false, known }))
    }
}

#[cfg(test)]
mod tests;
