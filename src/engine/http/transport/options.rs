//! The options of a transport.

use crate::http::connect::proxy::ProxyOptions;
use crate::http::connect::tls::TlsOptions;

#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// How many idle connections are kept for each origin.
    pub idle_per_origin: usize,
    pub tls: TlsOptions,
    /// Whether https origins are offered HTTP/2.
    pub http2: bool,
    /// The Unix socket that all requests go to.
    pub socket_path: Option<String>,
    pub proxy: Option<ProxyOptions>,
    /// Whether plain http may leave this machine.
    pub allow_insecure: bool,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            idle_per_origin: 0,
            tls: TlsOptions::default(),
            http2: true,
            socket_path: None,
            proxy: None,
            allow_insecure: false,
        }
    }
}
