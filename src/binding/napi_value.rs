//! Raw Node-API values: what napi's own wrappers would make with more calls, or with errors that print the value.

#![allow(unsafe_code, reason = "the crossing")]

use std::ptr;

use napi::{Result, Status, sys};

/// A JavaScript value, on its own thread, for as long as the handle scope it was made in.
#[derive(Clone, Copy)]
pub(super) struct Js(pub(super) sys::napi_value);

/// The JavaScript thread, during one call from it.
#[derive(Clone, Copy)]
pub(super) struct Scope(sys::napi_env);

impl Scope {
    pub(super) fn of(env: napi::Env) -> Self {
        Self(env.raw())
    }

    pub(super) fn raw(self) -> sys::napi_env {
        self.0
    }

    /// Forgets what a call that failed may have thrown, or the next one fails too.
    pub(super) fn clear_exception(self) {
        let mut thrown = ptr::null_mut();
        // SAFETY: `env` is live on this thread; `thrown` is valid for writes.
        unsafe { sys::napi_get_and_clear_last_exception(self.0, &raw mut thrown) };
    }

    pub(super) fn undefined(self) -> Result<Js> {
        // SAFETY: `env` is live on this thread; `value` is valid for writes.
        self.made(|env, value| unsafe { sys::napi_get_undefined(env, value) })
    }

    pub(super) fn null(self) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe { sys::napi_get_null(env, value) })
    }

    pub(super) fn flag(self, flag: bool) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe { sys::napi_get_boolean(env, flag, value) })
    }

    pub(super) fn number(self, number: f64) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe { sys::napi_create_double(env, number, value) })
    }

    /// A string of bytes that are Latin-1 as they are.
    pub(super) fn latin1(self, bytes: &[u8]) -> Result<Js> {
        // SAFETY: as above; the bytes are copied before the call returns.
        self.made(|env, value| unsafe {
            sys::napi_create_string_latin1(env, bytes.as_ptr().cast(), bytes.len().cast_signed(), value)
        })
    }

    pub(super) fn text(self, text: &str) -> Result<Js> {
        // SAFETY: as above.
        self.made(|env, value| unsafe {
            sys::napi_create_string_utf8(env, text.as_ptr().cast(), text.len().cast_signed(), value)
        })
    }

    pub(super) fn buffer(self, bytes: &[u8]) -> Result<Js> {
        let mut data = ptr::null_mut();
        // SAFETY: as above.
        self.made(|env, value| unsafe {
            sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), &raw mut data, value)
        })
    }

    pub(super) fn array(self, items: &[Js]) -> Result<Js> {
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

    pub(super) fn made(
        self,
        make: impl FnOnce(sys::napi_env, *mut sys::napi_value) -> sys::napi_status,
    ) -> Result<Js> {
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
