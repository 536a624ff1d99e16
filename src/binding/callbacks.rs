//! The user's callbacks as the engine's traits.
//!
//! `lib/callbacks/callbacks.js` calls them, and turns every way in which they can misbehave into one of the replies read
//! here. A reply that does not fit the call counts as a failure of its callback. Invariant: a deadline begins when
//! JavaScript enters the callback, not when the call is queued.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use url::Url;

use super::queue::Item;
use super::queue::call::{Arg, FailureKind, Reply};
use super::queue::calls::{Calls, PendingCall};
use super::queue::kept_errors;
use super::values::native_answer;
use engine::client::Judge;
use engine::error::{Cause, Error};
use engine::event::Event;
use engine::grant::{Ask, Grant, GrantError};
use engine::http::Response;
use engine::present::Format;
use engine::secret::Secret;
use engine::session::host::{Host, KeepAlive};
use engine::store::{Late, StoreError, StoreFuture, TokenCallbacks};
use engine::token::Tokens;

/// One client's callbacks, in the environment that made the client.
#[derive(Clone)]
pub(super) struct Callbacks {
    pub(super) calls: Arc<Calls>,
    pub(super) client: u32,
    /// The deadline of `getTokens` and `setTokens`: `refreshTimeout`, because they have no option of their own.
    pub(super) patience: Duration,
}

/// Null for a body that is too large to be judged.
fn body(response: &Response) -> Arg {
    if response.download.is_some() { Arg::Null } else { Arg::Body(response.body.clone()) }
}

impl Callbacks {
    fn call(&self, name: &'static str, args: Vec<Arg>) -> Option<PendingCall> {
        self.calls.call(self.client, name, args)
    }

    fn notify(&self, name: &'static str, args: Vec<Arg>) {
        self.calls.queue.notify(self.client, name, args);
    }

    fn cause(&self, kept: u32) -> Option<Cause> {
        kept_errors::cause(&self.calls.queue, kept)
    }

    /// Calls `getTokens` or `setTokens`. Returns the reply's receiver if the deadline passes first.
    async fn store(
        &self,
        name: &'static str,
        args: Vec<Arg>,
    ) -> Result<Result<Option<Tokens>, StoreError>, oneshot::Receiver<Reply>> {
        let Some(call) = self.call(name, args) else { return Ok(Err(StoreError::Gone)) };
        let mut reply = call.reply;
        let answer = tokio::select! {
            biased;
            answer = &mut reply => answer,
            () = call.entered.wait() => match tokio::time::timeout(self.patience, &mut reply).await {
                Ok(answer) => answer,
                Err(_) => return Err(reply),
            },
        };
        Ok(self.stored(answer))
    }

    fn stored(&self, answer: Result<Reply, oneshot::error::RecvError>) -> Result<Option<Tokens>, StoreError> {
        match answer {
            Err(_) => Err(StoreError::Gone),
            Ok(Reply::Tokens(tokens)) => Ok(Some(tokens)),
            Ok(Reply::Done) => Ok(None),
            Ok(Reply::Failed { kind: FailureKind::Malformed, kept, .. }) => {
                Err(StoreError::Corrupt { cause: self.cause(kept) })
            }
            Ok(Reply::Failed { kept, .. }) => Err(StoreError::Failed { cause: self.cause(kept) }),
            Ok(Reply::Flag(_) | Reply::Text(_)) => Err(StoreError::Failed { cause: None }),
        }
    }

    /// Reads the reply to `refresh`. `sent` says that JavaScript had entered the callback, so that without a reply the
    /// refresh token may be spent.
    fn refreshed(
        &self,
        answer: Result<Reply, oneshot::error::RecvError>,
        sent: bool,
    ) -> Result<Tokens, GrantError> {
        let (kind, retry_after, kept) = match answer {
            Ok(Reply::Tokens(tokens)) => return Ok(tokens),
            Ok(Reply::Failed { kind, retry_after, kept }) => (kind, retry_after, kept),
            Ok(Reply::Done | Reply::Flag(_) | Reply::Text(_)) => {
                return Err(GrantError::Malformed { cause: None });
            }
            Err(_) if sent => return Err(GrantError::Ambiguous { cause: None }),
            Err(_) => return Err(GrantError::Gone),
        };
        let cause = self.cause(kept);
        let retry_after = retry_after.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        Err(match kind {
            FailureKind::Terminal => GrantError::Terminal { cause },
            FailureKind::Unspent => GrantError::Unspent { retry_after, cause },
            FailureKind::Ambiguous => GrantError::Ambiguous { cause },
            FailureKind::Malformed => GrantError::Malformed { cause },
            FailureKind::Unknown => GrantError::Unknown { cause },
        })
    }
}

