//! The option `proxy`.

use napi_derive::napi;

use engine::http::ProxyOptions;

/// What `lib/options/proxy.js` read from the option, or from the environment variables.
#[napi(object, object_to_js = false)]
pub struct NativeProxy {
    pub http: String,
    pub https: String,
    pub except: String,
    pub loopback: bool,
}

impl From<NativeProxy> for ProxyOptions {
    fn from(NativeProxy { http, https, except, loopback }: NativeProxy) -> Self {
        Self { http, https, except, loopback }
    }
}
