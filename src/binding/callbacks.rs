//! The user's callbacks as the engine's traits; [`source`] is a secret of a grant, and [`transport`] the user's own way to servers.
//!
//! `lib/callbacks/` calls them, and makes one of the replies read here of whatever they do. A reply that does
//! not fit is a failure. Invariant: a deadline begins when JavaScript enters the callback, not when the call is queued.

pub(super) mod source;
pub(super) mod transport;

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot::{self, error::RecvError};
use url::Url;

use super::queue::call::{Arg, FailureKind, PendingCall, Reply};
use super::queue::{Item, Queue};
use super::values::native_answer;
use engine::client::Judge;
use engine::error::Error;
use engine::event::{Event, Reason, RotationEnd, RotationOutcome};
use engine::grant::{Ask, Grant, GrantError};
use engine::http::Response;
use engine::present::Format;
use engine::secret::Secret;
use engine::session::participant::host::{Host, KeepAlive};
use engine::store::{Late, StoreError, StoreFuture, TokenCallbacks};
use engine::token::Tokens;

/// One client's callbacks, in the environment that made the client.
#[derive(Clone)]
pub(super) struct Callbacks {
    pub(super) queue: Arc<Queue>,
    pub(super) client: u32,
    /// The deadline of `getTokens`, `setTokens` and sources: `refreshTimeout`, because they have no option of their own. In lib/axios
    /// at least a second.
    pub(super) patience: Duration,
    /// Hooks that get tokens. Without them the tokens stay in Rust.
    pub(super) hears_refreshed: bool,
    pub(super) hears_superseded: bool,
}

impl Callbacks {
    pub(super) fn call(&self, name: &'static str, args: Vec<Arg>) -> PendingCall {
        self.queue.call(self.client, name, args)
    }

    pub(super) fn notify(&self, name: &'static str, args: Vec<Arg>) {
        self.queue.notify(self.client, name, args);
    }

    /// Calls JavaScript and waits for the reply. Returns its receiver if the deadline passes first.
    pub(super) async fn reply(
        &self,
        name: &'static str,
        args: Vec<Arg>,
    ) -> Result<Result<Reply, RecvError>, oneshot::Receiver<Reply>> {
        let PendingCall { entered, mut reply, .. } = self.call(name, args);
        tokio::select! {
            biased;
            answer = &mut reply => Ok(answer),
            () = entered.wait() => match tokio::time::timeout(self.patience, &mut reply).await {
                Ok(answer) => Ok(answer),
                Err(_) => Err(reply),
            },
        }
    }

    /// Calls `getTokens` or `setTokens`.
    async fn store(
        &self,
        name: &'static str,
        args: Vec<Arg>,
    ) -> Result<Result<Option<Tokens>, StoreError>, oneshot::Receiver<Reply>> {
        self.reply(name, args).await.map(stored)
    }
}

fn rotation_end(end: RotationEnd) -> Vec<Arg> {
    let RotationEnd { epoch, outcome, code, generation, lease_wait_ms } = end;
    let number = |number: u64| Arg::Number(number as f64);
    let code = code.map_or(Arg::Null, |code| Arg::Text(code.to_owned()));
    let outcome = Arg::Text(outcome_name(outcome).to_owned());
    vec![number(epoch), outcome, code, number(generation), number(lease_wait_ms)]
}

fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Expired => "expired",
        Reason::Ahead => "ahead",
        Reason::Rejected => "rejected",
        Reason::Asked => "asked",
        Reason::Spent => "spent",
    }
}

fn outcome_name(outcome: RotationOutcome) -> &'static str {
    match outcome {
        RotationOutcome::Rotated => "rotated",
        RotationOutcome::Adopted => "adopted",
        RotationOutcome::Unchanged => "unchanged",
        RotationOutcome::Overtaken => "overtaken",
        RotationOutcome::Failed => "failed",
        RotationOutcome::Lost => "lost",
    }
}

/// Reads the reply to `getTokens` or `setTokens`.
fn stored(answer: Result<Reply, RecvError>) -> Result<Option<Tokens>, StoreError> {
    match answer {
        Err(_) => Err(StoreError::Gone),
        Ok(Reply::Tokens(tokens)) => Ok(Some(tokens)),
        Ok(Reply::Done) => Ok(None),
        Ok(Reply::Failed { kind: FailureKind::Malformed, cause, .. }) => Err(StoreError::Corrupt { cause }),
        Ok(Reply::Failed { cause, .. }) => Err(StoreError::Failed { cause }),
        Ok(_) => Err(StoreError::Failed { cause: None }),
    }
}

/// Reads the reply to `refresh`. `sent` says that JavaScript had entered the callback, so that without a reply the
/// refresh token may be spent.
fn refreshed(answer: Result<Reply, RecvError>, sent: bool) -> Result<Tokens, GrantError> {
    Err(match answer {
        Ok(Reply::Tokens(tokens)) => return Ok(tokens),
        Ok(Reply::Failed { kind, retry_after, cause, refresh }) => match kind {
            FailureKind::Terminal => GrantError::Terminal { cause },
            FailureKind::Unspent => {
                let retry_after = retry_after.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
                GrantError::Unspent { retry_after, cause }
            }
            FailureKind::Ambiguous => GrantError::Ambiguous { cause },
            FailureKind::Malformed => GrantError::Malformed { refresh, cause },
            FailureKind::Unknown => GrantError::Unknown { cause },
        },
        Ok(_) => GrantError::Malformed { refresh: None, cause: None },
        Err(_) if sent => GrantError::Ambiguous { cause: None },
        Err(_) => GrantError::Gone,
    })
}

