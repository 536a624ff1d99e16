//! The suite over a grant as small as the rules allow, and over grants that break one rule each.

use serde_json::Value;
use url::Url;

use super::*;
use crate::token::Malformed;

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    EntersLate,
    Repeats,
    TrustsSilence,
    ForgetsThePause,
    BlamesTheSession,
    DropsTheSuccessor,
    GoesOnAlone,
}

/// The refresh of RFC 6749 §6.
struct Refreshing(Arc<dyn Post>, Mistake);

impl Grant for Refreshing {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        let post = Arc::clone(&self.0);
        let asked = asked(post, ask, self.1);
        if self.1 == Mistake::GoesOnAlone {
            return Box::pin(async { tokio::spawn(asked).await.unwrap() });
        }
        Box::pin(asked)
    }
}

async fn asked(post: Arc<dyn Post>, ask: Ask, mistake: Mistake) -> Result<Tokens, GrantError> {
    if mistake != Mistake::EntersLate {
        ask.entered.fire();
    }
    let mut answer = post.post(form(&ask)).await;
    if mistake == Mistake::Repeats && answer.is_err() {
        answer = post.post(form(&ask)).await;
    }
    let answer = match answer {
        Ok(answer) => answer,
        Err(NotAnswered { sent: true, .. }) if mistake != Mistake::TrustsSilence => {
            return Err(GrantError::Ambiguous { cause: None });
        }
        Err(_) => return Err(GrantError::Unspent { retry_after: None, cause: None }),
    };
    match answer.status {
        200 if error(&answer.body).is_none() => tokens(&answer.body).map_err(|_| {
            let refresh = successor(&answer.body).filter(|_| mistake != Mistake::DropsTheSuccessor);
            GrantError::Malformed { refresh, cause: None }
        }),
        429 | 500.. if mistake == Mistake::ForgetsThePause => {
            Err(GrantError::Unspent { retry_after: None, cause: None })
        }
        429 | 500.. => Err(GrantError::Unspent { retry_after: answer.retry_after, cause: None }),
        _ if mistake != Mistake::BlamesTheSession
            && error(&answer.body).is_some_and(|code| is_client(&code)) =>
        {
            Err(GrantError::Unspent { retry_after: None, cause: None })
        }
        _ => Err(GrantError::Terminal { cause: None }),
    }
}

fn error(body: &Secret) -> Option<String> {
    field(body, "error")
}

fn is_client(code: &str) -> bool {
    ["invalid_client", "unauthorized_client"].contains(&code)
}

fn successor(body: &Secret) -> Option<Secret> {
    let refresh = Secret::new(field(body, "refresh_token")?);
    Tokens::new(Secret::new(String::new()), Some(refresh), None, None).ok()?.refresh
}

fn form(ask: &Ask) -> Form {
    let mut form = Form::new(Url::parse("https://auth.example/token").unwrap());
    form.add("grant_type", Secret::new("refresh_token".into()));
    if let Some(token) = ask.refresh_token.clone() {
        form.add("refresh_token", token);
    }
    form
}

fn tokens(body: &Secret) -> Result<Tokens, Malformed> {
    let access = field(body, "access_token").filter(|token| !token.is_empty()).ok_or(Malformed::Access)?;
    Tokens::new(Secret::new(access), field(body, "refresh_token").map(Secret::new), None, None)
}

fn field(body: &Secret, name: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body.expose()).unwrap_or_default();
    body[name].as_str().map(str::to_owned)
}

async fn run(mistake: Mistake) {
    conforms(|post| Arc::new(Refreshing(post, mistake))).await;
}

#[tokio::test]
async fn grant_that_keeps_the_rules_conforms() {
    run(Mistake::None).await;
}

#[tokio::test]
#[should_panic(expected = "before `entered` fired")]
async fn grant_that_sends_before_it_enters_fails() {
    run(Mistake::EntersLate).await;
}

#[tokio::test]
#[should_panic(expected = "asked once")]
async fn grant_that_repeats_a_question_fails() {
    run(Mistake::Repeats).await;
}

#[tokio::test]
#[should_panic(expected = "Fail(true)")]
async fn grant_that_takes_a_lost_connection_for_unspent_fails() {
    run(Mistake::TrustsSilence).await;
}

#[tokio::test]
#[should_panic(expected = "Unspent(Some")]
async fn grant_that_forgets_the_pause_fails() {
    run(Mistake::ForgetsThePause).await;
}

#[tokio::test]
#[should_panic(expected = "invalid_client")]
async fn grant_that_blames_the_session_for_a_wrong_secret_fails() {
    run(Mistake::BlamesTheSession).await;
}

#[tokio::test]
#[should_panic(expected = "refresh_token")]
async fn grant_that_drops_a_refresh_token_without_an_access_token_fails() {
    run(Mistake::DropsTheSuccessor).await;
}

#[tokio::test]
#[should_panic(expected = "none is under way")]
async fn grant_that_goes_on_when_it_is_given_up_fails() {
    run(Mistake::GoesOnAlone).await;
}
