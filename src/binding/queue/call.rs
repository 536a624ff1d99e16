//! A call of Rust into JavaScript, and its reply.

use std::sync::Arc;

use futures_util::FutureExt;
use napi_derive::napi;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use engine::error::{Cause, Error};
use engine::grant::{Entered, Permit};
use engine::http::WireResponse;
use engine::secret::Secret;
use engine::store::Document;
use engine::token::Tokens;

/// A call into JavaScript. `lib/crossing/environment.js` lists the names.
pub(crate) struct Call {
    /// The number of the client's callbacks; 0 for a call that is for no client.
    pub(crate) client: u32,
    pub(crate) name: &'static str,
    /// The number that the reply names; 0 if no reply is expected.
    pub(crate) number: u32,
    pub(crate) args: Vec<Arg>,
    /// Without it, the call is not made any more.
    pub(crate) permit: Permit,
    /// Fired when JavaScript enters the callback.
    pub(crate) entered: Entered,
    pub(crate) reply: Option<oneshot::Sender<Reply>>,
}

impl Call {
    /// A call without a reply.
    pub(crate) fn notice(client: u32, name: &'static str, args: Vec<Arg>) -> Self {
        let (permit, entered) = (Permit::default(), Entered::default());
        Self { client, name, number: 0, args, permit, entered, reply: None }
    }

    /// Replies that nothing was done.
    pub(crate) fn refuse(self) {
        if let Some(reply) = self.reply {
            let kind = FailureKind::Unspent;
            drop(reply.send(Reply::Failed { kind, retry_after: None, cause: None, refresh: None }));
        }
    }
}

/// A call under way.
pub(crate) struct PendingCall {
    pub(crate) number: u32,
    pub(crate) entered: Entered,
    pub(crate) reply: oneshot::Receiver<Reply>,
}

impl PendingCall {
    /// Waits for the reply. `entering` runs if JavaScript is seen to enter the callback first. True: JavaScript has entered it, so
    /// that without a reply nothing is known of what it did.
    pub(crate) async fn answer(&mut self, entering: impl FnOnce()) -> (Result<Reply, RecvError>, bool) {
        let Self { entered, reply, .. } = self;
        let answer = tokio::select! {
            biased;
            answer = &mut *reply => answer,
            () = entered.wait() => {
                entering();
                return (reply.await, true);
            }
        };
        // Both may have happened before this task ran: a worker may end as soon as it has entered the callback.
        let has_entered = entered.wait().now_or_never().is_some();
        (answer, has_entered)
    }
}

pub(crate) enum Arg {
    Null,
    Number(f64),
    Text(String),
    Latin1(Vec<u8>),
    Secret(Secret),
    Body(bytes::Bytes),
    Tokens(Arc<Tokens>),
    Error(Error),
}

/// How a callback failed. `lib/callbacks/` decides which of these an error is, and passes it as text in lower case.
#[napi(string_enum = "lowercase")]
pub enum FailureKind {
    /// The authorization server refused the refresh token for good.
    Terminal,
    /// The refresh token is as good as before.
    Unspent,
    /// The refresh token may be spent: the request was sent, and no answer came.
    Ambiguous,
    /// The callback returned tokens that are not well formed.
    Malformed,
    Unknown,
}

/// JavaScript's reply to a call.
pub(crate) enum Reply {
    Done,
    Flag(bool),
    Text(String),
    Secret(Secret),
    Tokens(Tokens),
    Document(Document),
    /// Boxed, because the other replies would have the room.
    Answer(Box<WireResponse>),
    Failed {
        kind: FailureKind,
        /// In milliseconds.
        retry_after: Option<f64>,
        cause: Option<Cause>,
        /// It came with an answer that has no usable access token.
        refresh: Option<Secret>,
    },
}

#[cfg(test)]
mod tests;