impl Grant for Callbacks {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        Box::pin(async move {
            let token = ask.refresh_token.map_or(Arg::Null, Arg::Secret);
            let numbers = [f64::from(ask.attempt), ask.epoch as f64].map(Arg::Number);
            let session = Arg::Text(ask.session.to_string());
            let args = [token, session].into_iter().chain(numbers).collect();
            let Some(call) = self.call("refresh", args) else { return Err(GrantError::Gone) };
            let mut abort = AbortOnDrop { callbacks: self, number: call.number, armed: true };
            let mut reply = call.reply;
            let mut sent = false;
            let answer = tokio::select! {
                biased;
                answer = &mut reply => answer,
                () = call.entered.wait() => {
                    sent = true;
                    ask.entered.fire();
                    reply.await
                }
            };
            abort.armed = false;
            self.refreshed(answer, sent)
        })
    }
}

/// Aborts `context.signal` if the engine stops waiting for the refresh.
struct AbortOnDrop<'a> {
    callbacks: &'a Callbacks,
    number: u32,
    armed: bool,
}

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.callbacks.notify("abortRefresh", vec![Arg::Number(f64::from(self.number))]);
        }
    }
}

impl TokenCallbacks for Callbacks {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        let args = vec![Arg::Text(key.to_owned())];
        Box::pin(async move { self.store("getTokens", args).await.unwrap_or(Err(StoreError::TimedOut)) })
    }

    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>> {
        let tokens = tokens.map_or(Arg::Null, |tokens| Arg::Tokens(Box::new(tokens.clone())));
        let args = vec![tokens, Arg::Text(key.to_owned())];
        Box::pin(async move {
            match self.store("setTokens", args).await {
                Ok(done) => done.map(|_| None),
                Err(reply) => {
                    let callbacks = self.clone();
                    Ok(Some(Box::pin(async move { callbacks.stored(reply.await).map(drop) }) as Late))
                }
            }
        })
    }
}

impl Host for Callbacks {
    fn emit(&self, event: Event) {
        match event {
            Event::BeforeRefresh => self.notify("onBeforeRefresh", Vec::new()),
            Event::Refreshed(tokens) => {
                self.notify("onRefreshed", vec![Arg::Tokens(Box::new((*tokens).clone()))]);
            }
            Event::RefreshFailed(error) => self.notify("onRefreshFailed", vec![Arg::Error(error)]),
            Event::PersistFailed(error) => self.notify("onPersistFailed", vec![Arg::Error(error)]),
            Event::Logout => self.notify("logout", Vec::new()),
        }
    }

    fn keep_process_alive(&self) -> KeepAlive {
        let (queue, client) = (Arc::clone(&self.calls.queue), self.client);
        queue.push(Item::KeepProcessAlive(client));
        Box::new(OnDrop(move || queue.push(Item::ReleaseProcess(client))))
    }

    fn keep_callbacks_alive(&self) -> KeepAlive {
        let (queue, client) = (Arc::clone(&self.calls.queue), self.client);
        queue.notify(client, "keepCallbacks", Vec::new());
        Box::new(OnDrop(move || queue.notify(client, "releaseCallbacks", Vec::new())))
    }

    fn alive(&self) -> bool {
        !self.calls.queue.closed()
    }
}

/// Calls its function when it is dropped.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl Format for Callbacks {
    fn format<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<HeaderValue, Error>> {
        Box::pin(async move {
            let Some(call) = self.call("format", vec![Arg::Secret(token.clone())]) else {
                return Err(Error::ClientClosed);
            };
            match call.reply.await {
                Ok(Reply::Text(text)) => {
                    HeaderValue::try_from(text).map_err(|_| Error::Format { cause: None })
                }
                Ok(Reply::Failed { kept, .. }) => Err(Error::Format { cause: self.cause(kept) }),
                Ok(_) => Err(Error::Format { cause: None }),
                Err(_) => Err(Error::ClientClosed),
            }
        })
    }
}

impl Judge for Callbacks {
    /// Passes `[status, head, body | null, network error]`. The head has the form of an answer's, so that `lib/` reads both
    /// alike.
    fn is_expired<'a>(
        &'a self,
        answer: &'a Result<Response, Error>,
        url: &'a Url,
    ) -> BoxFuture<'a, Option<bool>> {
        Box::pin(async move {
            let (status, args) = match answer {
                Ok(response) => {
                    (response.status, [Arg::Latin1(native_answer::head(response)), body(response), Arg::Null])
                }
                Err(error) => (0, [Arg::Text(url.as_str().to_owned()), Arg::Null, Arg::Error(error.clone())]),
            };
            let args = std::iter::once(Arg::Number(f64::from(status))).chain(args).collect();
            match self.call("isSessionExpired", args)?.reply.await {
                Ok(Reply::Flag(expired)) => Some(expired),
                _ => None,
            }
        })
    }
}
