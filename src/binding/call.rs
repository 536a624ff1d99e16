//! What JavaScript is called with, and what it answers.

use tokio::sync::oneshot;

use engine::error::Error;
use engine::grant::Entered;
use engine::secret::Secret;
use engine::token::Tokens;

/// A call into JavaScript. `lib/callbacks/callbacks.js` knows what each name means.
pub(super) struct Call {
    /// Which client's callbacks.
    pub(super) client: u32,
    pub(super) name: &'static str,
    /// 0 if nobody waits for an answer.
    pub(super) number: u32,
    pub(super) args: Vec<Arg>,
    pub(super) entered: Entered,
}

pub(super) enum Arg {
    Null,
    Number(f64),
    Text(String),
    Latin1(Vec<u8>),
    Secret(Secret),
    Body(bytes::Bytes),
    Tokens(Box<Tokens>),
    Error(Error),
}

/// What JavaScript answers.
pub(super) enum Reply {
    Done,
    Flag(bool),
    Text(String),
    Tokens(Tokens),
    Failed { kind: String, retry_after: Option<f64>, thrown: u32 },
}

impl Call {
    /// A call without arguments that nobody waits for.
    pub(super) fn notice(client: u32, name: &'static str) -> Self {
        Self { client, name, number: 0, args: Vec::new(), entered: Entered::default() }
    }
}

/// A question under way.
pub(super) struct Question {
    pub(super) number: u32,
    pub(super) entered: Entered,
    pub(super) reply: oneshot::Receiver<Reply>,
}
