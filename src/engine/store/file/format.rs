//! The bytes of a record's file: a line with format, version and checksum, then the text.
//!
//! ```text
//! token-rotator 1 3b6f…(32 digits) 9c1e…(64 digits)
//! {"v":1,…
//! ```
//!
//! Later formats keep the shape of the line, so that a file of a newer release is not taken for a damaged one.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::store::{Document, Version};

const MAGIC: &str = "token-rotator";
const FORMAT: u32 = 1;

/// The reason why a file is no record.
#[derive(Debug, PartialEq)]
pub(super) enum Unreadable {
    Damaged,
    /// A newer release wrote the file.
    TooNew(u32),
}

/// `name` is the session's name. It is in the checksum, so that a file that was renamed to another session's is noticed.
pub(super) fn encode(name: &str, document: &Document) -> Zeroizing<Vec<u8>> {
    let text = document.text.expose();
    let head = format!("{MAGIC} {FORMAT} {}", document.version.to_text());
    let line = format!("{head} {}\n", checksum(name, &head, text.as_bytes()));
    // Made in its full size, because a buffer that grows leaves copies of the tokens behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + text.len()));
    bytes.extend_from_slice(line.as_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

pub(super) fn decode(name: &str, bytes: &[u8]) -> Result<Document, Unreadable> {
    let parts = split(bytes).ok_or(Unreadable::Damaged)?;
    if checksum(name, parts.head, parts.text) != parts.checksum {
        return Err(Unreadable::Damaged);
    }
    if parts.format > FORMAT {
        return Err(Unreadable::TooNew(parts.format));
    }
    let text = str::from_utf8(parts.text).map_err(|_| Unreadable::Damaged)?;
    let version = Version::from_text(parts.version).ok_or(Unreadable::Damaged)?;
    Ok(Document { text: Secret::new(text.to_owned()), version })
}

struct Parts<'a> {
    /// The line up to the checksum.
    head: &'a str,
    format: u32,
    version: &'a str,
    checksum: &'a str,
    text: &'a [u8],
}

fn split(bytes: &[u8]) -> Option<Parts<'_>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (head, checksum) = str::from_utf8(&bytes[..end]).ok()?.rsplit_once(' ')?;
    let mut words = head.split(' ');
    let (magic, format, version) = (words.next()?, words.next()?, words.next()?);
    let format = format.parse().ok()?;
    let text = &bytes[end + 1..];
    (magic == MAGIC).then_some(Parts { head, format, version, checksum, text })
}

fn checksum(name: &str, head: &str, text: &[u8]) -> String {
    let mut hash = Sha256::new();
    // No part but the last contains a line feed.
    for part in [name.as_bytes(), b"\n", head.as_bytes(), b"\n", text] {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut digits, byte| {
        use std::fmt::Write as _;
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
pub(super) mod tests;
