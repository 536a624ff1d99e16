//! The user's own transport (the option `transport`) as the engine's trait: `lib/transport.js` sends the requests.

use ::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use url::Position;

use super::{Callbacks, OnDrop};
use crate::binding::part_of;
use crate::binding::queue::call::{Arg, FailureKind, PendingCall, Reply};
use engine::error::Error;
use engine::http::{Payload, Transport, WireRequest, WireResponse};

pub(in crate::binding) struct UserTransport(pub(in crate::binding) Callbacks);

impl Transport for UserTransport {
    fn send<'a>(&'a self, request: &'a WireRequest) -> BoxFuture<'a, Result<WireResponse, Error>> {
        Box::pin(async move {
            let body = whole(&request.body).await?;
            let url = &request.url[..Position::AfterQuery];
            let mut args = vec![
                Arg::Text(request.method.to_string()),
                Arg::Text(url.to_owned()),
                Arg::Latin1(lines(&request.headers)),
                if body.is_empty() { Arg::Null } else { Arg::Body(body) },
            ];
            args.extend(part_of::args());
            let PendingCall { number, reply, .. } = self.0.call("send", args);
            // Aborts the `signal` of the request if the engine stops waiting for its answer.
            let abort = OnDrop(|| self.0.notify("abortSend", vec![Arg::Number(f64::from(number))]));
            let answer = reply.await;
            std::mem::forget(abort);
            let (cause, kind) = match answer {
                Ok(Reply::Answer(answer)) => return Ok(*answer),
                Ok(Reply::Failed { cause, kind, .. }) => (cause, kind),
                Ok(_) => (None, FailureKind::Unknown),
                Err(_) => return Err(Error::ClientClosed),
            };
            let may_pass = !matches!(kind, FailureKind::Terminal);
            let unsent = matches!(kind, FailureKind::Terminal | FailureKind::Unspent);
            Err(Error::Transport { cause, unsent, may_pass })
        })
    }
}

/// A stream is read before its request is sent, because a mock looks at the whole body.
async fn whole(payload: &Payload) -> Result<Bytes, Error> {
    let source = match payload {
        Payload::Bytes(bytes) => return Ok(bytes.clone()),
        Payload::Stream(source) => source,
    };
    let mut chunks = source.open().ok_or(Error::BodyNotReplayable)?;
    let mut body = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
    }
    Ok(body.freeze())
}

/// Lines of names and values alternately, in Latin-1.
fn lines(headers: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    let framing = |name| name == CONTENT_LENGTH || name == TRANSFER_ENCODING;
    for (name, value) in headers.iter().filter(|(name, _)| !framing(*name)) {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            if !lines.is_empty() {
                lines.push(b'\n');
            }
            lines.extend_from_slice(part);
        }
    }
    lines
}
