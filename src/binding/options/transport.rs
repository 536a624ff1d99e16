//! The options of connections: `connections`, `http2`, `socketPath`, `tls` and `proxy`.

use napi_derive::napi;

use engine::error::Error;
use engine::http::{HyperTransport, ProxyOptions, TlsOptions, TransportOptions};
use engine::source::Source;

#[napi(object, object_to_js = false)]
pub struct NativeTransport {
    pub connections: u32,
    pub http2: bool,
    pub socket_path: Option<String>,
    pub tls: NativeTls,
    pub proxy: Option<NativeProxy>,
}

/// PEM texts.
#[napi(object, object_to_js = false)]
pub struct NativeTls {
    pub ca: Option<String>,
    pub extra_ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
    pub reject_unauthorized: bool,
}

/// `lib/options/proxy.js` reads it from the option, or from environment variables.
#[napi(object, object_to_js = false)]
pub struct NativeProxy {
    pub http: String,
    pub https: String,
    pub except: String,
    pub loopback: bool,
}

impl NativeTransport {
    pub(super) fn into_transport(self, allow_insecure: bool) -> Result<HyperTransport, Error> {
        let NativeTls { ca, extra_ca, cert, key, reject_unauthorized } = self.tls;
        let proxy =
            |NativeProxy { http, https, except, loopback }| ProxyOptions { http, https, except, loopback };
        HyperTransport::new(&TransportOptions {
            idle_per_origin: self.connections as usize,
            tls: TlsOptions {
                ca: ca.map(Source::from),
                extra_ca,
                cert: cert.map(Source::from),
                key: key.map(Source::from),
                trust_anyone: !reject_unauthorized,
            },
            http2: self.http2,
            socket_path: self.socket_path,
            proxy: self.proxy.map(proxy),
            allow_insecure,
        })
    }
}
