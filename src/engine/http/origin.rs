//! Decides which URLs a request may go to, and which of them may get the token. Trust is judged on the parsed URL, never
//! on its text, because a text can look like another origin than the one it leads to.
//!
//! Invariant: a [`Target`] is trusted only if its scheme, host and port are those of the base or of an allowed origin.
//! Plain http to another machine is an error unless the user allowed it.

use std::borrow::Cow;

use url::Url;

use crate::error::Error;
use crate::http::host;

/// The origins of one client. They are parsed once, and a request only parses its own URL.
#[derive(Clone, Debug)]
pub struct Origins {
    base: Option<Base>,
    allowed: Vec<Url>,
    allow_insecure: bool,
}

/// The URL of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: Url,
    /// True if the token may go there.
    pub trusted: bool,
}

impl Origins {
    /// `base` and `allowed` are http(s) URLs without user name. The path of `base` counts; of `allowed` only the origins do.
    pub fn new(base: Option<Url>, allowed: Vec<Url>, allow_insecure: bool) -> Self {
        Self { base: base.map(Base::new), allowed, allow_insecure }
    }

    /// Resolves the URL that the caller wrote, and appends `query` (encoded, without `?`; empty for none).
    ///
    /// A path, with or without its leading slash, is appended to the base's path, as axios and got do:
    /// `https://x/v1` and `/users` make `https://x/v1/users`. An empty reference is the base itself; one that starts
    /// with `?` or `#` adds to it. All other references, such as `//host`, are resolved as by `new URL(reference, base)`.
    /// Dot segments are resolved last, so `../` can leave the base's path, but never its origin.
    pub fn resolve(&self, reference: &str, query: &str) -> Result<Target, Error> {
        let mut url = self.parse(&without_ignored(reference))?;
        if !query.is_empty() {
            append_query(&mut url, query);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(
                "must be http or https; a path whose first segment has a colon needs a leading slash",
            ));
        }
        if has_credentials(&url) {
            return Err(invalid("must hold no user name and no password; send them as a header"));
        }
        check_transport(&url, self.allow_insecure)?;
        let trusted = self.includes(&url);
        Ok(Target { url, trusted })
    }

    fn parse(&self, reference: &str) -> Result<Url, Error> {
        let not_a_url = |_| invalid("is not a valid URL");
        let Some(base) = &self.base else {
            return match Url::parse(reference) {
                Err(url::ParseError::RelativeUrlWithoutBase) => {
                    Err(invalid("is relative, which needs the option baseURL"))
                }
                parsed => parsed.map_err(not_a_url),
            };
        };
        let url = if is_path(reference) { base.append(reference) } else { base.url.join(reference) };
        url.map_err(not_a_url)
    }

    /// True if the token may go to `url`. An error if plain http would carry it beyond this machine.
    pub fn trusts(&self, url: &str) -> Result<bool, Error> {
        let Some(url) = Url::parse(url).ok().filter(|url| self.includes(url)) else { return Ok(false) };
        check_transport(&url, self.allow_insecure).map(|()| true)
    }

    fn includes(&self, url: &Url) -> bool {
        let base = self.base.iter().map(|base| &base.url);
        base.chain(&self.allowed).any(|origin| same_origin(origin, url))
    }
}

/// True if scheme, host and port are equal; a default port equals its absence.
pub fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// `scheme://host:port` without the default port. Errors show no more of a URL.
pub fn name(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Refuses plain http to other machines, unless the user allowed it.
pub(crate) fn check_transport(url: &Url, allow_insecure: bool) -> Result<(), Error> {
    if allow_insecure || url.scheme() == "https" || url.host_str().is_some_and(host::is_loopback) {
        Ok(())
    } else {
        Err(Error::InsecureTransport { origin: name(url) })
    }
}

pub(crate) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[derive(Clone, Debug)]
struct Base {
    url: Url,
    /// The base's path without its trailing slash, for relative paths. Empty if the base is an origin.
    path: String,
}

impl Base {
    fn new(mut url: Url) -> Self {
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        Self { url, path }
    }

    fn append(&self, path: &str) -> Result<Url, url::ParseError> {
        let rooted = path.starts_with(['/', '\\']);
        if self.path.is_empty() && rooted {
            return self.url.join(path);
        }
        let slash = if rooted { "" } else { "/" };
        self.url.join(&[&self.path, slash, path].concat())
    }
}

/// True if the reference is a path: not empty, no mere query or fragment, and without scheme or host. By the WHATWG rules
/// for http URLs, `\` is a slash.
fn is_path(reference: &str) -> bool {
    let slash = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'\\'));
    let bytes = reference.as_bytes();
    match bytes.first() {
        None | Some(b'?' | b'#') => false,
        first if slash(first) => !slash(bytes.get(1)),
        _ => !has_scheme(bytes),
    }
}

fn has_scheme(bytes: &[u8]) -> bool {
    let end =
        bytes.iter().position(|b| !matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && end.is_some_and(|end| bytes[end] == b':')
}

/// The reference without the characters that the WHATWG parser ignores, so that [`is_path`] reads it as the parser does.
fn without_ignored(reference: &str) -> Cow<'_, str> {
    let trimmed = reference.trim_matches(|c| c <= ' ');
    if trimmed.contains(IGNORED) { trimmed.replace(IGNORED, "").into() } else { trimmed.into() }
}

/// The WHATWG parser drops these characters anywhere in a URL.
const IGNORED: [char; 3] = ['\t', '\n', '\r'];

fn append_query(url: &mut Url, query: &str) {
    let joined = match url.query() {
        None | Some("") => None,
        Some(own) => Some([own, "&", query].concat()),
    };
    url.set_query(Some(joined.as_deref().unwrap_or(query)));
}

fn invalid(problem: &'static str) -> Error {
    Error::invalid_option("url", problem)
}

#[cfg(test)]
mod tests;
