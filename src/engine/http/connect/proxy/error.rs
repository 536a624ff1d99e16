//! A proxy that cannot be used.

use http::StatusCode;

use crate::http::connect::link::BoxError;

#[derive(Debug)]
pub(crate) struct ProxyError {
    /// Scheme, host and port of the proxy.
    pub(crate) name: String,
    pub(crate) broken: Broken,
}

#[derive(Debug)]
pub(crate) enum Broken {
    /// An HTTP proxy answered, and made no tunnel.
    Refused(StatusCode),
    /// A SOCKS proxy made no tunnel: a code, and what the proxy did.
    Socks(&'static str, &'static str),
    /// The proxy could not be reached or understood.
    Failed(BoxError),
}

/// Node's own code for a proxy that makes no tunnel.
pub(crate) const TUNNEL: &str = "ERR_PROXY_TUNNEL";

impl ProxyError {
    /// The code and the text of a refusal. `None` if the reason is in [`source`](std::error::Error::source).
    pub(crate) fn refusal(&self) -> Option<(&'static str, String)> {
        match &self.broken {
            Broken::Refused(status) => {
                let hint = if status.as_u16() == 407 {
                    ": it wants a user name and password in the option proxy"
                } else {
                    ""
                };
                Some((TUNNEL, format!("refused the tunnel with status {}{hint}", status.as_u16())))
            }
            Broken::Socks(code, happened) => Some((code, (*happened).to_owned())),
            Broken::Failed(_) => None,
        }
    }
}

impl std::fmt::Display for ProxyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("proxy error")
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.broken {
            Broken::Failed(error) => Some(&**error),
            Broken::Refused(_) | Broken::Socks(..) => None,
        }
    }
}
