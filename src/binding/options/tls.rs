//! The option `tls`.

use napi_derive::napi;

use engine::http::TlsOptions;

/// PEM texts.
#[napi(object, object_to_js = false)]
pub struct NativeTls {
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
    pub reject_unauthorized: bool,
}

impl From<NativeTls> for TlsOptions {
    fn from(NativeTls { ca, cert, key, reject_unauthorized }: NativeTls) -> Self {
        Self { ca, cert, key, trust_anyone: !reject_unauthorized }
    }
}
