//! An answer as it crosses: `[bits, head, body, download]`. `lib/crossing/native-answer.js` reads it.
//!
//! [`NativeAnswer::new`] prepares on the engine's thread what it can, so that few Node-API calls are left for each answer.

use bytes::Bytes;
use napi::Result;

use super::napi_value::{Js, Scope};
use engine::client::Answer;
use engine::http::{Download as EngineDownload, Response};

/// V8's limit. A longer body crosses as bytes, which `maxResponseSize` allows up to 2 GiB of.
const LONGEST_STRING: usize = (1 << 29) - 24;

pub(crate) struct NativeAnswer {
    /// status | redirected << 10 | not replayable << 11 | replays << 12 | became GET << 14 | attempts << 15
    /// | foreign << 31
    bits: u32,
    head: Vec<u8>,
    body: NativeBody,
    download: Option<Box<EngineDownload>>,
}

impl NativeAnswer {
    pub(crate) fn new(answer: Answer) -> Self {
        let Answer { response, attempts, replays, not_replayable, foreign } = answer;
        let bits = u32::from(response.status)
            | u32::from(response.redirected) << 10
            | u32::from(not_replayable) << 11
            | replays << 12
            | u32::from(response.became_get) << 14
            | (attempts & 0xffff) << 15
            | u32::from(foreign) << 31;
        let head = head(&response);
        Self { bits, head, body: NativeBody::new(response.body), download: response.download }
    }

    /// `download` makes the JavaScript object for a body that is still on its way.
    pub(crate) fn into_js(
        self,
        scope: Scope,
        download: impl FnOnce(Box<EngineDownload>) -> Result<Js>,
    ) -> Result<Js> {
        let bits = scope.number(f64::from(self.bits))?;
        let head = scope.latin1(&self.head)?;
        match self.download {
            None => scope.array(&[bits, head, self.body.into_js(scope)?]),
            Some(engine) => {
                let download = download(engine)?;
                scope.array(&[bits, head, scope.null()?, download])
            }
        }
    }
}

/// A whole body: null if it is empty, a string if it is pure ASCII, else a buffer.
pub(crate) struct NativeBody {
    bytes: Bytes,
    /// Pure ASCII crosses as a Latin-1 string: one copy, no decoding, and JSON is parsed from the string as it is.
    ascii: bool,
}

impl NativeBody {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { ascii: bytes.len() <= LONGEST_STRING && bytes.is_ascii(), bytes }
    }

    pub(crate) fn into_js(self, scope: Scope) -> Result<Js> {
        match (self.bytes.is_empty(), self.ascii) {
            (true, _) => scope.null(),
            (false, true) => scope.latin1(&self.bytes),
            (false, false) => scope.buffer(&[self.bytes]),
        }
    }
}

/// Latin-1 lines: the URL, the status text, then names and values alternately. No part of them can hold a line break.
pub(crate) fn head(response: &Response) -> Vec<u8> {
    let url = response.url.as_str();
    let mut head = Vec::with_capacity(url.len() + 64 + response.headers.len() * 48);
    head.extend_from_slice(url.as_bytes());
    head.push(b'\n');
    head.extend_from_slice(response.reason.as_bytes());
    for (name, value) in &response.headers {
        head.push(b'\n');
        head.extend_from_slice(name.as_str().as_bytes());
        head.push(b'\n');
        head.extend_from_slice(value.as_bytes());
    }
    head
}
