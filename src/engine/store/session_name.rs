//! The name by which a store knows a session.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 of the session's key, in hexadecimal. Stores use it for file names and keys, because a session's key may be the
/// name of a person, or no good file name. `fleet/sealing/seal.rs` binds a sealed record to it.
pub fn session_name(session: &str) -> String {
    Sha256::digest(session.as_bytes()).iter().fold(String::with_capacity(64), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::session_name;

    /// Published: a change of the name would make every stored session invisible.
    #[test]
    fn name_is_the_sha_256_of_the_key() {
        assert_eq!(
            session_name("default"),
            "37a8eec1ce19687d132fe29051dca629d164e2c4958ba141d5f4133a33f0688f"
        );
    }
}
