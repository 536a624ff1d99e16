//! Bodies of answers. A small body is read to its end before the answer is delivered. A large body, or one that takes
//! long to end, is handed over as a [`Download`].
//!
//! Invariant: of a body that the caller does not read, only `whole_up_to` (from status 400 on [`WHOLE`]) and the
//! connection's buffers are held.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tokio::time::{timeout, timeout_at};

use crate::clock::{self, Instant};
use crate::error::{Error, Phase};
use crate::http::WireBody;
use crate::http::body::outgoing::UploadGuard;

/// A body that is read: as far as it arrives at once by [`Download::fill`], and then by whoever has the answer.
pub struct Download {
    read: VecDeque<Bytes>,
    body: WireBody,
    limits: Limits,
    /// When the body has to be complete, if its parts are read as one piece.
    deadline: Option<Instant>,
    /// The request's own body may still be on its way while its answer is read.
    upload: UploadGuard,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of a body that is read in one piece, counted after decompression.
    pub size: u64,
    /// How long reading a body in one piece may take.
    pub time: Duration,
    /// A body up to this size is read before its answer is delivered.
    pub whole_up_to: u64,
    /// How long an answer waits for a body of unknown length to end.
    pub patience: Duration,
}

/// `whole_up_to` for statuses above 399, because programs read such bodies whole, and for judged statuses.
const WHOLE: u64 = 1024 * 1024;

impl Download {
    pub(crate) fn new(body: WireBody, limits: Limits, upload: UploadGuard) -> Self {
        Self { read: VecDeque::new(), body, limits, deadline: None, upload }
    }

    /// Reads as far as the body arrives at once, or if it is judged, to its end. True at the body's end.
    pub(crate) async fn fill(
        &mut self,
        (status, judged): (u16, bool),
        headers: &HeaderMap,
    ) -> Result<bool, Error> {
        let whole = judged || status >= 400;
        let most = self.limits.size.min(if whole { WHOLE } else { self.limits.whole_up_to });
        let filled = match self.body.length_on_the_wire() {
            Some(length) if length > most => Ok(false),
            Some(_) => self.read_up_to(most).await,
            None if status >= 400 => self.read_up_to(most).await,
            None if is_event_stream(headers) => Ok(false),
            None if judged => self.read_up_to(most).await,
            // Boxed, because the timer would take room in every request.
            None => Box::pin(timeout(self.limits.patience, self.read_up_to(most))).await.unwrap_or(Ok(false)),
        };
        filled.map_err(|error| self.upload.explain(error))
    }

    /// True at the body's end; false if the body is longer than `most`. Dropping the future loses nothing.
    async fn read_up_to(&mut self, most: u64) -> Result<bool, Error> {
        let mut size = 0;
        while let Some(chunk) = self.body.chunk().await? {
            size += chunk.len() as u64;
            self.read.push_back(chunk);
            if size > most {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All that [`Download::fill`] has read.
    pub(crate) fn whole(mut self) -> Bytes {
        if self.read.len() < 2 {
            return self.read.pop_front().unwrap_or_default();
        }
        let mut whole = BytesMut::with_capacity(self.read.iter().map(Bytes::len).sum());
        for chunk in &self.read {
            whole.extend_from_slice(chunk);
        }
        whole.freeze()
    }

    /// The body has to be complete after `time`, or else after the request's timeout, also if it is read part by part.
    pub fn complete_within(&mut self, time: Option<Duration>) {
        self.deadline = Some(clock::now() + time.unwrap_or(self.limits.time));
    }

    /// The next part, or `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(read) = self.read.pop_front() {
            return Ok(Some(read));
        }
        let now = clock::now();
        let idle = (now + IDLE, IDLE);
        let complete = self.deadline.map_or(idle, |deadline| (deadline, self.limits.time));
        let (deadline, after) = idle.min(complete);
        let late = Error::Timeout { phase: Phase::Body, after };
        // Asked here too, because a body whose next part is always there never waits.
        if deadline <= now {
            return Err(late);
        }
        let chunk = timeout_at(deadline, self.body.chunk()).await.unwrap_or(Err(late));
        chunk.map_err(|error| self.upload.explain(error))
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

/// How long a body may pause. undici's number.
const IDLE: Duration = Duration::from_secs(300);

/// How much memory is reserved for a `content-length` before its bytes arrive. Most bodies fit. A thousand servers that
/// announce a body and then stall hold one gigabyte, and not the 64 GB that the default limit would allow.
const PREALLOCATED: usize = 1024 * 1024;

/// Such a stream is handed over at once, because its first event may be hours away.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
}
