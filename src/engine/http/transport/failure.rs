//! The error of a request that got no answer, and the proofs that the request was not processed.
//!
//! Invariant: a request counts as unprocessed only if the server says so, or if no connection ever got it.

use std::error::Error;
use std::fmt;

use hyper::client::conn::TrySendError;

use crate::http::connect::link::BoxError;
use crate::http::diagnose::proves_unsent;

#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection could be made.
    Connect(BoxError),
    /// The connection was made, and failed before it could take a request.
    Handshake(hyper::Error),
    Exchange(hyper::Error),
}

impl Failure {
    /// True if the server cannot have acted upon the request, in HTTP/1.1 or 2.
    pub(crate) fn is_unprocessed(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Handshake(_) => true,
            Self::Exchange(error) => proves_unsent(error),
        }
    }

    /// True if a connection was made.
    pub(crate) fn is_connected(&self) -> bool {
        !matches!(self, Self::Connect(_))
    }
}

impl<T> From<TrySendError<T>> for Failure {
    fn from(error: TrySendError<T>) -> Self {
        Self::Exchange(error.into_error())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect(error) => Some(&**error),
            Self::Handshake(error) | Self::Exchange(error) => Some(error),
        }
    }
}
