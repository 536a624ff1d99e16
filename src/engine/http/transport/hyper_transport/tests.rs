//! Tests that need no server. The rest is tested with [`crate::http::exchange`].

use super::*;
use crate::http::TlsOptions;

#[test]
fn needs_no_runtime() {
    let transport = HyperTransport::new(&TransportOptions::default()).unwrap();
    assert!(transport.plain.get().is_none() && !transport.way.tls.is_made());
    transport.plain();
    assert!(transport.plain.get().is_some() && !transport.way.tls.is_made());
    let lax = TlsOptions { trust_anyone: true, ..TlsOptions::default() };
    let checked = HyperTransport::new(&TransportOptions { tls: lax, ..TransportOptions::default() }).unwrap();
    assert!(checked.way.tls.is_made());
    // There is nothing to check in a file that is passed over if it cannot be read.
    let extra = TlsOptions { extra_ca: Some("/nowhere".into()), ..TlsOptions::default() };
    let lazy = HyperTransport::new(&TransportOptions { tls: extra, ..TransportOptions::default() }).unwrap();
    assert!(!lazy.way.tls.is_made());
}
