//! Connections: how they are made, limited in time and aborted.
//!
//! A connection to an origin is a [`link::Link`]. [`connector`] makes it over TCP, over a Unix socket or through a proxy;
//! TLS and HTTP are spoken over the link. [`watch`] limits the time that all of this takes.

pub mod connector;
pub mod heads;
pub mod link;
pub mod link_handle;
pub mod progress;
pub mod proxy;
pub mod renewal;
pub mod resolve;
pub mod socket;
pub mod tcp;
pub mod tls;
pub mod trust;
pub mod unix;
pub mod watch;
