//! The certificate of a key, as a server that knows the certificate finds it by.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use crate::jose::key::PrivateKey;
use crate::jose::key_error::KeyError;
use crate::secret::Secret;

impl PrivateKey {
    /// `x5t#S256` (RFC 7515 §4.1.8) of the first certificate in `pem`, which must be this key's. While a key and its
    /// certificate are exchanged one after the other, a server would refuse the two together.
    pub fn certificate_thumbprint(&self, pem: &Secret) -> Result<String, KeyError> {
        let certificate = CertificateDer::from_pem_slice(pem.expose().as_bytes());
        let certificate = certificate.map_err(|_| KeyError::NoCertificate)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        let key = self.pair().pkcs8().map_err(|_| KeyError::Failed)?;
        let key = PrivatePkcs8KeyDer::from(key.as_slice()).clone_key().into();
        match CertifiedKey::from_der(vec![certificate], key, &aws_lc_rs::default_provider()) {
            Ok(_) => Ok(thumbprint),
            Err(rustls::Error::InconsistentKeys(_)) => Err(KeyError::OtherCertificate),
            Err(_) => Err(KeyError::NoCertificate),
        }
    }
}
