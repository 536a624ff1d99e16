//! What all sessions of one client have in common, and what it asks its user about requests.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderName};

use crate::client::Judge;
use crate::http::retry::{Budget, RetryRules};
use crate::http::{Origins, Rules, Transport};
use crate::present::Format;
use crate::session::participant::Participant;
use crate::session::registry::Registry;
use crate::session::signal::Gauge;
use crate::wait::gate::Gate;

/// What all sessions of one client have in common.
pub struct Config {
    pub participant: Arc<Participant>,
    pub registry: Arc<Registry>,
    pub origins: Origins,
    pub transport: Box<dyn Transport>,
    /// None: `Bearer` and the token.
    pub format: Option<Arc<dyn Format>>,
    /// None: status 401.
    pub judge: Option<Box<dyn Judge>>,
    /// Sent with every request that does not bring its own.
    pub headers: HeaderMap,
    /// Which header carries the token.
    pub header_name: HeaderName,
    pub rules: Rules,
    /// For requests that bring none of their own.
    pub retry: Arc<RetryRules>,
    pub budget: Budget,
    /// How long one wait in the queue may take; zero for no bound but the request's own.
    pub queue_timeout: Duration,
    /// For requests that bring no timeout of their own.
    pub timeout: Duration,
    /// Requests on the wire: a storm is let through in order, as wide as there are connections.
    pub gate: Gate,
    /// Calls under way, for `close`.
    pub calls: Gauge,
}
