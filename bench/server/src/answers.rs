//! What the server answers with: content made once at start, and answers made of it.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{Either, Full};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::repeat::Repeat;

pub(crate) type Answer = Response<Either<Full<Bytes>, Repeat>>;

pub(crate) struct Content {
    pub(crate) small: Bytes,
    pub(crate) large: Bytes,
    pub(crate) large_gzip: Bytes,
}

impl Content {
    pub(crate) fn new() -> std::io::Result<Self> {
        let large = large_json();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&large)?;
        Ok(Self { small: small_json(), large_gzip: encoder.finish()?.into(), large })
    }
}

pub(crate) fn full(body: Bytes) -> Answer {
    Response::new(Either::Left(Full::new(body)))
}

pub(crate) fn streamed(body: Repeat) -> Answer {
    Response::new(Either::Right(body))
}

pub(crate) fn json_body(body: Bytes) -> Answer {
    let mut response = full(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn gzip_body(body: Bytes) -> Answer {
    let mut response = json_body(body);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

pub(crate) fn answer(status: StatusCode, fields: &Value) -> Answer {
    let mut response = json_body(fields.to_string().into());
    *response.status_mut() = status;
    response
}

/// About 100 bytes.
fn small_json() -> Bytes {
    let fields = json!({
        "id": 4711, "name": "Ada Lovelace", "email": "ada@example.test", "active": true, "tags": ["a", "b", "c"],
    });
    fields.to_string().into()
}

/// About 16 KB: a page of records, the shape an API's list endpoint answers with.
fn large_json() -> Bytes {
    let record = |id: u32| {
        json!({
            "id": id, "name": format!("Customer {id}"), "email": format!("customer{id}@example.test"),
            "balance": f64::from(id) * 1.25, "active": !id.is_multiple_of(3), "tags": ["alpha", "beta", "gamma"],
            "address": { "street": format!("{id} Main Street"), "city": "Springfield", "zip": "12345" },
        })
    };
    json!({ "items": (1000..1078).map(record).collect::<Vec<_>>(), "next": null }).to_string().into()
}