impl Grant for Callbacks {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        Box::pin(async move {
            let token = ask.refresh_token.map_or(Arg::Null, Arg::Secret);
            let session = Arg::Text(ask.session.to_string());
            let (attempt, epoch) = (Arg::Number(f64::from(ask.attempt)), Arg::Number(ask.epoch as f64));
            let claims = ask.claims.map_or(Arg::Null, Arg::Secret);
            let args = vec![token, session, attempt, epoch, claims];
            let mut call = self.queue.call_with(self.client, "refresh", args, ask.permit);
            let number = call.number;
            // Aborts `context.signal` if the engine stops waiting for the refresh.
            let abort = OnDrop(|| self.notify("abortRefresh", vec![Arg::Number(f64::from(number))]));
            let (answer, sent) = call.answer(|| ask.entered.fire()).await;
            std::mem::forget(abort);
            refreshed(answer, sent)
        })
    }
}

impl TokenCallbacks for Callbacks {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        let args = vec![Arg::Text(key.to_owned())];
        Box::pin(async move { self.store("getTokens", args).await.unwrap_or(Err(StoreError::TimedOut)) })
    }

    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>> {
        let tokens = tokens.map_or(Arg::Null, |tokens| Arg::Tokens(Arc::new(tokens.clone())));
        let args = vec![tokens, Arg::Text(key.to_owned())];
        Box::pin(async move {
            match self.store("setTokens", args).await {
                Ok(done) => done.map(|_| None),
                Err(reply) => Ok(Some(Box::pin(async move { stored(reply.await).map(drop) }) as Late)),
            }
        })
    }
}

impl Host for Callbacks {
    fn emit(&self, session: &str, event: Event) {
        let number = |number: u64| Arg::Number(number as f64);
        let tokens = |tokens, wanted: bool| if wanted { vec![Arg::Tokens(tokens)] } else { Vec::new() };
        let (name, args) = match event {
            Event::RotationBegins { reason, epoch } => {
                ("rotationBegins", vec![number(epoch), Arg::Text(reason_name(reason).to_owned())])
            }
            Event::RotationEnds(end) => ("rotationEnds", rotation_end(end)),
            Event::BeforeRefresh { attempt, epoch } => {
                ("onBeforeRefresh", vec![number(epoch), number(attempt.into())])
            }
            Event::Refreshed(new) => ("onRefreshed", tokens(new, self.hears_refreshed)),
            Event::RefreshFailed(error) => ("onRefreshFailed", vec![Arg::Error(error)]),
            Event::PersistFailed(error) => ("onPersistFailed", vec![Arg::Error(error)]),
            Event::Superseded(old) => ("onSuperseded", tokens(old, self.hears_superseded)),
            Event::RevokeFailed(error) => ("onRevokeFailed", vec![Arg::Error(error)]),
            Event::Logout => ("logout", Vec::new()),
        };
        self.notify(name, std::iter::once(Arg::Text(session.to_owned())).chain(args).collect());
    }

    fn keep_process_alive(&self) -> KeepAlive {
        let (queue, callbacks) = (Arc::clone(&self.queue), self.keep_callbacks_alive());
        queue.push(Item::FlightBegins);
        Box::new((callbacks, OnDrop(move || queue.push(Item::FlightEnds))))
    }

    fn keep_callbacks_alive(&self) -> KeepAlive {
        let (queue, client) = (Arc::clone(&self.queue), self.client);
        queue.notify(client, "keepCallbacks", Vec::new());
        Box::new(OnDrop(move || queue.notify(client, "releaseCallbacks", Vec::new())))
    }

    fn alive(&self) -> bool {
        !self.queue.closed()
    }
}

/// Calls its function when it is dropped.
pub(super) struct OnDrop<F: Fn()>(pub(super) F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl Format for Callbacks {
    fn format<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<HeaderValue, Error>> {
        Box::pin(async move {
            match self.call("format", vec![Arg::Secret(token.clone())]).reply.await {
                Ok(Reply::Text(text)) => {
                    HeaderValue::try_from(text).map_err(|_| Error::Format { cause: None })
                }
                Ok(Reply::Failed { cause, .. }) => Err(Error::Format { cause }),
                Ok(_) => Err(Error::Format { cause: None }),
                Err(_) => Err(Error::ClientClosed),
            }
        })
    }
}

impl Judge for Callbacks {
    /// Passes `[session, status, head, body | null, network error]`. The head has the form of an answer's, so that `lib/` reads both
    /// alike.
    fn is_expired<'a>(
        &'a self,
        session: &'a str,
        answer: &'a Result<Box<Response>, Error>,
        url: &'a Url,
    ) -> BoxFuture<'a, Option<bool>> {
        Box::pin(async move {
            let session = Arg::Text(session.to_owned());
            let args = match answer {
                Ok(response) => {
                    // A body that is too large to be read at once is too large to be judged.
                    let whole = response.download.is_none();
                    let body = if whole { Arg::Body(response.body.clone()) } else { Arg::Null };
                    let head = Arg::Latin1(native_answer::head(response));
                    vec![session, Arg::Number(f64::from(response.status)), head, body, Arg::Null]
                }
                Err(error) => {
                    let url = Arg::Text(url.as_str().to_owned());
                    vec![session, Arg::Number(0.0), url, Arg::Null, Arg::Error(error.clone())]
                }
            };
            match self.call("isSessionExpired", args).reply.await {
                Ok(Reply::Flag(expired)) => Some(expired),
                _ => None,
            }
        })
    }
}
