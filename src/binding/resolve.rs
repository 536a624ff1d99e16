//! Results as JavaScript values, made on the JavaScript thread and prepared off it.
//!
//! This is the hot half of the crossing: what can be done on the engine's thread is done there ([`Packed::new`]), and
//! what is left are raw Node-API calls, few for each answer.

#![allow(unsafe_code, reason = "the crossing")]

use std::ptr;
use std::sync::Arc;

use bytes::Bytes;
use napi::bindgen_prelude::{JavaScriptClassExt as _, JsValue as _};
use napi::{Result, sys};

use super::download::Download;
use super::errors;
use super::napi_value::{Js, Scope};
use super::promise::Promises;
use engine::client::{Answer, Authorised};
use engine::error::Error;
use engine::http::Download as Engine;
use engine::token::Held;

/// V8's limit. A longer body crosses as bytes, which `maxResponseSize` allows up to 2 GiB of.
const LONGEST_STRING: usize = (1 << 29) - 24;

/// What a promise resolves with.
pub(super) enum Settlement {
    Answer(Packed),
    /// A body in one piece.
    Body {
        body: Bytes,
        ascii: bool,
    },
    /// A part of a body, in pieces; none at its end.
    Chunk(Vec<Bytes>),
    /// What a request is sent with, and which token that is.
    Authorised(Option<Authorised>),
    AccessToken(Arc<Held>),
    Tokens(Option<Arc<Held>>),
    Done,
}

impl Settlement {
    pub(super) fn body(body: Bytes) -> Self {
        Self::Body { ascii: is_ascii(&body), body }
    }
}

/// An answer ready to cross: `[bits, head, body, download]`, which `lib/response/response.js` unpacks.
pub(super) struct Packed {
    bits: u32,
    head: Vec<u8>,
    body: Bytes,
    /// Pure ASCII crosses as a Latin-1 string: one copy and no decoding, and JSON is parsed from it as it is.
    ascii: bool,
    download: Option<Box<Engine>>,
}

impl Packed {
    pub(super) fn new(answer: Answer) -> Self {
        let Answer { response, attempts, replays, not_replayable } = answer;
        let bits = u32::from(response.status)
            | u32::from(response.redirected) << 10
            | u32::from(not_replayable) << 11
            | replays << 12
            | attempts << 14;
        let ascii = is_ascii(&response.body);
        Self { bits, head: head(&response), body: response.body, ascii, download: response.download }
    }
}

fn is_ascii(body: &Bytes) -> bool {
    body.len() <= LONGEST_STRING && body.is_ascii()
}

/// Latin-1 lines: the URL, the status text, then names and values alternately. No part of them can hold a line break.
pub(super) fn head(response: &engine::http::Response) -> Vec<u8> {
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

/// A JavaScript promise's other end. Only its own environment's thread settles it; if that has ended, nobody does.
pub(super) struct Deferred(sys::napi_deferred);

// SAFETY: the pointer is only carried by other threads; `settle` uses it on the thread of its environment.
unsafe impl Send for Deferred {}

impl Scope {
    /// A pending promise, and what settles it.
    pub(super) fn promise(self) -> Result<(Deferred, Js)> {
        let mut deferred = ptr::null_mut();
        let promise = self.made(|env, value| {
            // SAFETY: `env` is live on this thread; both pointers are valid for writes.
            unsafe { sys::napi_create_promise(env, &raw mut deferred, value) }
        })?;
        Ok((Deferred(deferred), promise))
    }

    /// Settles a promise of this environment.
    pub(super) fn settle(
        self,
        deferred: Deferred,
        result: std::result::Result<Settlement, Error>,
        home: &Promises,
    ) {
        let mut scope = ptr::null_mut();
        // SAFETY: `self.0` is live on this thread; the scope is closed below, after the last use of its handles.
        unsafe { sys::napi_open_handle_scope(self.raw(), &raw mut scope) };
        let made = result.and_then(|settlement| {
            self.settlement(settlement, home).map_err(|_| {
                // There may be no room for it.
                self.clear_exception();
                Error::Internal
            })
        });
        match made {
            Ok(value) => {
                // SAFETY: the deferred is of this environment and used this once.
                unsafe { sys::napi_resolve_deferred(self.raw(), deferred.0, value.0) };
            }
            // Nor can an error be made once the environment is being torn down; then nobody is left to tell.
            Err(error) => {
                if let Ok(value) = errors::raw(self, &error, home.queue.id) {
                    // SAFETY: as above.
                    unsafe { sys::napi_reject_deferred(self.raw(), deferred.0, value.0) };
                }
            }
        }
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(self.raw(), scope) };
    }

    fn settlement(self, settlement: Settlement, home: &Promises) -> Result<Js> {
        match settlement {
            Settlement::Answer(packed) => {
                let bits = self.number(f64::from(packed.bits))?;
                let head = self.latin1(&packed.head)?;
                match packed.download {
                    None => self.array(&[bits, head, self.body(&packed.body, packed.ascii)?]),
                    Some(engine) => {
                        let download = self.download(Download::new(engine, home.clone()))?;
                        self.array(&[bits, head, self.null()?, download])
                    }
                }
            }
            Settlement::Body { body, ascii } => self.body(&body, ascii),
            Settlement::Chunk(parts) => self.chunk(&parts),
            Settlement::Authorised(Some(authorised)) => self.authorised(&authorised),
            Settlement::AccessToken(held) => self.text(held.tokens.access.expose()),
            Settlement::Tokens(Some(held)) => super::tokens::write(self, &held.tokens),
            Settlement::Authorised(None) | Settlement::Tokens(None) => self.null(),
            Settlement::Done => self.undefined(),
        }
    }

    fn body(self, body: &Bytes, ascii: bool) -> Result<Js> {
        match (body.is_empty(), ascii) {
            (true, _) => self.null(),
            (false, true) => self.latin1(body),
            (false, false) => self.buffer(body),
        }
    }

    fn download(self, download: Download) -> Result<Js> {
        let env = napi::Env::from_raw(self.raw());
        Ok(Js(download.into_instance(&env)?.value().value))
    }

    #[allow(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    fn authorised(self, Authorised { header, stamp }: &Authorised) -> Result<Js> {
        let numbers = [self.number(stamp.epoch as f64)?, self.number(stamp.generation as f64)?];
        self.array(&[self.latin1(header.as_bytes())?, numbers[0], numbers[1]])
    }

    /// Parts in one buffer; null for none.
    pub(super) fn chunk(self, parts: &[Bytes]) -> Result<Js> {
        match parts {
            [] => self.null(),
            [part] => self.buffer(part),
            parts => self.joined(parts),
        }
    }

    fn joined(self, parts: &[Bytes]) -> Result<Js> {
        let size = parts.iter().map(Bytes::len).sum();
        let mut data = ptr::null_mut();
        // SAFETY: as above.
        let buffer =
            self.made(|env, value| unsafe { sys::napi_create_buffer(env, size, &raw mut data, value) })?;
        let mut at = data.cast::<u8>();
        for part in parts {
            // SAFETY: the buffer has room for all parts, one after the other, and nobody else has seen it yet.
            unsafe {
                ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
                at = at.add(part.len());
            }
        }
        Ok(buffer)
    }
}
