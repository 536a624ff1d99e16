//! The user's callbacks as the engine's traits.
//!
//! `lib/callbacks/callbacks.js` calls them and turns every way they can misbehave into one of the replies read here; a reply
//! that does not fit the question counts as a failure of its callback. Invariant: deadlines begin when JavaScript
//! enters a callback, not when the call is queued.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use url::Url;

use super::call::{Arg, Question, Reply};
use super::queue::{Item, Queue};
use super::resolve;
use engine::client::Judge;
use engine::error::{Cause, Error, Thrown};
use engine::event::Event;
use engine::grant::{Ask, Grant, GrantError, GrantFuture};
use engine::http::Response;
use engine::present::Format;
use engine::secret::Secret;
use engine::session::participant::{Host, KeepAlive};
use engine::store::{Store, StoreError, StoreFuture};
use engine::token::Tokens;

/// One client's callbacks, in the environment that made the client.
#[derive(Clone)]
pub(super) struct Callbacks {
    pub(super) queue: Arc<Queue>,
    pub(super) client: u32,
    /// For `getTokens` and `setTokens`, which have no deadline of their own: `refreshTimeout`.
    pub(super) patience: Duration,
}

/// Null for one that is too large to be judged.
fn body(response: &Response) -> Arg {
    if response.download.is_some() { Arg::Null } else { Arg::Body(response.body.clone()) }
}

/// A value that JavaScript threw and keeps.
struct Kept {
    queue: Arc<Queue>,
    number: u32,
}

/// What JavaScript keeps under this number; 0 for nothing.
pub(super) fn kept(queue: &Arc<Queue>, number: u32) -> Option<Cause> {
    (number != 0).then(|| Cause(Arc::new(Kept { queue: Arc::clone(queue), number })))
}

impl Callbacks {
    fn ask(&self, name: &'static str, args: Vec<Arg>) -> Option<Question> {
        self.queue.ask(self.client, name, args)
    }

    fn tell(&self, name: &'static str, args: Vec<Arg>) {
        self.queue.tell(self.client, name, args);
    }

    fn cause(&self, number: u32) -> Option<Cause> {
        kept(&self.queue, number)
    }

    async fn store(&self, name: &'static str, args: Vec<Arg>) -> Result<Option<Tokens>, StoreError> {
        let Some(question) = self.ask(name, args) else { return Err(StoreError::Gone) };
        let mut reply = question.reply;
        let answer = tokio::select! {
            biased;
            answer = &mut reply => answer,
            () = question.entered.wait() => match tokio::time::timeout(self.patience, reply).await {
                Ok(answer) => answer,
                Err(_) => return Err(StoreError::TimedOut),
            },
        };
        match answer {
            Err(_) => Err(StoreError::Gone),
            Ok(Reply::Tokens(tokens)) => Ok(Some(tokens)),
            Ok(Reply::Done) => Ok(None),
            Ok(Reply::Failed { kind, thrown, .. }) if kind == "malformed" => {
                Err(StoreError::Corrupt { cause: self.cause(thrown) })
            }
            Ok(Reply::Failed { thrown, .. }) => Err(StoreError::Failed { cause: self.cause(thrown) }),
            Ok(Reply::Flag(_) | Reply::Text(_)) => Err(StoreError::Failed { cause: None }),
        }
    }

    /// The reply to a question about a refresh. `sent`: JavaScript had begun, so that silence may mean that the
    /// refresh token is spent.
    fn refreshed(
        &self,
        answer: Result<Reply, oneshot::error::RecvError>,
        sent: bool,
    ) -> Result<Tokens, GrantError> {
        let (kind, retry_after, thrown) = match answer {
            Ok(Reply::Tokens(tokens)) => return Ok(tokens),
            Ok(Reply::Failed { kind, retry_after, thrown }) => (kind, retry_after, thrown),
            Ok(Reply::Done | Reply::Flag(_) | Reply::Text(_)) => {
                return Err(GrantError::Malformed { cause: None });
            }
            Err(_) if sent => return Err(GrantError::Ambiguous { cause: None }),
            Err(_) => return Err(GrantError::Gone),
        };
        let cause = self.cause(thrown);
        let retry_after = retry_after.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        Err(match kind.as_str() {
            "terminal" => GrantError::Terminal { cause },
            "unspent" => GrantError::Unspent { retry_after, cause },
            "ambiguous" => GrantError::Ambiguous { cause },
            "malformed" => GrantError::Malformed { cause },
            _ => GrantError::Unknown { cause },
        })
    }
}

