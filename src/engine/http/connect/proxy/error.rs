//! A proxy that cannot be used. If the proxy itself says why, the source is a [`Fault`](crate::fault::Fault).

use crate::http::connect::link::BoxError;

#[derive(Debug, thiserror::Error)]
#[error("proxy error")]
pub(crate) struct ProxyError {
    /// Scheme, host and port of the proxy.
    pub(crate) name: String,
    pub(crate) source: BoxError,
}
