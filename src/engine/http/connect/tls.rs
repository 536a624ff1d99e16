//! The option `tls`, turned into a rustls configuration.
//!
//! Invariant: a certificate or key that cannot be used is found when the client is made. The error names the option, and
//! shows nothing of its value.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::error::Error;
use crate::fault::Fault;

/// Certificates and keys are PEM text. There is no `Debug`, because it would print the key.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// The only trusted authorities, in place of the system's, as with Node's `ca`.
    pub ca: Option<String>,
    /// The client's own certificate; needs `key`.
    pub cert: Option<String>,
    pub key: Option<String>,
    /// True for `rejectUnauthorized: false`.
    pub trust_anyone: bool,
}

impl TlsOptions {
    pub(crate) fn is_default(&self) -> bool {
        self.ca.is_none() && self.cert.is_none() && self.key.is_none() && !self.trust_anyone
    }

    /// Checks every option, and sets no ALPN protocol. May read the system's authorities, which takes milliseconds.
    pub(crate) fn config(&self) -> Result<ClientConfig, Error> {
        let roots = self.ca.as_deref().map(authorities).transpose()?;
        let identity = match (&self.cert, &self.key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(identity(cert, key)?),
            (Some(_), None) => return Err(Error::invalid_option("tls.cert", "needs tls.key beside it")),
            (None, Some(_)) => return Err(Error::invalid_option("tls.key", "needs tls.cert beside it")),
        };
        // Named here, because another crate in the program may have made another provider the default.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::Internal)?;
        let builder = match roots {
            _ if self.trust_anyone => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnyone(provider)))
            }
            Some(roots) => builder.with_root_certificates(roots),
            None => match Verifier::new(provider) {
                Ok(system) => builder.dangerous().with_custom_certificate_verifier(Arc::new(system)),
                Err(_) => builder.with_root_certificates(mozillas_authorities()?),
            },
        };
        Ok(match identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|_| Error::invalid_option("tls.cert", "and tls.key do not belong together"))?,
        })
    }
}

fn authorities(pem: &str) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, "tls.ca")? {
        roots
            .add(certificate)
            .map_err(|_| Error::invalid_option("tls.ca", "is not made of X.509 certificates"))?;
    }
    Ok(roots)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(cert: &str, key: &str) -> Result<Identity, Error> {
    let chain = certificates(cert, "tls.cert")?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| {
        Error::invalid_option(
            "tls.key",
            "is not an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)",
        )
    })?;
    Ok((chain, key))
}

/// The certificates in `pem`, at least one.
fn certificates(pem: &str, option: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    match CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Error::invalid_option(option, "is not a PEM certificate (-----BEGIN CERTIFICATE-----)")),
    }
}

/// For a container without authorities of its own; Node works there too, because it brings a list. An error if the
/// environment names authorities: if they cannot be read, others must not be trusted in their place.
fn mozillas_authorities() -> Result<RootCertStore, Error> {
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| std::env::var_os(name).is_some()) {
        return Err(Error::Network {
            subject: "SSL_CERT_FILE or SSL_CERT_DIR".into(),
            fault: Fault::NoAuthorities,
        });
    }
    Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
}

/// Accepts any certificate.
#[derive(Debug)]
struct TrustAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    // Not checked, because a signature by an unverified key proves nothing, and rustls cannot read some certificates.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
