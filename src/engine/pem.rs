//! Certificates and private keys as PEM text, for clients and for stores.
//!
//! Invariant: an error names the option, and shows nothing of its value.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::Error;

/// The certificates in `pem`, at least one.
pub(crate) fn certificates(pem: &str, option: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    match CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Error::invalid_option(option, "is not a PEM certificate (-----BEGIN CERTIFICATE-----)")),
    }
}

pub(crate) fn private_key(pem: &str, option: &'static str) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        Error::invalid_option(option, "is not an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)")
    })
}
