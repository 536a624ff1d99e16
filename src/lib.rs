//! token-rotator: an HTTP client addon for Node.js that rotates expiring tokens exactly once.
//!
//! - [`engine`] is pure Rust: sessions, flights, requests. Start at [`engine::client`].
//! - [`binding`] is the crossing to Node and nothing else.
//!
//! Arrows run one way: `index.js → lib → native → binding → engine`. `ARCHITECTURE.md` has the map and the invariants.

#[cfg(not(feature = "system-allocator"))]
mod allocator;
mod binding;

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: allocator::BySize = allocator::BySize;
