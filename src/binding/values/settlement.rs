//! Results of promises, prepared on the engine's thread.

use std::sync::Arc;

use bytes::Bytes;

use super::native_answer::{NativeAnswer, NativeBody};
use engine::client::Authorised;
use engine::session::Held;

/// A promise resolves with one of these.
pub(crate) enum Settlement {
    Answer(NativeAnswer),
    /// A whole body.
    Body(NativeBody),
    /// A part of a body, in pieces; none at its end.
    Chunk(Vec<Bytes>),
    /// The auth header of a request, and which token it carries.
    Authorised(Option<Authorised>),
    AccessToken(Arc<Held>),
    Tokens(Option<Arc<Held>>),
    Done,
}
