//! Decodes compressed bodies as they arrive. A body that was coded twice (`gzip, gzip`), or with a name that is unknown
//! here, is passed on unchanged with its `content-encoding`.
//!
//! Invariant: a decoder holds one chunk of decoded bytes, and its window. The window grows with the body: to 32 KiB for gzip
//! and deflate, to [`ZSTD_WINDOW`] for zstd, and to 16 MiB for the usual format of br.

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
use crate::http::body::gzip::Gzip;
use crate::http::body::incoming::IncomingBody;
use crate::http::body::paced::Paced;
use crate::http::connect::link::BoxError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// All of [`Coding`], as `accept-encoding` lists them.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// A body and its decoder.
pub(crate) struct Decoder {
    state: State,
    chunk_size: usize,
    is_framed: bool,
    /// Bytes since other tasks could run.
    decoded: usize,
}

impl Coding {
    /// The coding in `headers`, if it is a single known one.
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
    fn open(self, first: u8, input: Input, is_framed: bool) -> State {
        State::Open(match self {
            Self::Gzip => return State::Gzip(Box::new(Gzip::new(input, is_framed))),
            // RFC 9110 means zlib's format, but servers also send raw deflate. In zlib's format these four bits name the
            // method, deflate; in raw deflate they would be an uncompressed block with dirty padding.
            Self::Deflate if first & 0x0f == 0x08 => Box::new(codec::ZlibDecoder::new(input)),
            Self::Deflate => Box::new(codec::DeflateDecoder::new(input)),
            Self::Brotli => Box::new(codec::BrotliDecoder::new(input)),
            Self::Zstd => {
                let mut decoder =
                    codec::ZstdDecoder::with_params(input, &[DParameter::window_log_max(ZSTD_WINDOW)]);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
        })
    }
}

impl Decoder {
    pub(crate) fn new(coding: Coding, body: IncomingBody) -> Self {
        let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let chunk_size = length.map_or(LARGEST_CHUNK, |length| {
            length.saturating_mul(USUAL_RATIO).clamp(SMALLEST_CHUNK, LARGEST_CHUNK)
        });
        let is_framed = body.is_framed();
        let as_io: fn(_) -> _ = io::Error::other;
        let input = Paced::new(StreamReader::new(body.into_data_stream().map_err(as_io)));
        Self { state: State::Unread(coding, input), chunk_size, decoded: 0, is_framed }
    }

    /// The next decoded part, or `None` at the end and after an error. Dropping the future loses nothing.
    pub(crate) async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        if self.decoded >= OUTPUT {
            self.decoded = 0;
            tokio::task::yield_now().await;
        }
        let chunk = self.decoded().await;
        match &chunk {
            Ok(Some(chunk)) => self.decoded += chunk.len(),
            _ => self.state = State::Ended,
        }
        chunk
    }

    /// Keeps the state whole at every await, because a caller that dropped the future may call again.
    async fn decoded(&mut self) -> io::Result<Option<Bytes>> {
        if let State::Unread(coding, input) = &mut self.state {
            // No byte at all is an empty body in every coding, as in fetch.
            let Some(&first) = input.fill_buf().await?.first() else { return Ok(None) };
            if *coding == Coding::Brotli && first & 0x7f == LARGE_WINDOW {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.state = match std::mem::replace(&mut self.state, State::Ended) {
                State::Unread(coding, input) => coding.open(first, input, self.is_framed),
                other => other,
            };
        }
        let decoder = match &mut self.state {
            State::Gzip(gzip) => return gzip.chunk(self.chunk_size).await,
            State::Open(decoder) => decoder,
            State::Unread(..) | State::Ended => return Ok(None),
        };
        let mut chunk = BytesMut::with_capacity(self.chunk_size);
        match decoder.read_buf(&mut chunk).await {
            Ok(0) if only_padding(decoder.input()).await? => Ok(None),
            Ok(0) => Err(io::Error::new(io::ErrorKind::InvalidData, "something follows the compressed body")),
            Ok(_) => Ok(Some(chunk.freeze())),
            // flate2 needs more input. After an error in the data, by contrast, input would be left.
            Err(error) if is_flate2s(&error) && at_end(decoder.input()).await? => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Err(error) => Err(error),
        }
    }
}

enum State {
    Unread(Coding, Input),
    Gzip(Box<Gzip<Input>>),
    Open(Box<dyn Decode>),
    Ended,
}

type Input = Paced<StreamReader<MapErr<BodyDataStream<IncomingBody>, fn(BoxError) -> io::Error>, Bytes>>;

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

decode!(ZlibDecoder, DeflateDecoder, BrotliDecoder, ZstdDecoder);

/// True if the error is flate2's, and not the connection's, after which the input is at its end too.
fn is_flate2s(error: &io::Error) -> bool {
    let of_connection =
        |cause: &(dyn StdError + Send + Sync + 'static)| cause.is::<hyper::Error>() || cause.is::<Fault>();
    error.kind() == io::ErrorKind::Other && !error.get_ref().is_some_and(of_connection)
}

async fn at_end(input: &mut Input) -> io::Result<bool> {
    Ok(input.fill_buf().await?.is_empty())
}

/// Reads the rest. False if it is more than zeros, with which some servers fill a block up.
async fn only_padding(input: &mut Input) -> io::Result<bool> {
    loop {
        let bytes = input.fill_buf().await?;
        if bytes.is_empty() || bytes.iter().any(|&byte| byte != 0) {
            return Ok(bytes.is_empty());
        }
        let read = bytes.len();
        input.consume(read);
    }
}

/// The first byte of brotli's other format, with windows of up to 1 GiB, which must not be sent as `br`.
const LARGE_WINDOW: u8 = 0x11;

/// 2²³ = 8 MiB, the most that RFC 9659 allows over HTTP. zstd's default of 128 MiB would be taken by a body of ten bytes.
const ZSTD_WINDOW: u32 = 23;

/// After so many bytes a decoder gives way, because a few bytes of input decode to gigabytes without a wait.
const OUTPUT: usize = 256 * 1024;

/// JSON and HTML shrink to a quarter or less, so most bodies of known length fit in one or two chunks.
const USUAL_RATIO: usize = 4;

/// A smaller chunk is not worth its allocation; a larger one would waste memory if the body is held for long.
const SMALLEST_CHUNK: usize = 512;

/// Large enough that a large body is few chunks, and small enough for a thousand bodies at once.
const LARGEST_CHUNK: usize = 32 * 1024;

#[cfg(test)]
mod tests;
