//! Where secrets, keys, certificates and assertions come from: a value, a file, or a function.
//!
//! All of them are text: a key is PEM or a JWK, a certificate is PEM. A source is read for each use, so that a secret that is
//! exchanged needs no restart. Invariant: an error names the source, and shows nothing of the value.

mod file;
mod live;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use thiserror::Error as ThisError;

use crate::error::Cause;
use crate::secret::Secret;

pub use file::FileSource;
pub(crate) use file::utf8;
pub use live::{Live, Unfit};

/// Displays as the subject of a sentence, without the value.
#[derive(Clone)]
pub enum Source {
    Value(Secret),
    File(FileSource),
    Callback(Arc<dyn Provide>),
}

/// A function of the user's, or of `lib/` for an environment variable: the engine's thread must not read one while JavaScript
/// sets another. It is called for each use.
pub trait Provide: Send + Sync {
    fn provide(&self) -> BoxFuture<'_, Result<Secret, SourceError>>;
}

/// A source that brought nothing of use.
#[derive(Clone, Debug, PartialEq, ThisError)]
#[error("{subject} {problem}")]
pub struct SourceError {
    /// The file or the function.
    pub subject: String,
    /// The rest of the sentence: the mistake, and how to mend it.
    pub problem: Cow<'static, str>,
    /// The value that a function threw.
    pub cause: Option<Cause>,
    /// The environment of the function has ended; another one may be asked.
    pub gone: bool,
}

impl SourceError {
    pub fn gone() -> Self {
        let problem = "was not called, because its environment has ended".into();
        Self { subject: FUNCTION.to_owned(), problem, cause: None, gone: true }
    }
}

const FUNCTION: &str = "the function";

impl Source {
    pub fn value(secret: Secret) -> Self {
        Self::Value(secret)
    }

    /// `path` is absolute, because a program may change its working directory.
    pub fn file(path: impl Into<std::path::PathBuf>) -> Self {
        Self::File(FileSource::new(path.into()))
    }

    pub fn callback(function: Arc<dyn Provide>) -> Self {
        Self::Callback(function)
    }

    /// The newest text. A file that is missing or empty for a moment gives the text that it had before.
    pub async fn read(&self) -> Result<Secret, SourceError> {
        match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::File(file) => file.read().await.map_err(|problem| self.error(problem)),
            Self::Callback(function) => function.provide().await,
        }
    }

    pub fn error(&self, problem: impl Into<Cow<'static, str>>) -> SourceError {
        SourceError { subject: self.to_string(), problem: problem.into(), cause: None, gone: false }
    }
}

impl From<String> for Source {
    fn from(value: String) -> Self {
        Self::Value(Secret::new(value))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("the value"),
            Self::File(file) => write!(f, "the file {}", file.path().display()),
            Self::Callback(_) => f.write_str(FUNCTION),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({self})")
    }
}

#[cfg(test)]
mod tests;
