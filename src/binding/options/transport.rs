//! The options of connections: `connections`, `http2`, `socketPath`, `tls` and `proxy`.

use napi_derive::napi;

use super::secret::{TextOrSource, source};
use crate::binding::callbacks::Callbacks;
use engine::error::Error;
use engine::http::{HyperTransport, ProxyOptions, TlsOptions, TransportOptions};

#[napi(object, object_to_js = false)]
pub struct NativeTransport {
    pub connections: u32,
    pub http2: bool,
    pub socket_path: Option<String>,
    pub tls: NativeTls,
    pub proxy: Option<NativeProxy>,
    /// True if the requests go through the user's own transport.
    pub custom: bool,
}

/// PEM texts, and the path of a file that has more.
#[napi(object, object_to_js = false)]
pub struct NativeTls {
    pub ca: Option<TextOrSource>,
    pub extra_ca: Option<String>,
    pub cert: Option<TextOrSource>,
    pub key: Option<TextOrSource>,
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
    pub(super) fn into_transport(
        self,
        allow_insecure: bool,
        callbacks: &Callbacks,
    ) -> Result<HyperTransport, Error> {
        let NativeTls { ca, extra_ca, cert, key, reject_unauthorized } = self.tls;
        let pem = |given: Option<TextOrSource>| source(given?, Some(callbacks));
        let proxy =
            |NativeProxy { http, https, except, loopback }| ProxyOptions { http, https, except, loopback };
        HyperTransport::new(&TransportOptions {
            idle_per_origin: self.connections as usize,
            tls: TlsOptions {
                ca: pem(ca),
                extra_ca,
                cert: pem(cert),
                key: pem(key),
                trust_anyone: !reject_unauthorized,
            },
            http2: self.http2,
            socket_path: self.socket_path,
            proxy: self.proxy.map(proxy),
            allow_insecure,
        })
    }
}
