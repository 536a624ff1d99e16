//! A target for fuzzing: a record's file.

use crate::store::file::format::{decode, encode};

/// Bytes that are a file of this release are what this release writes.
pub(crate) fn file_format(bytes: &[u8]) {
    let name = "session";
    if let Ok(document) = decode(name, bytes) {
        assert_eq!(&**encode(name, &document), bytes, "a file that was read differs from what is written");
        assert!(decode("another", bytes).is_err(), "a file is read for another session");
    }
}
