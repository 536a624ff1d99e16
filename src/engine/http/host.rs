//! Questions about the host and port of a URI, asked for origins and for proxies.
//!
//! Invariant: an IPv6 address has its brackets only in a URI.

use std::net::IpAddr;

use http::Uri;
use url::{Position, Url};

/// The port that `uri` names, or else the default port of http or https.
pub(crate) fn port(uri: &Uri) -> Option<u16> {
    let default = || match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    };
    uri.port_u16().or_else(default)
}

/// `scheme://host:port` as errors show it: without user name, password, path and query.
pub(crate) fn name(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, after)| after);
    format!("{}://{host_and_port}", uri.scheme_str().unwrap_or_default())
}

/// True if `host`, as a URI has it, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    if let Ok(address) = without_brackets(host).parse::<IpAddr>() {
        return address.is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

pub(crate) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Host and port as `url` has them, without a default port.
pub(crate) fn with_port(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}
