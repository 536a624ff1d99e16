//! Keys made by openssl in every form. npm's `jose` made the thumbprints, and the signatures of algorithms that repeat them.

mod keys;
mod signatures;

use super::*;
use crate::secret::Secret;

/// Keys of one kind each, with the thumbprint.
const KINDS: [(&str, &str); 5] = [
    ("rsa", "tMOxDnwxvSLW3I3q6pX2lekjfhi82lZGrlsX2BxlcIo"),
    ("ec256", "1BnG_xBHQDhDYpNmkqIZMjjn4-hvJ6fUrvYs1xwPibc"),
    ("ec384", "HLAATGFecQeyHbbl5fHemh7uZSfVzEnzKw-3NFR9cpI"),
    ("ec521", "deaEKx1wdHdhgv90w3uYy97Qno96TGKU2myipIfARrM"),
    ("ed25519", "dRugmV_njrv8-AuGzxt0zgbv2vyISljESV7BKElEa8M"),
];

fn text(file: &str) -> Secret {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/jose/tests/keys/");
    Secret::new(std::fs::read_to_string(format!("{folder}{file}")).unwrap())
}

fn key(file: &str) -> PrivateKey {
    PrivateKey::read(&text(file)).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
