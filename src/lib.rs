//! token-rotator: an HTTP client addon for Node.js that rotates expiring tokens exactly once.
//!
//! - [`engine`] is pure Rust: sessions, flights, requests. Start at [`engine::client`].
//! - [`binding`] is the crossing to Node and nothing else.
//!
//! Arrows run one way: `index.js → lib → native → binding → engine`. `ARCHITECTURE.md` has the map and the invariants.

#[cfg(test)]
mod architecture;
mod binding;
mod engine;

/// Requests are made of many small allocations on one thread and freed on another, which is what mimalloc is good
/// at: without it a request costs a fifth more CPU (`docs/decisions/`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
