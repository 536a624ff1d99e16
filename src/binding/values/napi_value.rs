//! Raw Node-API values. napi's own wrappers make them with more calls, or with errors that print the value.

#![allow(unsafe_code, reason = "the crossing")]

use std::mem::MaybeUninit;
use std::ptr;

use bytes::Bytes;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue};
use napi::{Env, Result, Status, sys};

/// A JavaScript value, on its own thread, for as long as the handle scope it was made in.
#[derive(Clone, Copy)]
pub struct Js(pub(crate) sys::napi_value);

/// Exported functions return it as it is.
impl ToNapiValue for Js {
    unsafe fn to_napi_value(_env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        Ok(value.0)
    }
}

/// A text from JavaScript, such as a URL. napi's `String` asks V8 for the length of each text first, and fills memory with zeros.
pub(crate) struct Text(pub(crate) String);

/// Longer than most URLs.
const SHORT_TEXT: usize = 512;
/// Of one character in UTF-8, and a zero at the end of the text.
const LONGEST_CHARACTER: usize = 4 + 1;

impl FromNapiValue for Text {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut short = [MaybeUninit::<u8>::uninit(); SHORT_TEXT];
        let mut length = 0;
        // SAFETY: the caller's `env` and `value` are live; `short` is valid for writes of its length.
        checked(unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                short.as_mut_ptr().cast(),
                SHORT_TEXT,
                &raw mut length,
            )
        })?;
        if length > SHORT_TEXT - LONGEST_CHARACTER {
            // It may have been cut.
            // SAFETY: as above.
            return unsafe { String::from_napi_value(env, value) }.map(Self);
        }
        // SAFETY: Node-API has written so many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(short.as_ptr().cast(), length) };
        let text = str::from_utf8(bytes).map_err(|_| napi::Error::from_status(Status::StringExpected))?;
        Ok(Self(text.to_owned()))
    }
}

/// The other end of a JavaScript promise. Only the thread of its environment settles it.
pub(crate) struct Deferred(sys::napi_deferred);

// SAFETY: other threads only carry the pointer; `resolve` and `reject` use it on the thread of its environment.
unsafe impl Send for Deferred {}

/// The JavaScript thread, during one call from it.
#[derive(Clone, Copy)]
pub(crate) struct Scope(sys::napi_env);

impl Scope {
    pub(crate) fn of(env: Env) -> Self {
        Self(env.raw())
    }

    pub(crate) fn raw(self) -> sys::napi_env {
        self.0
    }

    /// Clears the exception of a failed call, because with one pending the next call would fail too.
    pub(crate) fn clear_exception(self) {
        let mut thrown = ptr::null_mut();
        // SAFETY: `env` is live on this thread; `thrown` is valid for writes.
        unsafe { sys::napi_get_and_clear_last_exception(self.0, &raw mut thrown) };
    }

    pub(crate) fn undefined(self) -> Result<Js> {
        // SAFETY: `env` is live on this thread; `value` is valid for writes.
        self.made(|env, value| unsafe { sys::napi_get_undefined(env, value) })
    }

    pub(crate) fn null(self) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe { sys::napi_get_null(env, value) })
    }

    pub(crate) fn flag(self, flag: bool) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe { sys::napi_get_boolean(env, flag, value) })
    }

    pub(crate) fn number(self, number: f64) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe { sys::napi_create_double(env, number, value) })
    }

    /// A string of bytes that are Latin-1 as they are.
    pub(crate) fn latin1(self, bytes: &[u8]) -> Result<Js> {
        // SAFETY: as above; the bytes are copied before the call returns.
        self.made(|env, value| unsafe {
            sys::napi_create_string_latin1(env, bytes.as_ptr().cast(), bytes.len().cast_signed(), value)
        })
    }

    pub(crate) fn text(self, text: &str) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe {
            sys::napi_create_string_utf8(env, text.as_ptr().cast(), text.len().cast_signed(), value)
        })
    }

    /// The parts in one buffer.
    pub(crate) fn buffer(self, parts: &[Bytes]) -> Result<Js> {
        let size = parts.iter().map(Bytes::len).sum();
        let mut data = ptr::null_mut();
        // SAFETY: as above.
        let buffer =
            self.made(|env, value| unsafe { sys::napi_create_buffer(env, size, &raw mut data, value) })?;
        let mut at = data.cast::<u8>();
        for part in parts {
            // SAFETY: the buffer has room for all parts, one after the other, and no other code has seen it yet.
            unsafe {
                ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
                at = at.add(part.len());
            }
        }
        Ok(buffer)
    }

    pub(crate) fn array(self, items: &[Js]) -> Result<Js> {
        // SAFETY: as above.
        let array =
            self.made(|env, value| unsafe { sys::napi_create_array_with_length(env, items.len(), value) })?;
        for (index, item) in (0..).zip(items) {
            // SAFETY: both handles are of this environment and scope.
            let status = unsafe { sys::napi_set_element(self.0, array.0, index, item.0) };
            checked(status)?;
        }
        Ok(array)
    }

    /// A part of a body; null at its end, which is no parts.
    pub(crate) fn chunk(self, parts: &[Bytes]) -> Result<Js> {
        if parts.is_empty() { self.null() } else { self.buffer(parts) }
    }

    /// A pending promise, and its other end.
    pub(crate) fn promise(self) -> Result<(Deferred, Js)> {
        let mut deferred = ptr::null_mut();
        let promise = self.made(|env, value| {
            // SAFETY: `env` is live on this thread; both pointers are valid for writes.
            unsafe { sys::napi_create_promise(env, &raw mut deferred, value) }
        })?;
        Ok((Deferred(deferred), promise))
    }

    pub(crate) fn resolve(self, deferred: Deferred, value: Js) {
        // SAFETY: the deferred is of this environment and is used this once.
        unsafe { sys::napi_resolve_deferred(self.0, deferred.0, value.0) };
    }

    pub(crate) fn reject(self, deferred: Deferred, value: Js) {
        // SAFETY: as above.
        unsafe { sys::napi_reject_deferred(self.0, deferred.0, value.0) };
    }

    /// Frees the handles that `work` makes as soon as it returns.
    pub(crate) fn with_handles(self, work: impl FnOnce()) {
        let mut scope = ptr::null_mut();
        // SAFETY: `env` is live on this thread; the scope is closed below, after the last use of its handles.
        unsafe { sys::napi_open_handle_scope(self.0, &raw mut scope) };
        work();
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(self.0, scope) };
    }

    fn made(self, make: impl FnOnce(sys::napi_env, *mut sys::napi_value) -> sys::napi_status) -> Result<Js> {
        let mut value = ptr::null_mut();
        checked(make(self.0, &raw mut value))?;
        Ok(Js(value))
    }
}

fn checked(status: sys::napi_status) -> Result<()> {
    match status {
        sys::Status::napi_ok => Ok(()),
        status => Err(napi::Error::from_status(Status::from(status))),
    }
}
