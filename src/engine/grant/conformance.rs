//! The duties of every grant that speaks to an authorization server. Each one runs this suite in its own tests.

mod tests;

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use url::Url;

use crate::error::{Error, Phase};
use crate::grant::{Answer, Ask, Entered, Form, Grant, GrantError, NotAnswered, Post};
use crate::secret::Secret;
use crate::token::Tokens;

/// The tokens that no error and no `Debug` may show.
const REFRESH_TOKEN: &str = "refresh-token-held";
const ISSUED: &str = "access-token-issued";
/// The refresh token that answers without an access token bring.
const SUCCESSOR: &str = "r2";

/// Runs the suite. `open` makes a grant that posts its forms with what it is given.
pub(crate) async fn conforms(open: impl Fn(Arc<dyn Post>) -> Arc<dyn Grant>) {
    let suite = Suite { open: &open };
    suite.issued_tokens_are_the_answer().await;
    suite.failures_say_what_is_known_of_the_token().await;
    suite.server_that_asks_for_a_pause_is_heard().await;
    suite.dropping_the_future_gives_the_question_up().await;
}

/// The way in which the server treats a form.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answer(u16, &'static str),
    AskForPause(u16),
    /// The connection fails; `true`: after the form was sent.
    Fail(bool),
    Hang,
}

