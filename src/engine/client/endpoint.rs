//! Names the endpoint that a request goes to: its method, origin and path.

use crate::session::Endpoint;

/// The endpoint of `method` and `url`. Equal texts are equal endpoints, so that the URL need not be parsed for each request.
pub fn endpoint(method: &str, url: &str) -> Endpoint {
    let url = before(b'#', url.as_bytes());
    let path = before(b'?', url);
    let host = path.windows(3).position(|three| three == b"://").map_or(0, |scheme| scheme + 3);
    let host_ends = host + before(b'/', &path[host..]).len();
    let mut shape = Hash::of(method).and(&path[..host_ends]);
    for segment in path[host_ends..].split(|&byte| byte == b'/') {
        shape = shape.and(if is_id(segment) { b"*" } else { segment });
    }
    Endpoint { resource: Hash::of(method).and(url).half(), shape: shape.half() }
}

/// `text` up to the first `end`. Bytes, because a search in a text takes longer to begin than a URL has to be read.
fn before(end: u8, text: &[u8]) -> &[u8] {
    &text[..text.iter().position(|&byte| byte == end).unwrap_or(text.len())]
}

/// True for a segment that names one resource among many: it has a digit, as numbers, UUIDs and hashes have. A version
/// (`v1`) has one too, and parts APIs that may differ in what they accept.
fn is_id(segment: &[u8]) -> bool {
    let is_version = segment.len() <= 3 && segment.starts_with(b"v");
    !is_version && segment.iter().any(u8::is_ascii_digit)
}

/// As rustc hashes: eight bytes at a time, because every request is hashed. Endpoints are compared within one session, so
/// that a collision that somebody provokes harms only that session.
struct Hash(u64);

impl Hash {
    fn of(text: &str) -> Self {
        Self(0).and(text.as_bytes())
    }

    fn and(self, text: &[u8]) -> Self {
        let words = text.chunks(8).map(|chunk| {
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
