//! A request as `lib/crossing/native-request.js` passes it to `Client.send`.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::retry::NativeRetry;
use super::{invalid, ms};
use engine::client::{Request, Tries};
use engine::error::Error;
use engine::http::{Payload, RedirectMode};

pub(crate) struct RequestParts {
    pub(crate) url: String,
    /// Bit 0: without a token. Bits 1 to 3: 1 + the index of the redirect mode. Bits 4 to 21: 1 + the most redirects. Bits 22
    /// and 23: 1 + whether the request is replayed. 0 is the client's own. Bit 24: its tries are traced. Bits 25 to 27: 1 +
    /// the index of the method in [`METHODS`], because a text costs 0.2 µs more to cross; 0 if `method` says it.
    pub(crate) flags: u32,
    pub(crate) method: Option<String>,
    /// Without the question mark.
    pub(crate) query: Option<String>,
    /// Lines as for [`header_lines`].
    pub(crate) headers: Option<String>,
    /// In milliseconds.
    pub(crate) timeout: Option<f64>,
    pub(crate) retry: Option<NativeRetry>,
}

impl RequestParts {
    pub(crate) fn is_traced(&self) -> bool {
        self.flags >> 24 & 1 == 1
    }

    fn method(&self) -> Result<Method, Error> {
        let known = (self.flags >> 25 & 0b111).checked_sub(1).and_then(|index| METHODS.get(index as usize));
        if let Some(method) = known {
            return Ok(method.clone());
        }
        Method::from_bytes(self.method.as_deref().unwrap_or_default().as_bytes())
            .map_err(|_| Error::invalid_option("method", "must be an HTTP method"))
    }

    /// `timeout` is the client's own.
    pub(crate) fn into_request(
        self,
        body: Payload,
        timeout: Duration,
        tries: Option<Arc<dyn Tries>>,
    ) -> Result<Request, Error> {
        Ok(Request {
            method: self.method()?,
            url: self.url,
            query: self.query.unwrap_or_default(),
            headers: self.headers.as_deref().map(header_lines).transpose()?.unwrap_or_default(),
            body,
            timeout: self.timeout.map_or(timeout, ms),
            skip_auth: self.flags & 1 == 1,
            redirect: (self.flags >> 1 & 0b111).checked_sub(1).and_then(redirect_mode),
            max_redirects: (self.flags >> 4 & 0x3_ffff).checked_sub(1),
            replay: (self.flags >> 22 & 0b11).checked_sub(1).map(|replay| replay == 1),
            retry: self.retry.map(TryInto::try_into).transpose()?.map(Arc::new),
            tries,
        })
    }
}

/// In the order of `METHODS` in `lib/crossing/table.js`.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// Reads lines of names and values alternately, as `lib/options/headers.js` makes them.
pub(crate) fn header_lines(text: &str) -> Result<HeaderMap, Error> {
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

/// In the order of `REDIRECT_MODES` in `lib/crossing/table.js`.
const REDIRECT_MODES: [RedirectMode; 4] =
    [RedirectMode::SameOrigin, RedirectMode::Follow, RedirectMode::Error, RedirectMode::Manual];

/// The option `redirect`, which crosses as a number.
pub(super) fn redirect_mode(index: u32) -> Option<RedirectMode> {
    REDIRECT_MODES.get(index as usize).copied()
}
