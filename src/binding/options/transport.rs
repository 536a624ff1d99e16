//! The options of connections: `connections`, `http2`, `socketPath`, `tls` and `proxy`.

use napi_derive::napi;

use super::proxy::NativeProxy;
use super::tls::NativeTls;
use engine::error::Error;
use engine::http::{HyperTransport, TransportOptions};

#[napi(object, object_to_js = false)]
pub struct NativeTransport {
    pub connections: u32,
    pub http2: bool,
    pub socket_path: Option<String>,
    pub tls: NativeTls,
    pub proxy: Option<NativeProxy>,
}

impl NativeTransport {
    pub(super) fn into_transport(self, allow_insecure: bool) -> Result<HyperTransport, Error> {
        HyperTransport::new(&TransportOptions {
            idle_per_origin: self.connections as usize,
            tls: self.tls.into(),
            http2: self.http2,
            socket_path: self.socket_path,
            proxy: self.proxy.map(Into::into),
            allow_insecure,
        })
    }
}
