//! A file that others exchange while the program runs: Kubernetes swaps a symlink, others rename or write in place.
//!
//! The file is read for each use, and not when its times change: those may stand still while it changes, and a read costs
//! tens of microseconds beside a token request or a handshake.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::secret::Secret;

type Problem = Cow<'static, str>;

/// Makes the text of the file's bytes. None: they are none.
type Decode = fn(&[u8]) -> Option<Secret>;

/// A longer file is a mistake in the path. The system's whole list of authorities has 200 KiB.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// A disk that hangs must not hang a rotation, which all processes may wait for.
const WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct FileSource {
    path: Arc<Path>,
    decode: Decode,
    /// The text of the last read that brought one. It serves while a writer has the file empty or away.
    last: Arc<Mutex<Option<Secret>>>,
}

impl FileSource {
    pub fn new(path: PathBuf) -> Self {
        Self::decoded(path, utf8)
    }

    /// A file that may hold something else than text.
    pub fn decoded(path: PathBuf, decode: Decode) -> Self {
        Self { path: path.into(), decode, last: Arc::default() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn read(&self) -> Result<Secret, Problem> {
        let late = "was not read within 10 s; check the disk that it is on".into();
        timeout(WITHIN, self.blocking()).await.unwrap_or(Err(late))
    }

    /// Read on a thread that may block.
    async fn blocking(&self) -> Result<Secret, Problem> {
        // The thread holds the lock, so that a disk that hangs costs one thread and not one for each caller.
        let mut last = Arc::clone(&self.last).lock_owned().await;
        let (path, decode) = (Arc::clone(&self.path), self.decode);
        let read = spawn_blocking(move || match text(&path, decode) {
            Ok(text) => {
                *last = Some(text.clone());
                Ok(text)
            }
            Err(problem) => last.clone().ok_or(problem),
        });
        read.await.unwrap_or_else(|_| Err("was not read, because the program ends".into()))
    }
}

fn text(path: &Path, decode: Decode) -> Result<Secret, Problem> {
    // First, because opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(|error| refused(&error))?.is_file() {
        return Err("is no regular file; give the path of one".into());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 * 1024));
    let file = File::open(path).map_err(|error| refused(&error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err("is larger than 4 MiB; check the path".into());
    }
    let text = decode(&bytes).ok_or("is not UTF-8 text; keys and certificates are PEM")?;
    if text.expose().is_empty() {
        return Err("is empty; write the secret to it".into());
    }
    Ok(text)
}

/// Without white space around it, because editors add a line's end.
pub(crate) fn utf8(bytes: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(Secret::new(text.trim_start_matches('\u{feff}').trim().to_owned()))
}

fn refused(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path, and that the file is mounted".into(),
        io::ErrorKind::PermissionDenied => {
            "must not be read by this process; give its user the right to read it".into()
        }
        kind => format!("cannot be read ({kind})").into(),
    }
}
