//! A secret that is a value, a file or a function, as `lib/options/source.js` makes it.

use std::sync::Arc;

use napi::Either;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::binding::callbacks::Callbacks;
use crate::binding::callbacks::source::CallbackSource;
use engine::pem::key_as_pem;
use engine::secret::Secret;
use engine::source::Source;

/// One of the first four fields is given.
#[napi(object, object_to_js = false)]
pub struct NativeSecret {
    pub value: Option<String>,
    /// A private key in PKCS#8 and DER.
    pub der: Option<Uint8Array>,
    /// An absolute path.
    pub file: Option<String>,
    /// The number of a function, with the name of the option that it is for.
    pub call: Option<u32>,
    pub name: Option<String>,
}

/// Text that is given itself, or a source of it.
pub(in crate::binding) type TextOrSource = Either<String, NativeSecret>;

pub(in crate::binding) fn source(given: TextOrSource, callbacks: Option<&Callbacks>) -> Option<Source> {
    match given {
        Either::A(text) => Some(text.into()),
        Either::B(secret) => Some(secret.into_source(callbacks?)),
    }
}

impl NativeSecret {
    pub(super) fn into_source(self, callbacks: &Callbacks) -> Source {
        let Self { value, der, file, call, name } = self;
        if let Some(value) = value {
            return Source::value(Secret::new(value));
        }
        if let Some(der) = der {
            return Source::value(key_as_pem(&der));
        }
        if let Some(file) = file {
            return Source::file(file);
        }
        Source::callback(Arc::new(CallbackSource {
            callbacks: callbacks.clone(),
            number: call.unwrap_or_default(),
            name: name.unwrap_or_default(),
        }))
    }
}
