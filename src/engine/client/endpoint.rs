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
    Endpoint { resource: Hash::of(method).and(url).0, shape: shape.0 }
}

/// True for a segment that names one resource among many: it has a digit, as numbers, UUIDs and hashes have. A version
/// (`v1`) has one too, and parts APIs that may differ in what they accept.
fn is_id(segment: &str) -> bool {
    let is_version = segment.len() <= 3 && segment.starts_with('v');
    !is_version && segment.bytes().any(|byte| byte.is_ascii_digit())
}

/// FNV-1a. Endpoints are compared within one session, so that a collision that somebody provokes harms only that session.
struct Hash(u32);

impl Hash {
    fn of(text: &str) -> Self {
        Self(0x811c_9dc5).and(text)
    }

    fn and(self, text: &str) -> Self {
        // 0xff ends each text, and is in none.
        let bytes = text.bytes().chain([0xff]);
        Self(bytes.fold(self.0, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
    }
}

#[cfg(test)]
mod tests;
