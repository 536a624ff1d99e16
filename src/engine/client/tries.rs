//! The tries of one request, as somebody sees them who traces the request.

use ::http::header::HeaderMap;
use futures_util::future::BoxFuture;

use crate::error::Error;
use crate::http::Response;

/// A try that is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// The first is 1.
    pub number: u32,
    /// Tries so far after a rotation, and after a failure that may pass.
    pub replays: u32,
    pub retries: u32,
    /// Of the token that it carries.
    pub generation: Option<u64>,
}

pub trait Tries: Send + Sync {
    /// Returns headers for this try, which replace those of the same names.
    fn begin(&self, this: Try) -> BoxFuture<'_, HeaderMap>;

    /// The latest try has an answer, or has failed. Not called if the whole request ends during the try.
    fn end(&self, answer: &Result<Box<Response>, Error>);
}
