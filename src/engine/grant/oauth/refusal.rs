//! The error codes of token endpoints, and what a refusal says: is it about the refresh token, or about the program that asks?
//!
//! Invariant: a message shows a code only if the table lists it, because a server may quote a token where a code belongs.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Cause, Told};
use crate::grant::Answer;

/// The codes that `lib/callbacks/oauth-errors.js` reads too, so that a `refresh` function and a grant judge an error alike.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../lib/callbacks/oauth-errors.json")).unwrap_or_default()
});

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    /// The refresh token is refused, so that another refresh would fail too.
    of_the_grant: Vec<String>,
    /// Registered codes that say nothing of what to do.
    silent: Vec<String>,
    advice: HashMap<String, Advice>,
    advice_on_status: HashMap<u16, Advice>,
}

/// The setting to look at.
#[derive(Deserialize)]
struct Advice {
    grant: String,
}

/// What a server says in place of tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// A code of the table.
    pub(super) code: Option<&'static str>,
    /// The server asks for the program's own credentials (RFC 6749 §5.2).
    asks_for_client: bool,
}

impl Refusal {
    /// `body`: parsed, if it is JSON or a form.
    pub(super) fn of(answer: &Answer, body: Option<&Value>) -> Self {
        let asks_for_client = answer.challenge.as_deref().is_some_and(asks_for_client);
        let of_proof = || answer.challenge.as_deref().filter(|_| answer.status >= 400).and_then(proof_error);
        let code = body.and_then(code_in).or_else(of_proof);
        Self { status: answer.status, code, asks_for_client }
    }

    /// Without an OAuth error, 400 and 401 count as a refusal of the refresh token, as they do for a `refresh` function: some
    /// servers answer a spent token with an empty 400. A session that waited for a better word would never end.
    pub(super) fn is_of_the_token(&self) -> bool {
        match self.code {
            Some(code) => TABLE.of_the_grant.iter().any(|listed| listed == code),
            None => matches!(self.status, 400 | 401) && !self.asks_for_client,
        }
    }

    /// The program's own credentials are refused, so that the refresh token is as good as before.
    pub(super) fn is_of_the_client(&self) -> bool {
        self.code == Some("unauthorized_client") || self.is_of_the_secret()
    }

    /// Another secret may be the right one.
    pub(super) fn is_of_the_secret(&self) -> bool {
        match self.code {
            Some(code) => code == "invalid_client",
            None => self.status == 401 && self.asks_for_client,
        }
    }

    /// The proof is refused (RFC 9449 §5 and §8), so that the refresh token is as good as before.
    pub(super) fn is_of_the_proof(&self) -> bool {
        self.code.is_some_and(|code| OF_THE_PROOF.contains(&code))
    }

    /// The server may answer the same question later.
    pub(super) fn may_pass(&self) -> bool {
        self.status >= 500 || self.status == 429
    }

    pub(super) fn cause(&self) -> Cause {
        let told = Told { oauth_error: self.code, status: Some(self.status), code: None };
        Cause::of_grant(self.sentence(), told)
    }

    /// What the server said, and which setting to look at.
    pub(super) fn sentence(&self) -> String {
        let (name, advice) = match self.code {
            Some(code) => (code.to_owned(), TABLE.advice.get(code)),
            None => (format!("HTTP {}", self.status), TABLE.advice_on_status.get(&self.status)),
        };
        match advice {
            Some(Advice { grant }) => format!("{name}: {grant}"),
            None if (300..400).contains(&self.status) => {
                format!("{name}: the token endpoint redirects, which is not followed; look at its URL")
            }
            None => name,
        }
    }
}

/// The places of a code in an answer, as `lib/callbacks/refresh-evidence.js` has them.
const PLACES: [&str; 8] = [
    "/error",
    "/error/error",
    "/error/code",
    "/code",
    "/errorCode",
    "/errors/0/code",
    "/oauth2Code",
    "/oauthError",
];

fn code_in(body: &Value) -> Option<&'static str> {
    PLACES.iter().find_map(|place| listed(body.pointer(place)?.as_str()?))
}

/// The code as the table lists it.
fn listed(text: &str) -> Option<&'static str> {
    let code = text.trim();
    let table: &'static Table = &TABLE;
    let codes = table.of_the_grant.iter().chain(&table.silent).chain(table.advice.keys());
    codes.map(String::as_str).find(|listed| *listed == code).or_else(|| {
        // GitHub, Slack and others have their own words for `invalid_client`.
        let words = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let is_of_the_client = code.len() <= LONGEST_CODE
            && code.bytes().all(words)
            && code.contains('_')
            && code.to_ascii_lowercase().contains("client");
        is_of_the_client.then_some("invalid_client")
    })
}

const OF_THE_PROOF: [&str; 2] = ["use_dpop_nonce", "invalid_dpop_proof"];

const LONGEST_CODE: usize = 70;

/// The error of a `DPoP` challenge, where some servers say alone that the proof is refused (RFC 9449 §7.1).
fn proof_error(challenge: &str) -> Option<&'static str> {
    let mut scheme = "";
    for part in challenge.split(',').map(str::trim) {
        let (first, rest) = part.split_once([' ', '\t']).unwrap_or((part, ""));
        let begins = !first.contains('=') && !rest.trim_start().starts_with('=');
        let param = if begins { rest } else { part };
        scheme = if begins { first } else { scheme };
        let (name, value) = param.split_once('=').unwrap_or_default();
        if scheme.eq_ignore_ascii_case("dpop") && name.trim().eq_ignore_ascii_case("error") {
            let value = value.trim().trim_matches('"');
            return OF_THE_PROOF.into_iter().find(|code| *code == value);
        }
    }
    None
}

/// A 401 with such a challenge answers the client's own `authorization` header.
fn asks_for_client(challenge: &str) -> bool {
    challenge.split(',').any(|part| {
        let scheme = part.trim().split([' ', '\t']).next().unwrap_or_default();
        ["basic", "digest", "negotiate", "ntlm"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests;
