//! The connections that a client keeps for its next requests.
//!
//! A request takes a connection that rests, or starts a new one. If another connection comes back before the new one is made,
//! the request goes over that, and the new one rests when it is ready.

mod connections;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::{Either, select};
use http::Uri;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::http::transport::dial::Dial;
use crate::http::transport::failure::Failure;
use crate::lock::Lock;

pub(crate) use connections::{Checkout, Connections};

/// The connections to all origins of one scheme.
pub(crate) struct Pool {
    dial: Box<dyn Dial>,
    most_idle: usize,
    /// By host and port.
    origins: Lock<HashMap<String, Arc<Connections>>>,
}

impl Pool {
    /// Keeps at most `most_idle` connections to an origin.
    pub(crate) fn new(dial: impl Dial + 'static, most_idle: usize) -> Self {
        Self { dial: Box::new(dial), most_idle, origins: Lock::default() }
    }

    /// The connections to the origin with this host and port. Needs a runtime.
    pub(crate) fn origin(&self, name: &str) -> Result<Arc<Connections>, Error> {
        let mut origins = self.origins.lock();
        if let Some(connections) = origins.get(name) {
            return Ok(Arc::clone(connections));
        }
        if origins.len() >= MANY {
            origins.retain(|_, connections| Arc::strong_count(connections) > 1 || !connections.is_empty());
        }
        let connections = Arc::new(Connections::new(name, self.most_idle)?);
        origins.insert(name.to_owned(), Arc::clone(&connections));
        Ok(connections)
    }

    /// A connection to the origin of `uri`, whose connections are `connections`.
    pub(crate) async fn check_out(
        &self,
        connections: &Arc<Connections>,
        uri: &Uri,
    ) -> Result<Checkout, Failure> {
        match connections.take() {
            Ok(checkout) => Ok(checkout),
            // Boxed, because most requests find a connection and would move the room.
            Err(waiting) => Box::pin(self.wait_or_dial(connections, uri, waiting)).await,
        }
    }

    async fn wait_or_dial(
        &self,
        connections: &Arc<Connections>,
        uri: &Uri,
        waiting: oneshot::Receiver<Checkout>,
    ) -> Result<Checkout, Failure> {
        let (dialled, of_origin) = (self.dial.dial(uri), Arc::clone(connections));
        let dialled = Box::pin(async move { Ok(of_origin.take_new(dialled.await?)) });
        match select(waiting, dialled).await {
            Either::Left((Ok(checkout), dialled)) => {
                tokio::spawn(async move {
                    if let Ok(unused) = dialled.await {
                        unused.give_back();
                    }
                });
                Ok(checkout)
            }
            Either::Left((Err(_), dialled)) => dialled.await,
            Either::Right((checkout, _)) => checkout,
        }
    }
}

/// A client has few origins. If it has more than this, those without connections are forgotten.
const MANY: usize = 1000;
