//! The rule for redirects, as `lib/axios/adapter/redirects.js` asks for it before each hop that a program wants to see.

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use napi_derive::napi;
use url::Url;

use super::options::header_lines;
use engine::client::Client;
use engine::error::Error;
use engine::http::WireRequest;

/// A request and its answer. Both headers are lines as `header_lines` reads them.
#[napi(object, object_to_js = false)]
pub struct NativeExchange {
    pub url: String,
    pub method: String,
    pub headers: String,
    pub has_body: bool,
    pub status: u16,
    pub answer_headers: String,
}

#[napi(object, object_from_js = false)]
pub struct NativeHop {
    pub url: String,
    pub method: String,
    pub headers: String,
    pub keeps_body: bool,
    pub leaves_origin: bool,
}

impl NativeExchange {
    pub(super) fn next_hop(self, client: &Client) -> Result<Option<NativeHop>, Error> {
        let request = WireRequest {
            method: Method::from_bytes(self.method.as_bytes()).map_err(|_| Error::Internal)?,
            url: Url::parse(&self.url).map_err(|_| Error::Internal)?,
            headers: header_lines(&self.headers)?,
            // Stands for the body, which stays in JavaScript: the rule only asks whether there is one.
            body: Bytes::from_static(if self.has_body { b"body" } else { b"" }).into(),
        };
        let status = StatusCode::from_u16(self.status).map_err(|_| Error::Internal)?;
        let next = client.next_hop(request, (status, &header_lines(&self.answer_headers)?))?;
        Ok(next.map(|(next, leaves_origin)| NativeHop {
            url: next.url.into(),
            method: next.method.to_string(),
            headers: lines(&next.headers),
            keeps_body: !next.body.is_empty(),
            leaves_origin,
        }))
    }
}

fn lines(headers: &HeaderMap) -> String {
    let latin1 = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    let line = |(name, value): (&::http::HeaderName, &::http::HeaderValue)| {
        format!("{name}\n{}", latin1(value.as_bytes()))
    };
    headers.iter().map(line).collect::<Vec<_>>().join("\n")
}
