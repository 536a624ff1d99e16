//! Certificates and private keys as PEM text, for clients and for stores.
//!
//! Invariant: a problem is the rest of a sentence whose subject is the text, and shows nothing of the text.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The certificates in `pem`, at least one.
pub(crate) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    match CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err("is not a PEM certificate (-----BEGIN CERTIFICATE-----)"),
    }
}

pub(crate) fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, &'static str> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "is not an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)")
}
