//! Sends requests over HTTP. No other part of the engine knows HTTP, and this part knows no sessions.
//!
//! Read in this order: [`origin`] decides which URLs a request may go to, [`exchange`] sends it over a [`Transport`] and
//! follows redirects within limits, [`diagnose`] finds the fault behind an error.
//!
//! Invariant: a header of a request never reaches another origin than the one it was made for, and an error shows only
//! the origin of a URL.

pub mod body;
pub mod challenge;
pub mod connect;
mod diagnose;
pub mod exchange;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub mod host;
pub mod origin;
pub mod phase;
pub mod redirect;
pub mod retry;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod transport;

pub use body::download::{Download, Limits};
pub use body::outgoing::Payload;
pub use body::reader::WireBody;
pub use connect::proxy::ProxyOptions;
pub use connect::tls::TlsOptions;
pub(crate) use diagnose::{connect_error, network_error, proves_unsent};
pub use exchange::{Response, Rules, Statuses, exchange, follow};
pub use origin::{Origins, Target};
pub use phase::PhaseCell;
pub use redirect::{MAX_REDIRECTS, RedirectMode};
pub use transport::hyper_transport::HyperTransport;
pub(crate) use transport::hyper_transport::Way;
pub use transport::{Transport, TransportOptions, WireRequest, WireResponse};
