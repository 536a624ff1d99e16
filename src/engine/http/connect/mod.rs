//! Connections: how they are made, limited in time and aborted.
//!
//! A connection to an origin is a [`link::Link`]. [`connector`] makes it over TCP, over a Unix socket or through a proxy;
//! TLS and HTTP are spoken over the link. [`watch`] limits the time that all of this takes.

pub mod abort_handle;
pub mod connector;
pub mod link;
pub mod progress;
pub mod proxy;
pub mod resolve;
pub mod tcp;
pub mod tls;
pub mod unix;
pub mod watch;
