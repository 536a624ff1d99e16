//! The grant against a server that answers by a script.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use url::{Url, form_urlencoded};

use super::client_auth::Secrets;
use super::*;
use crate::error::Phase;
use crate::grant::conformance::conforms;
use crate::grant::{Answer, Entered, Form, Permit};
use crate::source::Source;

pub(super) const TOKEN_ENDPOINT: &str = "https://auth.example/token";
const ISSUED: &str = r#"{"access_token":"a1","token_type":"Bearer","expires_in":3600}"#;

pub(super) enum Said {
    Answers(Answer),
    /// The connection ends.
    Breaks {
        sent: bool,
    },
}

/// A URL, and the fields of its form.
type Asked = (String, Vec<(String, String)>);

/// Gives its answers one after the other, and the last one for ever.
#[derive(Default)]
pub(super) struct Script {
    answers: Lock<VecDeque<Said>>,
    pub(super) asked: Lock<Vec<Asked>>,
    /// Of each form.
    headers: Lock<Vec<Vec<(String, String)>>>,
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Said>) -> Arc<Self> {
        let answers = Lock::new(answers.into_iter().collect());
        Arc::new(Self { answers, ..Self::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.asked.lock().len()
    }

    /// The named field of each form.
    pub(super) fn sent(&self, name: &str) -> Vec<Option<String>> {
        let value = |fields: &Vec<(String, String)>| {
            fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
        };
        self.asked.lock().iter().map(|(_, fields)| value(fields)).collect()
    }

    /// The named header of each form.
    pub(super) fn header(&self, name: &str) -> Vec<Option<String>> {
        let value = |headers: &Vec<(String, String)>| {
            headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.clone())
        };
        self.headers.lock().iter().map(value).collect()
    }

    /// Lets others run first, as a network does.
    async fn next(&self) -> Result<Answer, NotAnswered> {
        tokio::task::yield_now().await;
        let mut answers = self.answers.lock();
        let said = if answers.len() > 1 { answers.pop_front().unwrap() } else { again(&answers[0]) };
        match said {
            Said::Answers(answer) => Ok(answer),
            Said::Breaks { sent } => {
                let error = Error::Timeout { phase: Phase::Response, after: Duration::from_secs(1) };
                Err(NotAnswered { sent, error })
            }
        }
    }
}

fn again(said: &Said) -> Said {
    match said {
        Said::Answers(answer) => Said::Answers(Answer {
            status: answer.status,
            retry_after: answer.retry_after,
            dpop_nonce: answer.dpop_nonce.clone(),
            challenge: answer.challenge.clone(),
            content_type: answer.content_type.clone(),
            body: answer.body.clone(),
        }),
        Said::Breaks { sent } => Said::Breaks { sent: *sent },
    }
}

impl Post for Script {
    fn post(&self, form: Form) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form.fields.iter().map(|(name, value)| (name, value.expose())));
        let fields = form_urlencoded::parse(body.finish().as_bytes()).into_owned().collect();
        self.asked.lock().push((form.url.into(), fields));
        let header = |(name, value): &(http::HeaderName, http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        self.headers.lock().push(form.headers.iter().map(header).collect());
        Box::pin(self.next())
    }

    fn get(&self, url: Url) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        self.asked.lock().push((url.into(), Vec::new()));
        Box::pin(self.next())
    }
}

pub(super) fn answer(status: u16, body: &str) -> Answer {
    Answer::new(status, Secret::new(body.into()))
}

pub(super) fn said(status: u16, body: &str) -> Said {
    Said::Answers(answer(status, body))
}

fn pausing(status: u16, seconds: u64) -> Said {
    Said::Answers(Answer { retry_after: Some(Duration::from_secs(seconds)), ..answer(status, "") })
}

pub(super) fn settings(kind: Kind) -> Settings {
    Settings {
        kind,
        endpoints: Endpoints::new(Some(Url::parse(TOKEN_ENDPOINT).unwrap()), None, None),
        client_id: "app".into(),
        auth: ClientAuth::None,
        scope: None,
        audience: None,
        resource: Vec::new(),
        params: Vec::new(),
        dpop: None,
        revoke_on_logout: false,
    }
}

pub(super) fn ask(refresh_token: Option<&str>) -> Ask {
    Ask {
        session: "session".into(),
        refresh_token: refresh_token.map(|token| Secret::new(token.into())),
        bound: None,
        claims: None,
        epoch: 0,
        attempt: 1,
        permit: Permit::default(),
        entered: Entered::default(),
    }
}

fn open(kind: Kind, server: &Arc<Script>) -> OAuth {
    OAuth::new(settings(kind), Arc::clone(server) as _)
}

fn value(text: &str) -> Source {
    Source::Value(Secret::new(text.into()))
}

fn text(error: &GrantError) -> String {
    match error {
        GrantError::Unspent { cause, .. }
        | GrantError::Ambiguous { cause }
        | GrantError::Malformed { cause, .. }
        | GrantError::Unknown { cause }
        | GrantError::Terminal { cause } => cause.as_ref().unwrap().said.as_deref().unwrap().to_owned(),
        GrantError::Gone => panic!("gone"),
    }
}

