//! The option `tls`, turned into a rustls configuration.
//!
//! Invariant: a certificate or key that is a value, and cannot be used, is found when the client is made. The error names the
//! option, and shows nothing of its value.

use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::error::Error;
use crate::fault::Fault;
use crate::http::connect::renewal::{Newest, Renewal};
use crate::http::connect::trust::{TrustAnyone, TrustGiven, TrustMore, webpki};
use crate::pem;
use crate::secret::Secret;
use crate::source::{Source, Unfit};

/// Certificates and keys are PEM.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// The only trusted authorities, in place of the system's, as with Node's `ca`.
    pub ca: Option<Source>,
    /// A file of authorities that are trusted beside the system's: Node's `NODE_EXTRA_CA_CERTS`. As in Node, a file or a
    /// certificate that cannot be read is passed over, because it was not made for this client.
    pub extra_ca: Option<String>,
    /// The client's own certificate; needs `key`.
    pub cert: Option<Source>,
    pub key: Option<Source>,
    /// True for `rejectUnauthorized: false`.
    pub trust_anyone: bool,
}

impl TlsOptions {
    /// True if the configuration has nothing to check. The file `extra_ca` is not read beforehand either.
    pub(crate) fn is_default(&self) -> bool {
        self.ca.is_none() && self.cert.is_none() && self.key.is_none() && !self.trust_anyone
    }

    /// Checks every option, and sets no ALPN protocol. May read the system's authorities, which takes milliseconds.
    pub(crate) fn config(&self) -> Result<Tls, Error> {
        let identity = match (&self.cert, &self.key) {
            (None, None) => None,
            (Some(cert), Some(key)) => {
                Some(Newest::new(["tls.cert", "tls.key"], [cert.clone(), key.clone()], certified)?)
            }
            (Some(_), None) => return Err(Error::invalid_option("tls.cert", "needs tls.key beside it")),
            (None, Some(_)) => return Err(Error::invalid_option("tls.key", "needs tls.cert beside it")),
        };
        let given = self.ca.as_ref().filter(|_| !self.trust_anyone);
        let given = given.map(|ca| Newest::new(["tls.ca"], [ca.clone()], trusted)).transpose()?;
        let renewal = Renewal::new(given.as_ref(), identity.as_ref());
        let verifier = match given {
            Some(given) => given,
            None => self.verifier()?,
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::Internal)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_cert_resolver(identity),
        };
        if !renewal.is_empty() {
            // A resumed session keeps the certificates of its first handshake.
            config.resumption = Resumption::disabled();
        }
        Ok(Tls { config, renewal })
    }

    /// Without the option `ca`.
    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let provider = provider();
        if self.trust_anyone {
            return Ok(Arc::new(TrustAnyone(provider)));
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

/// A configuration, and the parts of it that are read again before each handshake.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: ClientConfig,
    pub(crate) renewal: Renewal,
}

/// The configuration of a client's connections. The default one is made when it is first needed, because reading the system's
/// authorities takes milliseconds, and fails where there are none. A clone shares it.
#[derive(Clone)]
pub(crate) struct LazyTls {
    made: Arc<OnceCell<Tls>>,
    default: TlsOptions,
}

impl LazyTls {
    /// Checks the options.
    pub(crate) fn new(options: &TlsOptions) -> Result<Self, Error> {
        let made = if options.is_default() { OnceCell::new() } else { OnceCell::from(options.config()?) };
        let default = TlsOptions { extra_ca: options.extra_ca.clone(), ..TlsOptions::default() };
        Ok(Self { made: Arc::new(made), default })
    }

    pub(crate) fn get(&self) -> Result<&Tls, Error> {
        self.made.get_or_try_init(|| self.default.config())
    }

    #[cfg(test)]
    pub(crate) fn is_made(&self) -> bool {
        self.made.get().is_some()
    }
}

/// Named here, because another crate in the program may have made another provider the default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certified(texts: &[Secret]) -> Result<CertifiedKey, Unfit> {
    let unfit = |at| move |problem: &'static str| Unfit { at, problem: problem.into() };
    let chain = pem::certificates(texts[0].expose()).map_err(unfit(0))?;
    let key = pem::private_key(texts[1].expose()).map_err(unfit(1))?;
    let certified = CertifiedKey::from_der(chain, key, &provider());
    certified.map_err(|_| unfit(0)("and tls.key do not belong together"))
}

fn trusted(texts: &[Secret]) -> Result<TrustGiven, Unfit> {
    let given = pem::certificates(texts[0].expose());
    let trusted =
        given.and_then(|given| TrustGiven::new(given, provider()).ok_or("is not made of X.509 certificates"));
    trusted.map_err(|problem| Unfit { at: 0, problem: problem.into() })
}

/// For connections without TLS, through a client that wants a configuration.
pub(crate) fn trusting_nobody() -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(|_| Error::Internal)?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
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
