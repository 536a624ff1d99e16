//! Bodies that were compressed for the way, decoded as they arrive. Only the coding of a whole body counts: what was
//! coded twice (`gzip, gzip`) or by a name unknown here is passed on as it came, its `content-encoding` untouched.
//!
//! Invariant: of decoded bytes, no more is held here than one chunk. Beside it a decoder has its window, which grows
//! with what it has decoded: 32 KiB for gzip and deflate, [`ZSTD_WINDOW`] for zstd, 16 MiB for br's usual format.

use std::error::Error as StdError;
use std::io;

use async_compression::tokio::bufread as codec;
use async_compression::zstd::DParameter;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use futures_util::stream::MapErr;
use http::header::{CONTENT_ENCODING, HeaderMap};
use http_body_util::{BodyDataStream, BodyExt};
use hyper::body::Body;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

use crate::fault::Fault;
use crate::http::body::incoming::Arriving;
use crate::http::connect::link::BoxError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// All of [`Coding`], in a request's words.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// A body on its way through a decoder.
pub(crate) struct Decoder {
    state: State,
    chunk_size: usize,
}

impl Coding {
    /// What `headers` say, if it is one coding, and one of these.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(CONTENT_ENCODING).iter();
        let (only, None) = (all.next()?, all.next()) else {
            return None;
        };
        match only.as_bytes().to_ascii_lowercase().as_slice() {
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"deflate" => Some(Self::Deflate),
            b"br" => Some(Self::Brotli),
            b"zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// `first` is the body's first byte.
    fn open(self, first: u8, input: Input) -> Box<dyn Decode> {
        match self {
            Self::Gzip => {
                let mut decoder = codec::GzipDecoder::new(input);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
            // RFC 9110 means zlib's format and servers send both. In that one, these four bits are the method,
            // deflate; in the raw one they would be an uncompressed block with dirty padding.
            Self::Deflate if first & 0x0f == 0x08 => Box::new(codec::ZlibDecoder::new(input)),
            Self::Deflate => Box::new(codec::DeflateDecoder::new(input)),
            Self::Brotli => Box::new(codec::BrotliDecoder::new(input)),
            Self::Zstd => {
                let mut decoder =
                    codec::ZstdDecoder::with_params(input, &[DParameter::window_log_max(ZSTD_WINDOW)]);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
        }
    }
}

impl Decoder {
    pub(crate) fn new(coding: Coding, body: Arriving) -> Self {
        let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let chunk_size = length.map_or(LARGEST_CHUNK, |length| {
            length.saturating_mul(USUAL_RATIO).clamp(SMALLEST_CHUNK, LARGEST_CHUNK)
        });
        let as_io: fn(_) -> _ = io::Error::other;
        let input = StreamReader::new(body.into_data_stream().map_err(as_io));
        Self { state: State::Unread(coding, input), chunk_size }
    }

    /// The next decoded part, or `None` at the end. After an error it is at its end. Can be dropped and asked again.
    pub(crate) async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        let chunk = self.decoded().await;
        if !matches!(chunk, Ok(Some(_))) {
            self.state = State::Ended;
        }
        chunk
    }

    /// Leaves the state whole at every await, since a caller that waits no longer may come back.
    async fn decoded(&mut self) -> io::Result<Option<Bytes>> {
        if let State::Unread(coding, input) = &mut self.state {
            // Nothing at all is an empty body in every coding, as in fetch.
            let Some(&first) = input.fill_buf().await?.first() else { return Ok(None) };
            if *coding == Coding::Brotli && first & 0x7f == LARGE_WINDOW {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.state = match std::mem::replace(&mut self.state, State::Ended) {
                State::Unread(coding, input) => State::Open(coding.open(first, input)),
                other => other,
            };
        }
        let State::Open(decoder) = &mut self.state else { return Ok(None) };
        let mut chunk = BytesMut::with_capacity(self.chunk_size);
        match decoder.read_buf(&mut chunk).await {
            Ok(0) if at_end(decoder.input()).await? => Ok(None),
            Ok(0) => Err(io::Error::new(io::ErrorKind::InvalidData, "something follows the compressed body")),
            Ok(_) => Ok(Some(chunk.freeze())),
            // What flate2 says when it wants more: an error in what it read leaves that in the input.
            Err(error) if is_flate2s(&error) && at_end(decoder.input()).await? => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Err(error) => Err(error),
        }
    }
}

enum State {
    Unread(Coding, Input),
    Open(Box<dyn Decode>),
    Ended,
}

type Input = StreamReader<MapErr<BodyDataStream<Arriving>, fn(BoxError) -> io::Error>, Bytes>;

trait Decode: AsyncRead + Send + Sync + Unpin {
    fn input(&mut self) -> &mut Input;
}

macro_rules! decode {
    ($($decoder:ident),*) => {$(
        impl Decode for codec::$decoder<Input> {
            fn input(&mut self) -> &mut Input {
                self.get_mut()
            }
        }
    )*};
}

decode!(GzipDecoder, ZlibDecoder, DeflateDecoder, BrotliDecoder, ZstdDecoder);

/// And not a connection's, of which the input is at its end as well.
fn is_flate2s(error: &io::Error) -> bool {
    let of_connection =
        |cause: &(dyn StdError + Send + Sync + 'static)| cause.is::<hyper::Error>() || cause.is::<Fault>();
    error.kind() == io::ErrorKind::Other && !error.get_ref().is_some_and(of_connection)
}

async fn at_end(input: &mut Input) -> io::Result<bool> {
    Ok(input.fill_buf().await?.is_empty())
}

/// How a brotli stream begins that is not RFC 7932's but the format with windows of up to 1 GiB; it may not be sent as
/// `br`.
const LARGE_WINDOW: u8 = 0x11;

/// 8 MiB, as a power of two: RFC 9659 allows no more over HTTP. zstd's own default is 128 MiB, for a body of ten bytes.
const ZSTD_WINDOW: u32 = 23;

/// JSON and HTML shrink to a quarter or less, so that most bodies whose length is known fit in one chunk or two.
const USUAL_RATIO: usize = 4;

/// The least worth an allocation, since a body may be held for long in one chunk.
const SMALLEST_CHUNK: usize = 512;

/// What a decoder may write at once: enough that a large body is not many chunks, and not much for a thousand bodies.
const LARGEST_CHUNK: usize = 32 * 1024;

#[cfg(test)]
mod tests;
