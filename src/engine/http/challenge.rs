//! Reads `WWW-Authenticate`: which ways to authenticate a server offers, and its reason for a rejection.
//!
//! Invariant: any bytes are read without an error, because servers break the grammar of RFC 9110 §11.6.1 in many ways.
//! A part that cannot be understood is left out; the parts around it still count.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// One challenge: `DPoP error="use_dpop_nonce", algs="ES256"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// In lower case, because schemes are compared without regard to case.
    pub scheme: String,
    /// Names in lower case, and values without quotes, in the server's order. A token68, as `Negotiate` sends, is left out.
    pub params: Vec<(String, String)>,
}

impl Challenge {
    /// The value of the first parameter of this name, which is written in lower case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// The `WWW-Authenticate` lines of an answer.
pub fn lines(headers: &HeaderMap) -> impl Iterator<Item = Cow<'_, str>> {
    headers.get_all(WWW_AUTHENTICATE).iter().map(|line| String::from_utf8_lossy(line.as_bytes()))
}

/// The challenges of all `WWW-Authenticate` lines, in the server's order. Several lines are one list (RFC 9110 §5.3), so
/// a parameter may stand on a later line than its scheme.
pub fn challenges(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<Challenge> {
    let mut found = Vec::new();
    for line in lines {
        read(line.as_ref(), &mut found);
    }
    found
}

fn read(mut rest: &str, found: &mut Vec<Challenge>) {
    loop {
        rest = rest.trim_start_matches(is_separator);
        let (word, after) = split(rest, is_token);
        if word.is_empty() {
            if rest.is_empty() {
                return;
            }
            rest = past_garbage(rest);
        } else if let Some((value, after)) = value(after) {
            if let Some(challenge) = found.last_mut() {
                challenge.params.push((word.to_ascii_lowercase(), value));
            }
            rest = after;
        } else {
            found.push(Challenge { scheme: word.to_ascii_lowercase(), params: Vec::new() });
            rest = past_token68(after);
        }
    }
}

/// The value behind `=`, if that is the next character: a quoted string, or text up to the next separator.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('=')?.trim_start();
    if let Some(quoted) = text.strip_prefix('"') {
        return Some(unquoted(quoted));
    }
    let (value, rest) = split(text, |c| !is_separator(c));
    Some((value.to_owned(), rest))
}

/// The string up to its closing quote, and what follows the quote. A string that is not closed ends with the line.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, chars.as_str())
}

/// A scheme is followed by parameters or by one token68, which looks like a scheme of its own: `Negotiate YIIB==`.
fn past_token68(text: &str) -> &str {
    // Without this check `a/a/a/… x` would be read to its end once for each `a`.
    if !text.starts_with(char::is_whitespace) {
        return text;
    }
    let after = text.trim_start().trim_start_matches(is_token68).trim_start_matches('=').trim_start();
    if after.is_empty() || after.starts_with(',') { after } else { text }
}

fn past_garbage(text: &str) -> &str {
    match text.strip_prefix('"') {
        // Words in quotes are no schemes.
        Some(quoted) => unquoted(quoted).1,
        None => text.trim_start_matches(|c| !is_token(c) && !is_separator(c) && c != '"'),
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// `;` is not in the grammar, but is sent.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';')
}

/// RFC 9110 §5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn is_token68(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/".contains(c)
}

#[cfg(test)]
mod tests;
