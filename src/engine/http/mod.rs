//! What goes over the wire, and what must never: the only part of the engine that knows HTTP.
//!
//! Read in this order: [`origin`] decides where a request may go, [`exchange`] runs it with its redirects and
//! limits over a [`Transport`], [`network`] gives what went wrong Node's names. Nothing here knows of sessions.
//!
//! Invariant: a header of a request never reaches another origin than the one it was made for, and no error of
//! this module holds more of a URL than its origin.

pub mod download;
pub mod exchange;
pub mod hyper_transport;
pub mod network;
pub mod origin;
pub mod payload;
pub mod phase;
pub mod proxy;
pub mod redirect;
pub mod tls;
pub mod transport;

mod arriving;
mod connect;
mod decode;
#[cfg(test)]
mod endings_tests;
#[cfg(test)]
mod handshake_tests;
mod http2;
mod line;
mod route;
mod sharing;
mod socks;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_http2;
#[cfg(test)]
mod testing_tls;
mod tunnel;
mod unix;
#[cfg(test)]
mod upload_tests;

pub use download::{Download, Limits};
pub use exchange::{Response, Rules, exchange};
pub use hyper_transport::HyperTransport;
pub use origin::{Origins, Target};
pub use payload::Payload;
pub use phase::PhaseCell;
pub use proxy::ProxyOptions;
pub use redirect::RedirectMode;
pub use tls::TlsOptions;
pub use transport::{Transport, TransportOptions, WireBody, WireRequest, WireResponse};
