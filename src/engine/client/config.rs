//! The parts of a client that all its sessions have in common.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderName};
use tokio_util::task::TaskTracker;

use crate::client::{Judge, OriginCounts};
use crate::dpop::Nonces;
use crate::error::Error;
use crate::http::retry::{Budget, RetryRules};
use crate::http::{Origins, Rules, Transport};
use crate::lock::Lock;
use crate::present::Format;
use crate::session::participant::Participant;
use crate::session::registry::Registry;
use crate::wait::gate::Gate;

/// Made once for each client; `session(key)` shares it.
pub struct Config {
    pub participant: Arc<Participant>,
    pub registry: Arc<Registry>,
    pub origins: Origins,
    /// None once the client is closed, so that its idle connections end with it.
    pub transport: Lock<Option<Arc<dyn Transport>>>,
    /// None: `Bearer` and the token.
    pub format: Option<Arc<dyn Format>>,
    /// None: status 401, unless the answer says that a scope is missing.
    pub judge: Option<Box<dyn Judge>>,
    /// Requests are sent again after a rotation, unless they say otherwise.
    pub replay: bool,
    /// Sent with every request, except where the request has a header of the same name.
    pub headers: HeaderMap,
    /// The header that carries the token.
    pub header_name: HeaderName,
    /// Of the APIs, for tokens that are bound to a key. The token endpoint's are the grant's own.
    pub nonces: Nonces,
    /// For requests that bring no redirect mode or timeout of their own.
    pub rules: Rules,
    /// For requests that bring none of their own.
    pub retry: Arc<RetryRules>,
    pub budget: Budget,
    /// How long one wait in the queue may take. Zero: as long as the request's timeout lets it.
    pub queue_timeout: Duration,
    /// Requests on the wire: as many as there are connections, in the order in which they arrived.
    pub gate: Gate,
    pub origin_counts: OriginCounts,
    /// Calls under way, for `close`.
    pub calls: TaskTracker,
}

impl Config {
    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>, Error> {
        self.transport.lock().clone().ok_or(Error::ClientClosed)
    }
}
