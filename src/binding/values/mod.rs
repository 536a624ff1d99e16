//! The forms in which values cross. `lib/` has a file for each that reads or makes the same form.

pub(crate) mod errors;
pub(crate) mod napi_value;
pub(crate) mod native_answer;
pub(crate) mod tokens;

use std::sync::Arc;

use bytes::Bytes;

use self::native_answer::{NativeAnswer, NativeBody};
use engine::client::Authorised;
use engine::session::Held;

/// The result of a promise, prepared on the engine's thread.
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
