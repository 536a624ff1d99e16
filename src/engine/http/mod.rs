//! What goes over the wire, and what must never: the only part of the engine that knows HTTP.
//!
//! Read in this order: [`origin`] decides where a request may go, [`exchange`] runs it with its redirects and
//! limits over a [`Transport`], [`diagnose`] finds the fault behind an error. Nothing here knows of sessions.
//!
//! Invariant: a header of a request never reaches another origin than the one it was made for, and no error of
//! this module holds more of a URL than its origin.

pub mod body;
pub mod challenge;
pub mod connect;
mod diagnose;
pub mod exchange;
pub mod host;
pub mod origin;
pub mod phase;
pub mod redirect;
pub mod retry;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod transport;

pub use body::download::{Download, Limits};
pub use body::outgoing::Payload;
pub use body::reader::WireBody;
pub use connect::proxy::ProxyOptions;
pub use connect::tls::TlsOptions;
pub use exchange::{Response, Rules, exchange};
pub use origin::{Origins, Target};
pub use phase::PhaseCell;
pub use redirect::{MAX_REDIRECTS, RedirectMode};
pub use transport::hyper_transport::HyperTransport;
pub use transport::options::TransportOptions;
pub use transport::{Transport, WireRequest, WireResponse};