/// The fate of the refresh token, as a grant tells it when it brings no tokens.
#[derive(Debug, PartialEq)]
enum Known {
    Unspent(Option<Duration>),
    Ambiguous,
    /// With the successor of the refresh token, if the answer has a usable one.
    Malformed(Option<&'static str>),
    Terminal,
}

const PAUSE: Duration = Duration::from_secs(7);

const FAILURES: [(Does, Known); 17] = [
    (Does::Fail(false), Known::Unspent(None)),
    (Does::Fail(true), Known::Ambiguous),
    (Does::Answer(500, "{}"), Known::Unspent(None)),
    (Does::Answer(503, "<html>"), Known::Unspent(None)),
    (Does::Answer(429, ""), Known::Unspent(None)),
    (Does::Answer(200, ""), Known::Malformed(None)),
    (Does::Answer(200, "<html>"), Known::Malformed(None)),
    (Does::Answer(200, r#"{"access_token":""}"#), Known::Malformed(None)),
    (Does::Answer(200, r#"{"access_token":7}"#), Known::Malformed(None)),
    (Does::Answer(200, r#"{"access_token":"a b"}"#), Known::Malformed(None)),
    (Does::Answer(200, r#"{"refresh_token":"r2"}"#), Known::Malformed(Some(SUCCESSOR))),
    (Does::Answer(200, r#"{"access_token":7,"refresh_token":"r2"}"#), Known::Malformed(Some(SUCCESSOR))),
    (Does::Answer(200, r#"{"access_token":7,"refresh_token":"r\n2"}"#), Known::Malformed(None)),
    // The description quotes the token, as some servers do.
    (
        Does::Answer(400, r#"{"error":"invalid_grant","error_description":"refresh-token-held"}"#),
        Known::Terminal,
    ),
    // Some servers answer so with status 200.
    (Does::Answer(200, r#"{"error":"invalid_grant"}"#), Known::Terminal),
    // These are about the program's own credentials. If they were terminal, a wrong secret would end every user's session.
    (Does::Answer(401, r#"{"error":"invalid_client"}"#), Known::Unspent(None)),
    (Does::Answer(400, r#"{"error":"unauthorized_client"}"#), Known::Unspent(None)),
];

struct Suite<'a> {
    open: &'a dyn Fn(Arc<dyn Post>) -> Arc<dyn Grant>,
}

impl Suite<'_> {
    async fn issued_tokens_are_the_answer(&self) {
        let body = r#"{"access_token":"access-token-issued","token_type":"Bearer","refresh_token":"r2"}"#;
        let tokens = self.ask(Does::Answer(200, body)).await.unwrap();
        assert_eq!(tokens.access.expose(), ISSUED);
        assert_eq!(tokens.refresh.as_ref().map(Secret::expose), Some("r2"));
        assert_silent(&tokens);
    }

    async fn failures_say_what_is_known_of_the_token(&self) {
        for (does, known) in FAILURES {
            assert_eq!(self.failure(does).await, known, "{does:?}");
        }
    }

    async fn server_that_asks_for_a_pause_is_heard(&self) {
        for status in [429, 503] {
            assert_eq!(self.failure(Does::AskForPause(status)).await, Known::Unspent(Some(PAUSE)));
        }
    }

    async fn dropping_the_future_gives_the_question_up(&self) {
        let server = Server::new(Does::Hang);
        let grant = (self.open)(Arc::clone(&server) as _);
        tokio::select! {
            biased;
            answer = grant.refresh(server.question()) => panic!("answered out of nothing: {answer:?}"),
            () = server.reached.notified() => {}
        }
        assert_eq!(server.counts(), (1, 0), "one form was sent, and none is under way");
    }

    async fn failure(&self, does: Does) -> Known {
        let error = self.ask(does).await.unwrap_err();
        assert_silent(&error);
        match error {
            GrantError::Unspent { retry_after, .. } => Known::Unspent(retry_after),
            GrantError::Ambiguous { .. } => Known::Ambiguous,
            GrantError::Malformed { refresh, .. } => {
                assert!(refresh.as_ref().is_none_or(|token| token.expose() == SUCCESSOR));
                Known::Malformed(refresh.map(|_| SUCCESSOR))
            }
            GrantError::Terminal { .. } => Known::Terminal,
            GrantError::Unknown { .. } | GrantError::Gone => panic!("{does:?}: {error:?} says nothing"),
        }
    }

    async fn ask(&self, does: Does) -> Result<Tokens, GrantError> {
        let server = Server::new(does);
        let grant = (self.open)(Arc::clone(&server) as _);
        let question = server.question();
        assert_silent(&question);
        let answer = grant.refresh(question).await;
        assert_eq!(server.counts(), (1, 0), "{does:?}: asked once, because repeats are the flight's");
        answer
    }
}

/// An authorization server that does one thing, and counts the forms.
struct Server {
    does: Does,
    entered: Entered,
    posted: AtomicUsize,
    under_way: AtomicUsize,
    reached: Notify,
}

impl Server {
    fn new(does: Does) -> Arc<Self> {
        let (entered, posted, under_way, reached) = Default::default();
        Arc::new(Self { does, entered, posted, under_way, reached })
    }

    fn question(&self) -> Ask {
        Ask {
            session: "session".into(),
            refresh_token: Some(Secret::new(REFRESH_TOKEN.into())),
            bound: None,
            claims: None,
            epoch: 0,
            attempt: 1,
            permit: crate::grant::Permit::default(),
            entered: self.entered.clone(),
        }
    }

    /// Forms that were posted, and those that are under way.
    fn counts(&self) -> (usize, usize) {
        (self.posted.load(Ordering::Relaxed), self.under_way.load(Ordering::Relaxed))
    }
}

impl Post for Server {
    fn post(&self, _form: Form) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        Box::pin(async move {
            if self.posted.fetch_add(1, Ordering::Relaxed) == 0 {
                assert!(
                    self.entered.wait().now_or_never().is_some(),
                    "a form was sent before `entered` fired"
                );
            }
            self.under_way.fetch_add(1, Ordering::Relaxed);
            let _under_way = UnderWay(&self.under_way);
            self.reached.notify_one();
            match self.does {
                Does::Answer(status, body) => Ok(Answer::new(status, Secret::new(body.into()))),
                Does::AskForPause(status) => {
                    let answer = Answer::new(status, Secret::new(String::new()));
                    Ok(Answer { retry_after: Some(PAUSE), ..answer })
                }
                Does::Fail(sent) => {
                    let error = Error::Timeout { phase: Phase::Connect, after: PAUSE };
                    Err(NotAnswered { sent, error })
                }
                Does::Hang => std::future::pending().await,
            }
        })
    }

    fn get(&self, url: Url) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        panic!("a grant that knows its endpoint asks for {}", url.path())
    }
}

struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn assert_silent(shown: &impl Debug) {
    let shown = format!("{shown:?}");
    assert!(!shown.contains(REFRESH_TOKEN) && !shown.contains(ISSUED), "a token shows itself: {shown}");
}
