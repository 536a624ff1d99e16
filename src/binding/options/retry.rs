//! The option `retry`, of a client and of a request.

use ::http::Method;
use napi_derive::napi;

use super::{invalid, ms};
use engine::error::Error;
use engine::http::retry::RetryRules;

/// Complete, as `lib/options/request.js` makes it.
#[napi(object, object_to_js = false)]
pub struct NativeRetry {
    pub limit: u32,
    pub methods: Vec<String>,
    pub status_codes: Vec<u32>,
    pub max_delay: f64,
}

impl TryFrom<NativeRetry> for RetryRules {
    type Error = Error;

    fn try_from(native: NativeRetry) -> Result<Self, Error> {
        let method = |method: &String| Method::from_bytes(method.as_bytes());
        let methods = native.methods.iter().map(method).collect::<Result<_, _>>();
        Ok(Self {
            limit: native.limit,
            methods: methods.map_err(|_| invalid("retry.methods"))?,
            statuses: native.status_codes.into_iter().filter_map(|status| status.try_into().ok()).collect(),
            max_delay: ms(native.max_delay),
        })
    }
}
