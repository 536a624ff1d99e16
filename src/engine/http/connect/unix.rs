//! The option `socketPath`: a Unix socket in place of the network.
//!
//! Invariant: a path that is too long for a socket is refused when the client is made.

use futures_util::future::BoxFuture;

use crate::error::Error;
use crate::http::connect::link::{BoxError, Link};
#[cfg(unix)]
use crate::http::connect::socket::Socket;

#[derive(Clone)]
pub(crate) struct SocketPath(#[cfg(unix)] std::sync::Arc<std::path::Path>);

#[cfg(unix)]
impl SocketPath {
    pub(crate) fn new(path: &str) -> Result<Self, Error> {
        // The system's address has room for 107 bytes on Linux, 103 on macOS.
        std::os::unix::net::SocketAddr::from_pathname(path)
            .map_err(|_| Error::invalid_option("socketPath", "is too long for a socket, or holds a NUL"))?;
        Ok(Self(std::path::Path::new(path).into()))
    }

    pub(crate) fn connect(&self) -> BoxFuture<'static, Result<Link, BoxError>> {
        let path = std::sync::Arc::clone(&self.0);
        Box::pin(async move {
            let socket = Socket::new(tokio::net::UnixStream::connect(path).await?);
            Ok(Link::new(hyper_util::rt::TokioIo::new(socket)))
        })
    }
}

#[cfg(not(unix))]
impl SocketPath {
    pub(crate) fn new(_: &str) -> Result<Self, Error> {
        Err(Error::invalid_option("socketPath", "is not available on this system"))
    }

    pub(crate) fn connect(&self) -> BoxFuture<'static, Result<Link, BoxError>> {
        Box::pin(async { Err(std::io::ErrorKind::Unsupported.into()) })
    }
}