#[tokio::test]
async fn a_refresh_grant_conforms() {
    conforms(|post| Arc::new(OAuth::new(settings(Kind::RefreshToken), post))).await;
}

#[tokio::test]
async fn a_grant_that_needs_no_human_conforms_while_its_refresh_token_lives() {
    // The suite's own table of refusals is about a token whose refusal ends a session.
    let server =
        Script::new([said(500, ""), Said::Breaks { sent: true }, said(200, r#"{"access_token":7}"#)]);
    let grant = open(Kind::ClientCredentials, &server);
    let errors = [
        grant.refresh(ask(Some("r1"))).await.unwrap_err(),
        grant.refresh(ask(Some("r1"))).await.unwrap_err(),
        grant.refresh(ask(Some("r1"))).await.unwrap_err(),
    ];
    assert!(matches!(
        errors,
        [GrantError::Unspent { .. }, GrantError::Ambiguous { .. }, GrantError::Malformed { .. }]
    ));
    assert_eq!(server.sent("grant_type"), vec![Some("refresh_token".to_owned()); 3]);
}

#[tokio::test]
async fn each_kind_sends_its_own_form() {
    let server = Script::new([said(200, ISSUED)]);
    let exchange = Kind::TokenExchange {
        subject: value("subject"),
        subject_type: "urn:subject".into(),
        actor: Some((value("actor"), "urn:actor".into())),
        requested: Some("urn:requested".into()),
    };
    let kinds = [Kind::ClientCredentials, Kind::JwtBearer(Assertion::Ready(value("assertion"))), exchange];
    for kind in kinds {
        let settings = Settings {
            scope: Some("a b".into()),
            audience: Some("api".into()),
            resource: vec!["https://one.example".into(), "https://two.example".into()],
            params: vec![("tenant".into(), "t".into()), ("grant_type".into(), "password".into())],
            ..settings(kind)
        };
        OAuth::new(settings, Arc::clone(&server) as _).refresh(ask(None)).await.unwrap();
    }
    let usual = [
        ("scope", "a b"),
        ("audience", "api"),
        ("resource", "https://one.example"),
        ("resource", "https://two.example"),
        ("tenant", "t"),
        ("client_id", "app"),
    ];
    let own: [&[_]; 3] = [
        &[("grant_type", "client_credentials")],
        &[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", "assertion")],
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", "subject"),
            ("subject_token_type", "urn:subject"),
            ("actor_token", "actor"),
            ("actor_token_type", "urn:actor"),
            ("requested_token_type", "urn:requested"),
        ],
    ];
    for ((url, fields), own) in server.asked.lock().iter().zip(own) {
        assert_eq!(url, TOKEN_ENDPOINT);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields, [own, &usual].concat());
    }
}

#[tokio::test]
async fn a_refresh_grant_without_a_refresh_token_asks_nothing() {
    let server = Script::new([said(200, ISSUED)]);
    let error = open(Kind::RefreshToken, &server).refresh(ask(None)).await.unwrap_err();
    assert_eq!(error, GrantError::Unknown { cause: None });
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_dead_refresh_token_falls_back_to_the_grant_that_needs_no_human() {
    let server = Script::new([said(400, r#"{"error":"invalid_grant"}"#), said(200, ISSUED)]);
    let grant = open(Kind::ClientCredentials, &server);
    let question = ask(Some("dead"));
    assert_eq!(grant.refresh(question).await.unwrap().access.expose(), "a1");
    // The answer had no refresh token, so that the session still holds the dead one. It is not sent again.
    grant.refresh(ask(Some("dead"))).await.unwrap();
    let kinds: Vec<_> = server.sent("grant_type").into_iter().flatten().collect();
    assert_eq!(kinds, ["refresh_token", "client_credentials", "client_credentials"]);
}

#[tokio::test]
async fn whatever_fails_without_a_refresh_token_has_spent_nothing() {
    let failures = [
        Said::Breaks { sent: true },
        Said::Breaks { sent: false },
        said(400, ""),
        said(400, r#"{"error":"invalid_scope"}"#),
        said(302, ""),
    ];
    for failure in failures {
        let server = Script::new([failure]);
        let error = open(Kind::ClientCredentials, &server).refresh(ask(None)).await.unwrap_err();
        assert!(matches!(error, GrantError::Unspent { retry_after: None, cause: Some(_) }), "{error:?}");
    }
}

#[tokio::test]
async fn the_other_secret_is_tried_once_and_the_one_that_works_is_remembered() {
    let refused = || said(401, r#"{"error":"invalid_client"}"#);
    let server = Script::new([refused(), said(200, ISSUED), said(200, ISSUED), refused(), refused()]);
    let auth = ClientAuth::SecretPost(Secrets::new(value("new"), [value("old")]));
    let settings = Settings { auth, ..settings(Kind::ClientCredentials) };
    let grant = OAuth::new(settings, Arc::clone(&server) as _);
    grant.refresh(ask(None)).await.unwrap();
    grant.refresh(ask(None)).await.unwrap();
    let error = grant.refresh(ask(None)).await.unwrap_err();
    assert_eq!(text(&error), "invalid_client: look at clientId and auth of the grant");
    let sent: Vec<_> = server.sent("client_secret").into_iter().flatten().collect();
    assert_eq!(sent, ["new", "old", "old", "old", "new"]);
}

#[tokio::test]
async fn a_401_that_asks_for_basic_credentials_is_about_the_secret() {
    let challenge =
        |challenge: &str| Said::Answers(Answer { challenge: Some(challenge.into()), ..answer(401, "") });
    let server = Script::new([challenge("Bearer realm=\"a\", Basic realm=\"b\""), said(200, ISSUED)]);
    let auth = ClientAuth::SecretBasic(Secrets::new(value("new"), [value("old")]));
    let grant = OAuth::new(Settings { auth, ..settings(Kind::RefreshToken) }, Arc::clone(&server) as _);
    grant.refresh(ask(Some("r1"))).await.unwrap();
    let basic = ["Basic YXBwOm5ldw==", "Basic YXBwOm9sZA=="];
    assert_eq!(server.header("authorization"), basic.map(|value| Some(value.to_owned())));
    let server = Script::new([challenge("Bearer error=\"basic\"")]);
    let error = open(Kind::RefreshToken, &server).refresh(ask(Some("r1"))).await.unwrap_err();
    assert!(matches!(error, GrantError::Terminal { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_for_all_sessions_of_the_client() {
    for status in [429, 503] {
        let server = Script::new([pausing(status, 60), said(200, ISSUED)]);
        let grant = open(Kind::RefreshToken, &server);
        let first = grant.refresh(ask(Some("r1"))).await.unwrap_err();
        assert!(
            matches!(first, GrantError::Unspent { retry_after: Some(asked), .. } if asked.as_secs() == 60)
        );
        let other = grant.refresh(ask(Some("r2"))).await.unwrap_err();
        let GrantError::Unspent { retry_after: Some(left), .. } = other else { panic!("{other:?}") };
        assert!((60..=62).contains(&left.as_secs()), "{left:?}");
        assert_eq!(server.count(), 1);
        tokio::time::sleep(Duration::from_secs(61)).await;
        grant.refresh(ask(Some("r2"))).await.unwrap();
        assert_eq!(server.sent("refresh_token"), [Some("r1".into()), Some("r2".into())]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_503_without_retry_after_holds_up_its_own_session_alone() {
    let server = Script::new([said(503, ""), said(200, ISSUED)]);
    let grant = open(Kind::RefreshToken, &server);
    grant.refresh(ask(Some("r1"))).await.unwrap_err();
    grant.refresh(ask(Some("r2"))).await.unwrap();
}

#[tokio::test]
async fn a_source_that_cannot_be_read_sends_nothing_and_is_named() {
    let server = Script::new([said(200, ISSUED)]);
    let auth = ClientAuth::SecretPost(Secrets::new(Source::file("/nowhere/secret"), []));
    let grant = OAuth::new(Settings { auth, ..settings(Kind::RefreshToken) }, Arc::clone(&server) as _);
    let question = ask(Some("r1"));
    let entered = question.entered.clone();
    let error = grant.refresh(question).await.unwrap_err();
    assert!(matches!(error, GrantError::Unspent { .. }));
    assert!(text(&error).contains("/nowhere/secret"), "{}", text(&error));
    assert_eq!((server.count(), entered.wait().now_or_never()), (0, None));
}

#[tokio::test]
async fn no_failure_shows_a_token_a_secret_or_what_the_server_wrote() {
    const SECRETS: [&str; 3] = ["r-held", "s-secret", "from-the-wire"];
    let bodies = [
        r#"{"error":"from-the-wire","error_description":"r-held s-secret"}"#,
        r#"{"access_token":"from-the-wire from-the-wire"}"#,
        "from-the-wire r-held",
    ];
    for status in [200, 302, 400, 401, 403, 404, 500] {
        for body in bodies {
            let server = Script::new([said(status, body)]);
            let auth = ClientAuth::SecretPost(Secrets::new(value("s-secret"), []));
            let settings = Settings { auth, ..settings(Kind::RefreshToken) };
            let error = OAuth::new(settings, Arc::clone(&server) as _)
                .refresh(ask(Some("r-held")))
                .await
                .unwrap_err();
            let shown = format!("{error:?} {}", text(&error));
            assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_without_permission() {
    let server = Script::new([said(200, ISSUED)]);
    let grant = open(Kind::RefreshToken, &server);
    let late = Ask { permit: Permit::new(|| false), ..ask(Some("r1")) };
    let entered = late.entered.clone();
    assert!(matches!(grant.refresh(late).await, Err(GrantError::Unspent { .. })));
    assert_eq!((server.count(), entered.wait().now_or_never()), (0, None));
}
