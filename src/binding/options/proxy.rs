//! The option `proxy`.

use napi_derive::napi;

use engine::http::ProxyOptions;

/// `lib/options/proxy.js` reads it from the option, or from environment variables.
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
