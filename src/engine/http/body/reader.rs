//! An answer's body as the rest of the engine reads it: decoded, in chunks, with the engine's own errors.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::Uri;
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::error::Error;
use crate::http::body::decode::{Coding, Decoder};
use crate::http::body::incoming::IncomingBody;
use crate::http::diagnose::{decoding_error, network_error};

/// A body that arrives in decoded chunks.
pub struct WireBody(Inner);

enum Inner {
    Bytes(Bytes),
    /// With its length, if that is known.
    Chunks(SharedChunks, Option<u64>),
    /// The URI is the one the body comes from, for errors.
    Plain(IncomingBody, Uri),
    /// Boxed, because every answer moves this enum, and most bodies are plain.
    Encoded(Box<Encoded>),
}

type SharedChunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send + Sync>>;

struct Encoded {
    decoder: Decoder,
    /// Of the encoded body.
    length: Option<u64>,
    uri: Uri,
}

impl WireBody {
    /// `body` comes from `uri`, and is decoded if it has a coding.
    pub(crate) fn new(body: IncomingBody, coding: Option<Coding>, uri: Uri) -> Self {
        Self(match coding {
            None => Inner::Plain(body, uri),
            Some(coding) => {
                let length = body.size_hint().exact();
                Inner::Encoded(Box::new(Encoded { decoder: Decoder::new(coding, body), length, uri }))
            }
        })
    }

    /// A body that no connection of the engine brings. `length`: in bytes, if it is known.
    pub fn of_chunks(
        chunks: impl Stream<Item = Result<Bytes, Error>> + Send + Sync + 'static,
        length: Option<u64>,
    ) -> Self {
        Self(Inner::Chunks(Box::pin(chunks), length))
    }

    /// How many encoded bytes are still to come, if that is known.
    pub(crate) fn length_on_the_wire(&self) -> Option<u64> {
        match &self.0 {
            Inner::Bytes(_) | Inner::Chunks(..) | Inner::Plain(..) => self.expected(),
            Inner::Encoded(encoded) => encoded.length,
        }
    }

    /// How many decoded bytes are still to come, if that is known.
    pub fn expected(&self) -> Option<u64> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(bytes.len() as u64),
            Inner::Chunks(_, length) => *length,
            Inner::Plain(body, _) => body.size_hint().exact(),
            Inner::Encoded(..) => None,
        }
    }

    /// The next part, or `None` at the end. Dropping the future loses nothing.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match &mut self.0 {
            Inner::Bytes(bytes) if bytes.is_empty() => Ok(None),
            Inner::Bytes(bytes) => Ok(Some(std::mem::take(bytes))),
            Inner::Chunks(chunks, _) => chunks.next().await.transpose(),
            Inner::Encoded(encoded) => {
                let Encoded { decoder, uri, .. } = &mut **encoded;
                decoder.chunk().await.map_err(|error| decoding_error(&error, uri))
            }
            Inner::Plain(body, uri) => {
                while let Some(frame) = body.frame().await {
                    match frame.map(hyper::body::Frame::into_data) {
                        // HTTP/2 ends many bodies with an empty frame.
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
        Self(Inner::Bytes(bytes))
    }
}
