//! How any thread wakes an environment's JavaScript: its one threadsafe function.
//!
//! napi's own would do but for one thing: it has no resource object, by which tools that list open handles (jest's
//! `--detectOpenHandles`) see that this one keeps nothing running. Invariant: the function is not touched after its
//! environment has finalised it; a lock decides between the two.

#![allow(unsafe_code, reason = "the crossing")]

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

use napi::bindgen_prelude::{Function, JsValue, Object, Unknown, retain_current_module_for_unload_safety};
use napi::{Env, Result, check_status, sys};

use super::napi_value::Scope;

/// Begins unreferenced: only requests and flights keep a program running, and the port refers to it for those.
pub(super) struct Wake(RwLock<Option<Raw>>);

#[derive(Clone, Copy)]
struct Raw(sys::napi_threadsafe_function);

// SAFETY: Node-API lets any thread call a threadsafe function that is not finalised, which the lock sees to; it is
// referred to, and no longer, on its environment's thread alone.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Wake {
    /// Calls `pump`, soon and on this thread, after [`Wake::call`] on any.
    pub(super) fn new(
        env: &Env,
        pump: Function<'_, (), Unknown<'static>>,
        resource: Object<'_>,
    ) -> Result<Arc<Self>> {
        // The engine's thread outlives this environment, and with it the addon's image has to.
        retain_current_module_for_unload_safety();
        let wake = Arc::new(Self(RwLock::new(None)));
        let name = Scope::of(*env).text("token-rotator")?;
        let finalised = Arc::into_raw(Arc::clone(&wake));
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
        *wake.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Raw(raw));
        wake.unrefer(env)?;
        Ok(wake)
    }

    /// From any thread. Of no effect once the environment has ended.
    pub(super) fn call(&self) {
        self.living(|raw| {
            // SAFETY: not finalised, and not being finalised as long as the lock is held.
            unsafe { sys::napi_call_threadsafe_function(raw, ptr::null_mut(), 0) }
        });
    }

    /// The event loop goes on for as long as it is referred to.
    pub(super) fn refer(&self, env: &Env) -> Result<()> {
        // SAFETY: not finalised; `env` is live on this thread.
        let status = self.living(|raw| unsafe { sys::napi_ref_threadsafe_function(env.raw(), raw) });
        check_status!(status)
    }

    pub(super) fn unrefer(&self, env: &Env) -> Result<()> {
        // SAFETY: not finalised; `env` is live on this thread.
        let status = self.living(|raw| unsafe { sys::napi_unref_threadsafe_function(env.raw(), raw) });
        check_status!(status)
    }

    fn living(
        &self,
        work: impl FnOnce(sys::napi_threadsafe_function) -> sys::napi_status,
    ) -> sys::napi_status {
        let living = self.0.read().unwrap_or_else(PoisonError::into_inner);
        living.map_or(sys::Status::napi_ok, |Raw(raw)| work(raw))
    }
}

/// The environment ends.
unsafe extern "C" fn finalise(_env: sys::napi_env, wake: *mut c_void, _hint: *mut c_void) {
    // SAFETY: from `Arc::into_raw` in `new`; Node-API finalises once.
    let wake = unsafe { Arc::from_raw(wake.cast::<Wake>()) };
    *wake.0.write().unwrap_or_else(PoisonError::into_inner) = None;
}

/// On JavaScript's thread; without an environment when that is being torn down.
unsafe extern "C" fn call(env: sys::napi_env, pump: sys::napi_value, _: *mut c_void, _: *mut c_void) {
    if env.is_null() || pump.is_null() {
        return;
    }
    let (mut this, mut thrown) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: Node-API calls this with a live environment, on its thread and in a handle scope.
    unsafe {
        sys::napi_get_undefined(env, &raw mut this);
        let status = sys::napi_call_function(env, this, pump, 0, ptr::null(), ptr::null_mut());
        // `lib/` lets nothing escape; if it does, it is an uncaught exception like any other.
        if status == sys::Status::napi_pending_exception
            && sys::napi_get_and_clear_last_exception(env, &raw mut thrown) == sys::Status::napi_ok
        {
            sys::napi_fatal_exception(env, thrown);
        }
    }
}
