//! Answers' bodies. Small ones are read to the end before the caller hears of the answer, which saves a crossing; large
//! ones, and those whose end is not in sight, are handed over as a [`Download`].
//!
//! Invariant: of a body that nobody reads, no more is held than [`SMALL`] and what the connection has buffered.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tokio::time::timeout;

use crate::error::{Error, Phase};
use crate::http::WireBody;
use crate::http::body::outgoing::Sending;

/// What is left of a body after [`fill`].
pub struct Download {
    read: VecDeque<Bytes>,
    body: WireBody,
    limits: Limits,
    /// A request's own body may still be on its way while its answer is read.
    sending: Sending,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body that is wanted in one piece, counted after decompression.
    pub size: u64,
    /// For the whole of a body that is wanted in one piece.
    pub time: Duration,
}

/// Up to this size a body is read before the answer is delivered.
pub const SMALL: u64 = 256 * 1024;

/// The same for answers above 399: everybody wants those whole, and nobody streams them.
const SMALL_FAILURE: u64 = 1024 * 1024;

/// How long the answer waits for a body of unknown length to end. Nearly all do with the head or right after it; who
/// streams on purpose does not notice the delay.
const PATIENCE: Duration = Duration::from_millis(5);

impl Download {
    /// The next part, or `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(read) = self.read.pop_front() {
            return Ok(Some(read));
        }
        let late = Error::Timeout { phase: Phase::Body, after: IDLE };
        let chunk = timeout(IDLE, self.body.chunk()).await.unwrap_or(Err(late));
        chunk.map_err(|error| self.sending.explain(error))
    }

    /// All of it, in one piece.
    pub async fn collect(self) -> Result<Bytes, Error> {
        let after = self.limits.time;
        let late = Error::Timeout { phase: Phase::Body, after };
        timeout(after, self.collected()).await.unwrap_or(Err(late))
    }

    async fn collected(mut self) -> Result<Bytes, Error> {
        let limit = self.limits.size;
        let expected = self.body.expected().unwrap_or(0);
        if expected > limit {
            return Err(Error::TooLarge { limit });
        }
        let expected = usize::try_from(expected).unwrap_or(0);
        let mut whole = BytesMut::with_capacity(expected.min(PREALLOCATED));
        while let Some(chunk) = self.chunk().await? {
            if (whole.len() + chunk.len()) as u64 > limit {
                return Err(Error::TooLarge { limit });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

/// How long a stream may say nothing. undici's number for the pauses of a body.
const IDLE: Duration = Duration::from_secs(300);

/// How much memory a mere `content-length` gets before its bytes arrive. Most bodies fit, and a thousand servers that
/// promise and then stall hold one gigabyte and not the 64 each that the default limit allows.
const PREALLOCATED: usize = 1024 * 1024;

/// What there is of `body` at once, and the rest of it unless that is all.
pub(crate) async fn fill(
    mut body: WireBody,
    status: u16,
    headers: &HeaderMap,
    limits: Limits,
    sending: Sending,
) -> Result<(Bytes, Option<Box<Download>>), Error> {
    let most = limits.size.min(if status < 400 { SMALL } else { SMALL_FAILURE });
    let mut read = VecDeque::new();
    let filled = match body.length_on_the_wire() {
        Some(length) if length > most => Ok(false),
        Some(_) => read_up_to(most, &mut body, &mut read).await,
        None if status >= 400 => read_up_to(most, &mut body, &mut read).await,
        None if is_event_stream(headers) => Ok(false),
        None => timeout(PATIENCE, read_up_to(most, &mut body, &mut read)).await.unwrap_or(Ok(false)),
    };
    let ended = filled.map_err(|error| sending.explain(error))?;
    if !ended {
        return Ok((Bytes::new(), Some(Box::new(Download { read, body, limits, sending }))));
    }
    if read.len() < 2 {
        return Ok((read.pop_front().unwrap_or_default(), None));
    }
    let mut whole = BytesMut::with_capacity(read.iter().map(Bytes::len).sum());
    for chunk in &read {
        whole.extend_from_slice(chunk);
    }
    Ok((whole.freeze(), None))
}

/// Whether the body has ended; otherwise there is more than `most` of it. Can be dropped at any await.
async fn read_up_to(most: u64, body: &mut WireBody, read: &mut VecDeque<Bytes>) -> Result<bool, Error> {
    let mut size = 0;
    while let Some(chunk) = body.chunk().await? {
        size += chunk.len() as u64;
        read.push_back(chunk);
        if size > most {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A stream by its own account: its first event may be hours away.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
}
