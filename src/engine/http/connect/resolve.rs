//! Looks up names by the system's resolver, which blocks: each look-up has a thread for as long as it takes.
//!
//! tokio's own pool panics, and prints that, when the system has no thread to spare. Here that is an error like any other:
//! the look-up fails, and the next one tries again.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::task::{Context, Poll};
use std::thread;
use std::vec::IntoIter;

use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::{Semaphore, oneshot};
use tower_service::Service;

use crate::fault::Fault;

#[derive(Clone)]
pub(crate) struct Resolver {
    /// Of a thread's stack, in bytes.
    stack: usize,
}

/// For all look-ups of the process. More than these would wait for the same name server.
static THREADS: Semaphore = Semaphore::const_new(64);

/// Enough for musl's resolver and for the modules of glibc's.
const STACK: usize = 512 * 1024;

impl Default for Resolver {
    fn default() -> Self {
        Self { stack: STACK }
    }
}

impl Resolver {
    /// The addresses of `host`, without ports. Once the thread has begun, dropping the future does not stop it.
    pub(crate) async fn look_up(self, host: String) -> io::Result<IntoIter<SocketAddr>> {
        let permit = THREADS.acquire().await.map_err(io::Error::other)?;
        let (found, addresses) = oneshot::channel();
        let look_up = move || {
            let addresses = (host.as_str(), 0).to_socket_addrs();
            drop(permit);
            drop(found.send(addresses));
        };
        let thread = thread::Builder::new().name("token-rotator-dns".into()).stack_size(self.stack);
        thread.spawn(look_up).map_err(|_| io::Error::other(Fault::NoThread))?;
        addresses.await.map_err(io::Error::other)?
    }
}

impl Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<IntoIter<SocketAddr>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().look_up(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests;
