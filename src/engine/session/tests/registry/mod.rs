//! Sessions that no request uses: they rest, are kept alive, or give up their tokens.

mod identities;
mod keeper;
mod memory;