impl Grant for Callbacks {
    fn refresh(&self, ask: Ask) -> GrantFuture<'_> {
        Box::pin(async move {
            let token = ask.refresh_token.map_or(Arg::Null, Arg::Secret);
            let args = vec![token, Arg::Text(ask.session.to_string()), Arg::Number(f64::from(ask.attempt))];
            let Some(question) = self.ask("refresh", args) else { return Err(GrantError::Gone) };
            let mut given_up = GivenUp { callbacks: self, number: question.number, armed: true };
            let mut reply = question.reply;
            let mut sent = false;
            let answer = tokio::select! {
                biased;
                answer = &mut reply => answer,
                () = question.entered.wait() => {
                    sent = true;
                    ask.entered.fire();
                    reply.await
                }
            };
            given_up.armed = false;
            self.refreshed(answer, sent)
        })
    }
}

/// Aborts `context.signal` if the engine stops waiting for a refresh.
struct GivenUp<'a> {
    callbacks: &'a Callbacks,
    number: u32,
    armed: bool,
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.callbacks.tell("giveUp", vec![Arg::Number(f64::from(self.number))]);
        }
    }
}

impl Store for Callbacks {
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        Box::pin(self.store("getTokens", vec![Arg::Text(key.to_owned())]))
    }

    fn write<'a>(&'a self, key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, ()> {
        let tokens = tokens.map_or(Arg::Null, |tokens| Arg::Tokens(Box::new(tokens.clone())));
        let args = vec![tokens, Arg::Text(key.to_owned())];
        Box::pin(async move { self.store("setTokens", args).await.map(drop) })
    }
}

impl Host for Callbacks {
    fn emit(&self, event: Event) {
        match event {
            Event::BeforeRefresh => self.tell("onBeforeRefresh", Vec::new()),
            Event::Refreshed(tokens) => {
                self.tell("onRefreshed", vec![Arg::Tokens(Box::new((*tokens).clone()))]);
            }
            Event::RefreshFailed(error) => self.tell("onRefreshFailed", vec![Arg::Error(error)]),
            Event::PersistFailed(error) => self.tell("onPersistFailed", vec![Arg::Error(error)]),
            Event::Logout => self.tell("logout", Vec::new()),
        }
    }

    fn keep_process_alive(&self) -> KeepAlive {
        self.queue.push(Item::Hold(self.client));
        Box::new(Release(self.clone()))
    }

    fn keep_callbacks_alive(&self) -> KeepAlive {
        self.tell("hold", Vec::new());
        Box::new(LetGo(self.clone()))
    }

    fn alive(&self) -> bool {
        !self.queue.closed()
    }
}

/// Ends what `keep_callbacks_alive` began.
struct LetGo(Callbacks);

impl Drop for LetGo {
    fn drop(&mut self) {
        self.0.tell("release", Vec::new());
    }
}

struct Release(Callbacks);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.queue.push(Item::Release(self.0.client));
    }
}

impl Format for Callbacks {
    fn format<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<HeaderValue, Error>> {
        Box::pin(async move {
            let Some(question) = self.ask("format", vec![Arg::Secret(token.clone())]) else {
                return Err(Error::ClientClosed);
            };
            match question.reply.await {
                Ok(Reply::Text(text)) => {
                    HeaderValue::try_from(text).map_err(|_| Error::Format { cause: None })
                }
                Ok(Reply::Failed { thrown, .. }) => Err(Error::Format { cause: self.cause(thrown) }),
                Ok(_) => Err(Error::Format { cause: None }),
                Err(_) => Err(Error::ClientClosed),
            }
        })
    }
}

impl Judge for Callbacks {
    /// `[status, head, body | null, network error]`; the head as an answer's own, so that `lib/` unpacks both alike.
    fn is_expired<'a>(
        &'a self,
        answer: &'a Result<Response, Error>,
        url: &'a Url,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let (status, args) = match answer {
                Ok(response) => {
                    (response.status, [Arg::Latin1(resolve::head(response)), body(response), Arg::Null])
                }
                Err(error) => (0, [Arg::Text(url.as_str().to_owned()), Arg::Null, Arg::Error(error.clone())]),
            };
            let args = std::iter::once(Arg::Number(f64::from(status))).chain(args).collect();
            let Some(question) = self.ask("isSessionExpired", args) else { return Ok(status == 401) };
            match question.reply.await {
                Ok(Reply::Flag(expired)) => Ok(expired),
                _ => Ok(status == 401),
            }
        })
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "thrown value {}", self.number)
    }
}

impl Thrown for Kept {
    fn place(&self) -> (u64, u32) {
        (self.queue.id, self.number)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.queue.tell(0, "forget", vec![Arg::Number(f64::from(self.number))]);
    }
}
