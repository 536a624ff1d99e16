//! Certificates and keys that change while a client runs: read again before each handshake.
//!
//! rustls asks for them in the midst of a handshake, where nothing can be read. It gets the newest that were read before.
//! Invariant: certificates that cannot be read leave those in use that could be.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either};
use http::Uri;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, SignatureScheme};
use tower_service::Service;

use crate::error::Error;
use crate::http::connect::link::BoxError;
use crate::http::connect::trust::TrustGiven;
use crate::lock::Lock;
use crate::secret::Secret;
use crate::source::{Live, Source, SourceError, Unfit};

/// The newest value that was made of some sources.
pub(crate) struct Newest<T> {
    /// One for each source.
    options: Box<[&'static str]>,
    live: Live<T>,
    read: Lock<Option<Arc<T>>>,
}

/// The parts of a configuration that change. Empty if none does.
#[derive(Clone, Default)]
pub(crate) struct Renewal {
    authorities: Option<Arc<Newest<TrustGiven>>>,
    identity: Option<Arc<Newest<CertifiedKey>>>,
}

/// Nothing has been read yet that a handshake could use.
#[derive(Debug, thiserror::Error)]
#[error("cannot be used: {error}")]
pub(crate) struct Unreadable {
    option: &'static str,
    error: SourceError,
}

impl From<&Unreadable> for Error {
    fn from(unreadable: &Unreadable) -> Self {
        Self::invalid_option(unreadable.option, unreadable.to_string())
    }
}

impl<T> Newest<T> {
    /// Made of one source for each option. Those that are values are checked at once.
    pub(crate) fn new<const N: usize>(
        options: [&'static str; N],
        sources: [Source; N],
        parse: impl Fn(&[Secret]) -> Result<T, Unfit> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Error> {
        let live = Live::of(sources.into(), parse);
        let made = live.check().map_err(|unfit| Error::invalid_option(options[unfit.at], unfit.problem))?;
        Ok(Arc::new(Self { options: options.into(), live, read: Lock::new(made) }))
    }

    async fn renew(&self) -> Result<(), Unreadable> {
        let read = self.live.get_or_blame().await;
        let mut newest = self.read.lock();
        match read {
            Ok(value) => *newest = Some(value),
            Err((at, error)) if newest.is_none() => {
                return Err(Unreadable { option: self.options[at], error });
            }
            Err(_) => {}
        }
        Ok(())
    }

    fn get(&self) -> Option<Arc<T>> {
        self.read.lock().clone()
    }
}

impl Renewal {
    pub(crate) fn new(
        authorities: Option<&Arc<Newest<TrustGiven>>>,
        identity: Option<&Arc<Newest<CertifiedKey>>>,
    ) -> Self {
        Self {
            authorities: authorities.filter(|newest| newest.live.changes()).cloned(),
            identity: identity.filter(|newest| newest.live.changes()).cloned(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.authorities.is_none() && self.identity.is_none()
    }

    /// Before each handshake.
    pub(crate) async fn renew(&self) -> Result<(), Unreadable> {
        if let Some(authorities) = &self.authorities {
            authorities.renew().await?;
        }
        match &self.identity {
            Some(identity) => identity.renew().await,
            None => Ok(()),
        }
    }
}

/// Renews before it connects.
#[derive(Clone)]
pub(crate) struct Renewing<S> {
    pub(crate) inner: S,
    pub(crate) renewal: Renewal,
}

impl<S> Service<Uri> for Renewing<S>
where
    S: Service<Uri, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<S::Future, BoxFuture<'static, Result<S::Response, BoxError>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, origin: Uri) -> Self::Future {
        if self.renewal.is_empty() {
            return self.inner.call(origin).left_future();
        }
        let Self { mut inner, renewal } = self.clone();
        let renewed = async move {
            renewal.renew().await?;
            inner.call(origin).await
        };
        renewed.boxed().right_future()
    }
}

impl ResolvesClientCert for Newest<CertifiedKey> {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.get()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ServerCertVerifier for Newest<TrustGiven> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.trust()?.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trust()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trust()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust().map(|trust| trust.supported_verify_schemes()).unwrap_or_default()
    }
}

impl Newest<TrustGiven> {
    fn trust(&self) -> Result<Arc<TrustGiven>, rustls::Error> {
        self.get().ok_or_else(|| rustls::Error::General("no authorities were read".into()))
    }
}

impl<T> fmt::Debug for Newest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Newest({})", self.options[0])
    }
}
