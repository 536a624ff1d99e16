//! The option `tls`, turned into reqwest's own settings.
//!
//! Invariant: what is wrong with a certificate or key is found when the client is made, and the error names the option
//! and shows nothing of its value.

use crate::engine::error::Error;

/// Each of them PEM text.
#[derive(Clone)]
pub struct TlsOptions {
    /// The only authorities trusted, in place of the system's, as Node's `ca` does.
    pub ca: Option<String>,
    /// What the client shows of itself; goes with `key`.
    pub cert: Option<String>,
    pub key: Option<String>,
    pub reject_unauthorized: bool,
}

impl TlsOptions {
    /// The builder with every option applied, or `None` if all are at their default.
    pub(super) fn apply(
        &self,
        mut builder: reqwest::ClientBuilder,
    ) -> Result<Option<reqwest::ClientBuilder>, Error> {
        let identity = match (&self.cert, &self.key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(identity(cert, key)?),
            (Some(_), None) => return Err(invalid("tls.cert needs tls.key beside it")),
            (None, Some(_)) => return Err(invalid("tls.key needs tls.cert beside it")),
        };
        if self.ca.is_none() && identity.is_none() && self.reject_unauthorized {
            return Ok(None);
        }
        if let Some(ca) = &self.ca {
            builder = builder.tls_certs_only(authorities(ca)?);
        }
        if let Some(identity) = identity {
            builder = builder.identity(identity);
        }
        Ok(Some(builder.tls_danger_accept_invalid_certs(!self.reject_unauthorized)))
    }

    /// PEM it is, and still no client could be made of it.
    pub(super) fn refused(&self) -> Error {
        invalid(match (&self.ca, &self.cert) {
            (Some(_), Some(_)) => {
                "tls.ca is not made of X.509 certificates, or tls.cert and tls.key do not belong together"
            }
            (None, Some(_)) => {
                "tls.cert and tls.key do not belong together, or the system has no certificate authorities"
            }
            _ => "tls.ca is not made of X.509 certificates",
        })
    }
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self { ca: None, cert: None, key: None, reject_unauthorized: true }
    }
}

impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca", &self.ca.is_some())
            .field("cert", &self.cert.is_some())
            .field("key", &self.key.is_some())
            .field("reject_unauthorized", &self.reject_unauthorized)
            .finish()
    }
}

fn authorities(pem: &str) -> Result<Vec<reqwest::Certificate>, Error> {
    match reqwest::Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(invalid("tls.ca is not a PEM certificate (-----BEGIN CERTIFICATE-----)")),
    }
}

fn identity(cert: &str, key: &str) -> Result<reqwest::Identity, Error> {
    if !matches!(reqwest::Certificate::from_pem_bundle(cert.as_bytes()), Ok(found) if !found.is_empty()) {
        return Err(invalid("tls.cert is not a PEM certificate (-----BEGIN CERTIFICATE-----)"));
    }
    let together = zeroize::Zeroizing::new([cert, "\n", key].concat());
    reqwest::Identity::from_pem(together.as_bytes())
        .map_err(|_| invalid("tls.key is not an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)"))
}

fn invalid(message: &str) -> Error {
    Error::InvalidOption(message.to_owned())
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
