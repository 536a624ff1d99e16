//! Encryption at rest: [`seal`] does it, with the keys that [`keys`] keeps up to date, and [`sealed`] is a register that has it.

mod keys;
mod seal;
mod sealed;

pub use keys::{Keys, key_file, key_text};
pub use seal::{BadKey, Seal, SealKey};
pub use sealed::Sealed;
