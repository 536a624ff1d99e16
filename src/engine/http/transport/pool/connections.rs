//! The connections to one origin: those that rest, and those that requests have in their hands.
//!
//! Invariants: an HTTP/1.1 connection belongs to one [`Checkout`] at a time, and rests only if hyper takes another request on it.
//! An HTTP/2 connection is shared by all requests.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::clock::{self, Instant};
use crate::error::Error;
use crate::http::body::outgoing::OutgoingBody;
use crate::http::connect::link_handle::{Endings, LinkHandle};
use crate::http::transport::connection::Connection;
use crate::http::transport::idle::IDLE_TIMEOUT;
use crate::lock::Lock;

pub(crate) struct Connections {
    pub(crate) endings: Endings,
    /// The header `host`.
    host: HeaderValue,
    most_idle: usize,
    /// A body may be dropped, and its connection come back, on a thread that has no runtime.
    runtime: Handle,
    resting: Lock<Resting>,
}

#[derive(Default)]
struct Resting {
    /// The one that was used last is at the end. It is used next, because its server keeps it the longest.
    idle: Vec<Idle>,
    /// Requests in the order in which they came.
    waiting: VecDeque<oneshot::Sender<Checkout>>,
    shared: Option<Shared>,
    /// [`sweep`] runs.
    swept: bool,
}

struct Idle {
    connection: Connection,
    /// Not used since the last sweep.
    seen: bool,
}

/// A connection that speaks HTTP/2.
struct Shared {
    connection: Connection,
    /// When a request last took it.
    used: Instant,
}

/// A connection in the hands of one request.
pub(crate) struct Checkout {
    connection: Connection,
    connections: Arc<Connections>,
    /// Made for this request.
    is_new: bool,
}

impl Connections {
    /// To the origin with this host and port. Needs a runtime.
    pub(super) fn new(name: &str, most_idle: usize) -> Result<Self, Error> {
        Ok(Self {
            endings: Endings::default(),
            host: HeaderValue::from_str(name).map_err(|_| Error::Internal)?,
            most_idle,
            runtime: Handle::current(),
            resting: Lock::default(),
        })
    }

    /// A checkout of a connection that was made for this request, or if it speaks HTTP/2, of the one that there is by now.
    pub(super) fn take_new(self: &Arc<Self>, connection: Connection) -> Checkout {
        if connection.speaks_http2() {
            return self.share(connection);
        }
        Checkout { connection, connections: Arc::clone(self), is_new: true }
    }

    /// True if no connection rests.
    pub(super) fn is_empty(&self) -> bool {
        self.resting.lock().is_empty()
    }

    fn reuse(self: &Arc<Self>, connection: Connection) -> Checkout {
        Checkout { connection, connections: Arc::clone(self), is_new: false }
    }

    /// A connection that rests, or the place of a request that waits for one.
    pub(super) fn take(self: &Arc<Self>) -> Result<Checkout, oneshot::Receiver<Checkout>> {
        let mut resting = self.resting.lock();
        if let Some(connection) = resting.take() {
            return Ok(self.reuse(connection));
        }
        if resting.waiting.len() == resting.waiting.capacity() {
            // Many have got a connection of their own meanwhile.
            resting.waiting.retain(|request| !request.is_closed());
        }
        let (request, waiting) = oneshot::channel();
        resting.waiting.push_back(request);
        Err(waiting)
    }

    /// Makes `connection` that of all requests, or drops it if there is one.
    fn share(self: &Arc<Self>, connection: Connection) -> Checkout {
        let mut resting = self.resting.lock();
        if let Some(shared) = resting.shared() {
            return self.reuse(shared);
        }
        for request in std::mem::take(&mut resting.waiting) {
            if let Some(again) = connection.again() {
                // An error means that the request was given up, or has another connection.
                let _ = request.send(self.reuse(again));
            }
        }
        resting.shared = connection.again().map(|connection| Shared { connection, used: clock::now() });
        self.sweep(&mut resting);
        Checkout { connection, connections: Arc::clone(self), is_new: true }
    }

    /// Gives `connection` to the request that has waited the longest, or lets it rest.
    fn put(self: &Arc<Self>, mut connection: Connection) {
        let mut resting = self.resting.lock();
        while let Some(request) = resting.waiting.pop_front() {
            match request.send(self.reuse(connection)) {
                Ok(()) => return,
                Err(unwanted) => connection = unwanted.connection,
            }
        }
        if resting.idle.len() < self.most_idle {
            resting.idle.push(Idle::from(connection));
            self.sweep(&mut resting);
        }
    }

    fn sweep(self: &Arc<Self>, resting: &mut Resting) {
        if !std::mem::replace(&mut resting.swept, true) {
            self.runtime.spawn(sweep(Arc::downgrade(self)));
        }
    }
}

/// Closes connections that have rested for [`IDLE_TIMEOUT`], at the latest after twice that time.
async fn sweep(connections: Weak<Connections>) {
    loop {
        sleep(IDLE_TIMEOUT).await;
        let Some(connections) = connections.upgrade() else { return };
        let mut resting = connections.resting.lock();
        resting.sweep();
        if resting.is_empty() {
            resting.swept = false;
            return;
        }
    }
}

impl Resting {
    fn take(&mut self) -> Option<Connection> {
        while let Some(Idle { connection, .. }) = self.idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        self.shared()
    }

    fn shared(&mut self) -> Option<Connection> {
        let now = clock::now();
        let shared = self.shared.as_mut().filter(|shared| shared.stays(now))?;
        shared.used = now;
        shared.connection.again()
    }

    fn sweep(&mut self) {
        self.idle.retain_mut(|idle| !std::mem::replace(&mut idle.seen, true));
        let now = clock::now();
        self.shared.take_if(|shared| !shared.stays(now));
    }

    fn is_empty(&self) -> bool {
        self.idle.is_empty() && self.shared.is_none()
    }
}

impl Shared {
    /// Asked for each request too, because the sweep may be late: a stopped process goes on with what its server has forgotten.
    fn stays(&self, now: Instant) -> bool {
        self.connection.is_ready() && now.saturating_duration_since(self.used) < IDLE_TIMEOUT
    }
}

impl From<Connection> for Idle {
    fn from(connection: Connection) -> Self {
        Self { connection, seen: false }
    }
}

impl Checkout {
    /// Sends `request`, which has a whole URL. An error has the request with it if nothing of it was written.
    pub(crate) async fn send(
        &mut self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<OutgoingBody>>> {
        self.connection.send(request, &self.connections.host).await
    }

    pub(crate) fn link(&self) -> &LinkHandle {
        &self.connection.link
    }

    /// The connection's handle, if the connection carries no other request.
    pub(crate) fn own_link(&self) -> Option<&LinkHandle> {
        (!self.connection.speaks_http2()).then_some(&self.connection.link)
    }

    /// True if the connection was made for this request.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Lets the connection rest as soon as hyper takes another request on it. To be called after the end of an answer.
    pub(crate) fn give_back(self) {
        let Self { mut connection, connections, .. } = self;
        if connection.speaks_http2() {
            // All requests have it already. As one that rests it would outlive its time, and not be found by the others.
            return;
        }
        if connection.is_ready() {
            connections.put(connection);
            return;
        }
        let runtime = connections.runtime.clone();
        runtime.spawn(async move {
            if connection.ready().await.is_ok() {
                connections.put(connection);
            }
        });
    }
}

#[cfg(test)]
mod tests;
