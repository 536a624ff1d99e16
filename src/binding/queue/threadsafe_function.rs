//! The one threadsafe function of an environment. With it any thread wakes the environment's JavaScript.
//!
//! napi's own takes no resource object, by which jest's `--detectOpenHandles` sees that ours keeps nothing running.
//! Invariant: the function is not touched after its environment has finalised it; a lock decides between the two.

#![allow(unsafe_code, reason = "the crossing")]

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

use napi::bindgen_prelude::{Function, JsValue, Object, Unknown, retain_current_module_for_unload_safety};
use napi::{Env, Result, check_status, sys};

use crate::binding::values::napi_value::Scope;

/// Begins unreferenced, because only promises and flights keep a program running: see `promise.rs`.
pub(crate) struct ThreadsafeFunction(RwLock<Option<Raw>>);

#[derive(Clone, Copy)]
struct Raw(sys::napi_threadsafe_function);

// SAFETY: Node-API lets any thread call a threadsafe function that is not finalised, which the lock ensures;
// `keep_loop_running` runs on its environment's thread alone.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl ThreadsafeFunction {
    /// [`ThreadsafeFunction::call`], on any thread, has `pump` called soon on this one.
    pub(crate) fn new(
        env: &Env,
        pump: Function<'_, (), Unknown<'static>>,
        resource: Object<'_>,
    ) -> Result<Arc<Self>> {
        // The engine's thread outlives this environment, so the addon's image must not be unloaded with it.
        retain_current_module_for_unload_safety();
        let function = Arc::new(Self(RwLock::new(None)));
        let name = Scope::of(*env).text("token-rotator")?;
        let finalised = Arc::into_raw(Arc::clone(&function));
        let mut raw = ptr::null_mut();
        // SAFETY: `env` is live on this thread and so are the three values; `finalised` stays alive until `finalise`.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                pump.raw(),
                resource.raw(),
                name.0,
                0,
                1,
                finalised.cast_mut().cast(),
                Some(finalise),
                ptr::null_mut(),
                Some(call),
                &raw mut raw,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: made above, and not taken over by Node-API.
            drop(unsafe { Arc::from_raw(finalised) });
        }
        check_status!(status)?;
        *function.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Raw(raw));
        function.keep_loop_running(env, false)?;
        Ok(function)
    }

    /// From any thread. Has no effect once the environment has ended.
    pub(crate) fn call(&self) {
        // SAFETY: not finalised.
        self.living(|raw| unsafe { sys::napi_call_threadsafe_function(raw, ptr::null_mut(), 0) });
    }

    pub(crate) fn keep_loop_running(&self, env: &Env, keep: bool) -> Result<()> {
        let reference =
            if keep { sys::napi_ref_threadsafe_function } else { sys::napi_unref_threadsafe_function };
        // SAFETY: not finalised; `env` is live on this thread.
        check_status!(self.living(|raw| unsafe { reference(env.raw(), raw) }))
    }

    /// Calls `work` if the function is not finalised, nor being finalised as long as the lock is held.
    fn living(&self, work: impl FnOnce(sys::napi_threadsafe_function) -> i32) -> i32 {
        let living = self.0.read().unwrap_or_else(PoisonError::into_inner);
        living.map_or(sys::Status::napi_ok, |Raw(raw)| work(raw))
    }
}

/// The environment ends.
unsafe extern "C" fn finalise(_env: sys::napi_env, function: *mut c_void, _hint: *mut c_void) {
    // SAFETY: from `Arc::into_raw` in `new`; Node-API finalises once.
    let function = unsafe { Arc::from_raw(function.cast::<ThreadsafeFunction>()) };
    *function.0.write().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Runs on JavaScript's thread. While the environment is torn down, `env` is null.
unsafe extern "C" fn call(env: sys::napi_env, pump: sys::napi_value, _: *mut c_void, _: *mut c_void) {
    if env.is_null() || pump.is_null() {
        return;
    }
    let (mut this, mut thrown) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: Node-API calls this with a live environment, on its thread and in a handle scope.
    unsafe {
        sys::napi_get_undefined(env, &raw mut this);
        let status = sys::napi_call_function(env, this, pump, 0, ptr::null(), ptr::null_mut());
        // `pump` catches everything; an exception that escapes all the same is an uncaught one like any other.
        if status == sys::Status::napi_pending_exception
            && sys::napi_get_and_clear_last_exception(env, &raw mut thrown) == sys::Status::napi_ok
        {
            sys::napi_fatal_exception(env, thrown);
        }
    }
}
