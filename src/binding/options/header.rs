//! The option `header`, and headers as they cross.

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use napi_derive::napi;

use super::invalid;
use engine::error::Error;

/// The header that carries the token.
#[napi(object, object_to_js = false)]
pub struct NativeHeader {
    pub name: String,
    pub has_format: bool,
}

/// Reads lines of names and values alternately, as `lib/options/headers.js` makes them.
pub(in super::super) fn lines(text: &str) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let mut lines = text.split('\n');
    while let (Some(name), Some(value)) = (lines.next().filter(|name| !name.is_empty()), lines.next()) {
        let name = HeaderName::try_from(name).map_err(|_| invalid("headers"))?;
        // Latin-1, as HTTP defines header values and as Node's own client sends them.
        let bytes: Vec<u8> =
            value.chars().map(u8::try_from).collect::<Result<_, _>>().map_err(|_| invalid("headers"))?;
        headers.append(name, HeaderValue::try_from(bytes).map_err(|_| invalid("headers"))?);
    }
    Ok(headers)
}
