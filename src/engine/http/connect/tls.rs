//! The option `tls`, turned into a rustls configuration.
//!
//! Invariant: a certificate or key that cannot be used is found when the client is made. The error names the option, and
//! shows nothing of its value.

use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::error::Error;
use crate::fault::Fault;
use crate::http::connect::trust::{TrustAnyone, TrustGiven, TrustMore, webpki};
use crate::pem;

/// Certificates and keys are PEM text. There is no `Debug`, because it would print the key.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// The only trusted authorities, in place of the system's, as with Node's `ca`.
    pub ca: Option<String>,
    /// A file of authorities that are trusted beside the system's: Node's `NODE_EXTRA_CA_CERTS`. As in Node, a file or a
    /// certificate that cannot be read is passed over, because it was not made for this client.
    pub extra_ca: Option<String>,
    /// The client's own certificate; needs `key`.
    pub cert: Option<String>,
    pub key: Option<String>,
    /// True for `rejectUnauthorized: false`.
    pub trust_anyone: bool,
}

impl TlsOptions {
    /// True if the configuration has nothing to check. The file `extra_ca` is not read beforehand either.
    pub(crate) fn is_default(&self) -> bool {
        self.ca.is_none()
            && self.extra_ca.is_none()
            && self.cert.is_none()
            && self.key.is_none()
            && !self.trust_anyone
    }

    /// Checks every option, and sets no ALPN protocol. May read the system's authorities, which takes milliseconds.
    pub(crate) fn config(&self) -> Result<ClientConfig, Error> {
        let refused = |option| move |problem: &'static str| Error::invalid_option(option, problem);
        let identity = match (&self.cert, &self.key) {
            (None, None) => None,
            (Some(cert), Some(key)) => {
                let chain = pem::certificates(cert).map_err(refused("tls.cert"))?;
                Some((chain, pem::private_key(key).map_err(refused("tls.key"))?))
            }
            (Some(_), None) => return Err(Error::invalid_option("tls.cert", "needs tls.key beside it")),
            (None, Some(_)) => return Err(Error::invalid_option("tls.key", "needs tls.cert beside it")),
        };
        // Named here, because another crate in the program may have made another provider the default.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::Internal)?;
        let verifier = self.verifier(provider)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        Ok(match identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|_| Error::invalid_option("tls.cert", "and tls.key do not belong together"))?,
        })
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        if self.trust_anyone {
            return Ok(Arc::new(TrustAnyone(provider)));
        }
        if let Some(ca) = &self.ca {
            let given = pem::certificates(ca).map_err(|problem| Error::invalid_option("tls.ca", problem))?;
            let given = TrustGiven::new(given, provider)
                .ok_or_else(|| Error::invalid_option("tls.ca", "is not made of X.509 certificates"))?;
            return Ok(Arc::new(given));
        }
        let system: Arc<dyn ServerCertVerifier> = match Verifier::new(Arc::clone(&provider)) {
            Ok(system) => Arc::new(system),
            Err(_) => webpki(mozillas_authorities()?, Arc::clone(&provider)).ok_or(Error::Internal)?,
        };
        let extra = self.extra_ca.as_ref().and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
        let readable = CertificateDer::pem_slice_iter(&extra)
            .filter_map(Result::ok)
            .filter(|one| RootCertStore::empty().add(one.clone()).is_ok())
            .collect();
        Ok(match TrustGiven::new(readable, provider) {
            Some(extra) => Arc::new(TrustMore { system, extra }),
            None => system,
        })
    }
}

/// The configuration of a client's connections. The default one is made when it is first needed, because reading the system's
/// authorities takes milliseconds, and fails where there are none. A clone shares it.
#[derive(Clone)]
pub(crate) struct LazyTls {
    made: Arc<OnceCell<ClientConfig>>,
    default: TlsOptions,
}

impl LazyTls {
    /// Checks the options.
    pub(crate) fn new(options: &TlsOptions) -> Result<Self, Error> {
        let made = if options.is_default() { OnceCell::new() } else { OnceCell::from(options.config()?) };
        let default = TlsOptions { extra_ca: options.extra_ca.clone(), ..TlsOptions::default() };
        Ok(Self { made: Arc::new(made), default })
    }

    pub(crate) fn get(&self) -> Result<&ClientConfig, Error> {
        self.made.get_or_try_init(|| self.default.config())
    }

    #[cfg(test)]
    pub(crate) fn is_made(&self) -> bool {
        self.made.get().is_some()
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

#[cfg(test)]
mod tests;
