//! The option `queue`.

use napi_derive::napi;

/// How many requests may wait for a rotation, and for how long.
#[napi(object, object_to_js = false)]
pub struct NativeQueue {
    pub max: u32,
    pub timeout: f64,
}
