//! Targets for fuzzing: what a shared store holds.

use crate::fleet::documents::parse;
use crate::fleet::{Seal, SealKey};
use crate::secret::Secret;

/// A record that was read is written as it was.
pub(crate) fn record(bytes: &[u8]) {
    let Ok(record) = parse(&Secret::new(String::from_utf8_lossy(bytes).into_owned())) else { return };
    let written = serde_json::to_string(&record).expect("a record is JSON");
    let again = parse(&Secret::new(written.clone())).expect("a record that was written can be read");
    assert_eq!(written, serde_json::to_string(&again).expect("a record is JSON"));
}

/// The bytes as a sealed record, and as changes of a sealed record: pairs of a place and what is combined with it by exclusive or.
pub(crate) fn sealed(bytes: &[u8]) {
    let key = SealKey::from_bytes(&[7; 32]).expect("a key");
    let seal = Seal::new("store", &[key]);
    let text = String::from_utf8_lossy(bytes).into_owned();
    assert!(seal.open("session", &Secret::new(text)).is_err(), "a text opens that was never sealed");
    let _key = SealKey::from_bytes(bytes);

    let genuine = seal.seal("session", &Secret::new(r#"{"v":1}"#.to_owned())).expect("random bytes");
    let mut changed = genuine.expose().as_bytes().to_vec();
    for (at, by) in bytes.iter().zip(bytes.iter().skip(1)).step_by(2) {
        let at = usize::from(*at) % changed.len();
        changed[at] ^= by & 0x7f;
    }
    let is_changed = changed != genuine.expose().as_bytes();
    let Ok(changed) = String::from_utf8(changed) else { return };
    assert_eq!(seal.open("session", &Secret::new(changed)).is_err(), is_changed, "a changed text opens");
    assert!(seal.open("another", &genuine).is_err(), "a text opens for another session");
}
