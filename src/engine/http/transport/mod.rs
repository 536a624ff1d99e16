//! The one door to the network. [`Transport`] is a trait so that the client can be tested without one, and so that
//! another wire can take hyper's place.
//!
//! Invariant: a transport sends what it is given, once, where it is told to. It follows no redirect, keeps no cookie,
//! reads no proxy from the environment and adds no header but `host`, `accept`, `accept-encoding`, `user-agent`, the
//! body's length, and for a proxy that reads the request its `proxy-authorization`.

pub mod http2;
pub mod http2_dedup;
pub mod hyper_transport;

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Body;
use url::Url;

use crate::error::Error;
use crate::http::body::decode::{Coding, Decoder};
use crate::http::body::incoming::Arriving;
use crate::http::body::outgoing::Payload;
use crate::http::body::unsent::Unsent;
use crate::http::connect::proxy::ProxyOptions;
use crate::http::connect::tls::TlsOptions;
use crate::http::diagnose::{decoding_error, network_error};

/// Sends a request and brings the head of its answer.
pub trait Transport: Send + Sync + 'static {
    /// Borrows the request, so that whoever replays it needs no copy of its own.
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>>;
}

/// A request as it goes out. Values that carry a secret are marked sensitive by whoever sets them; it prints itself
/// nowhere, since URL and body may carry more.
#[derive(Clone)]
pub struct WireRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Payload,
}

/// An answer's head, and its body still to be read.
pub struct WireResponse {
    pub status: StatusCode,
    /// As the server wrote it, if it differs from the usual one.
    pub reason: Cow<'static, str>,
    /// Without `content-encoding` and `content-length` if the transport decodes the body.
    pub headers: HeaderMap,
    pub body: WireBody,
    /// Held for as long as the request's body may still be sent.
    pub unsent: Option<Unsent>,
}

/// A body that arrives in decoded chunks.
pub struct WireBody(Source);

#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// How many idle connections are kept per origin.
    pub idle_per_origin: usize,
    pub tls: TlsOptions,
    /// Offer HTTP/2 to https origins.
    pub http2: bool,
    /// The Unix socket that all connections go to.
    pub socket_path: Option<String>,
    pub proxy: Option<ProxyOptions>,
    /// Whether plain http may leave this machine.
    pub allow_insecure: bool,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            idle_per_origin: 0,
            tls: TlsOptions::default(),
            http2: true,
            socket_path: None,
            proxy: None,
            allow_insecure: false,
        }
    }
}

impl WireBody {
    /// `body` as it comes from `uri`, through a decoder if it has a coding.
    pub(crate) fn new(body: Arriving, coding: Option<Coding>, uri: Uri) -> Self {
        Self(match coding {
            None => Source::Wire(body, uri),
            Some(coding) => {
                let length = body.size_hint().exact();
                Source::Encoded(Decoder::new(coding, body), length, uri)
            }
        })
    }

    /// How many bytes are still to come, encoded as they are, if that is known.
    pub(crate) fn length_on_the_wire(&self) -> Option<u64> {
        match &self.0 {
            Source::Whole(_) | Source::Wire(..) => self.expected(),
            Source::Encoded(_, length, _) => *length,
        }
    }

    /// How long the body will be, if that is known before it is read.
    pub fn expected(&self) -> Option<u64> {
        match &self.0 {
            Source::Whole(bytes) => Some(bytes.len() as u64),
            Source::Wire(body, _) => body.size_hint().exact(),
            Source::Encoded(..) => None,
        }
    }

    /// The next part, or `None` at the end. Can be dropped and asked again.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match &mut self.0 {
            Source::Whole(bytes) if bytes.is_empty() => Ok(None),
            Source::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
            Source::Encoded(decoder, _, uri) => {
                decoder.chunk().await.map_err(|error| decoding_error(&error, uri))
            }
            Source::Wire(body, uri) => {
                while let Some(frame) = body.frame().await {
                    match frame.map(hyper::body::Frame::into_data) {
                        // HTTP/2 ends many a body with one.
                        Ok(Ok(data)) if data.is_empty() => {}
                        Ok(Ok(data)) => return Ok(Some(data)),
                        Ok(Err(_trailers)) => {}
                        Err(error) => return Err(network_error(&*error, uri)),
                    }
                }
                Ok(None)
            }
        }
    }
}

impl From<Bytes> for WireBody {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole(bytes))
    }
}

enum Source {
    Whole(Bytes),
    /// The URI is where it comes from, for errors.
    Wire(Arriving, Uri),
    /// With the length it has on the wire.
    Encoded(Decoder, Option<u64>, Uri),
}
