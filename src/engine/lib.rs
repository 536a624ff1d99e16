//! The engine: everything that rotates tokens and sends requests, and nothing that knows of Node.
//!
//! Start reading at [`client`]. Invariant: no `napi` below this line; all of it runs under `cargo test`.

pub mod client;
pub mod clock;
pub mod dpop;
pub mod error;
pub mod event;
pub mod exit;
pub mod fault;
pub mod fleet;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod grant;
pub mod http;
pub mod jose;
pub mod lock;
mod parted_map;
pub mod pem;
pub mod present;
pub mod secret;
pub mod session;
pub mod source;
pub mod store;
pub mod token;
pub mod wait;
