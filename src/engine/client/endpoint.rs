//! Names the endpoint that a request goes to: its method, origin and path.

use crate::session::Endpoint;

/// The endpoint of `method` and `url`. Equal texts are equal endpoints, so that the URL need not be parsed for each request.
pub fn endpoint(method: &str, url: &str) -> Endpoint {
    let url = url.split('#').next().unwrap_or_default();
    let path = url.split('?').next().unwrap_or_default();
    let host = path.find("://").map_or(0, |scheme| scheme + 3);
    let host_ends = path[host..].find('/').map_or(path.len(), |length| host + length);
    let mut shape = Hash::of(method).and(&path[..host_ends]);
    for segment in path[host_ends..].split('/') {
        shape = shape.and(if is_id(segment) { "*" } else { segment });
    }
    Endpoint { resource: Hash::of(method).and(url).half(), shape: shape.half() }
}

/// True for a segment that names one resource among many: it has a digit, as numbers, UUIDs and hashes have. A version
/// (`v1`) has one too, and parts APIs that may differ in what they accept.
fn is_id(segment: &str) -> bool {
    let is_version = segment.len() <= 3 && segment.starts_with('v');
    !is_version && segment.bytes().any(|byte| byte.is_ascii_digit())
}

/// As rustc hashes: eight bytes at a time, because every request is hashed. Endpoints are compared within one session, so
/// that a collision that somebody provokes harms only that session.
struct Hash(u64);

impl Hash {
    fn of(text: &str) -> Self {
        Self(0).and(text)
    }

    fn and(self, text: &str) -> Self {
        let words = text.as_bytes().chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        // The length ends each text.
        let words = words.chain([text.len() as u64]);
        Self(
            words.fold(self.0, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)),
        )
    }

    /// The upper half, because a bit of a product depends on the lower bits alone.
    fn half(&self) -> u32 {
        (self.0 >> 32) as u32
    }
}

#[cfg(test)]
mod tests;
