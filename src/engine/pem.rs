//! Certificates and private keys as PEM text, for clients and for stores.
//!
//! Invariant: a problem is the rest of a sentence whose subject is the text, and shows nothing of the text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::secret::Secret;

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

/// PEM text of a private key in PKCS#8 and DER.
pub fn key_as_pem(der: &[u8]) -> Secret {
    const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
    const END: &str = "\n-----END PRIVATE KEY-----\n";
    // As large as it gets, because a text that grows leaves copies of the key behind.
    let mut pem = String::with_capacity(BEGIN.len() + der.len().div_ceil(3) * 4 + END.len());
    pem.push_str(BEGIN);
    BASE64_STANDARD.encode_string(der, &mut pem);
    pem.push_str(END);
    Secret::new(pem)
}
