//! A rotation or a traced request, and the calls of user code that are a part of it: sources and the user's own transport.
//! `lib/callbacks/callbacks.js` runs these in the context of the rotation's or the try's span.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::task_local;

use super::queue::call::Arg;
use engine::error::Error;
use engine::grant::{Ask, Grant, GrantError};
use engine::token::Tokens;

task_local! {
    /// The work of the engine at this moment, if JavaScript may have a span of it.
    static WHOLE: Whole;
}

pub(super) enum Whole {
    Rotation {
        session: Arc<str>,
        epoch: u64,
    },
    /// The number that JavaScript gave a traced request.
    Request(u32),
}

impl Whole {
    /// Does `part` as a part of this.
    pub(super) fn with<F: Future>(self, part: F) -> impl Future<Output = F::Output> {
        WHOLE.scope(self, part)
    }
}

/// For a call of user code: session and epoch of the rotation that it is a part of, and the number of the request.
pub(super) fn args() -> [Arg; 3] {
    let none = [Arg::Null, Arg::Null, Arg::Null];
    let of = |whole: &Whole| match whole {
        Whole::Rotation { session, epoch } => {
            [Arg::Text(session.to_string()), Arg::Number(*epoch as f64), Arg::Null]
        }
        Whole::Request(number) => [Arg::Null, Arg::Null, Arg::Number(f64::from(*number))],
    };
    WHOLE.try_with(of).unwrap_or(none)
}

/// A grant that asks as a part of the rotation that it is asked for.
pub(super) struct PartOfRotation<G>(pub(super) G);

impl<G: Grant> Grant for PartOfRotation<G> {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        let rotation = Whole::Rotation { session: Arc::clone(&ask.session), epoch: ask.epoch };
        Box::pin(rotation.with(self.0.refresh(ask)))
    }

    fn ready(&self) -> BoxFuture<'_, ()> {
        self.0.ready()
    }

    fn revoke<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), Error>> {
        self.0.revoke(tokens)
    }

    fn revokes_on_logout(&self) -> bool {
        self.0.revokes_on_logout()
    }
}
