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
        200 => tokens(&answer.body).map_err(|_| GrantError::Malformed { cause: None }),
        429 | 500.. if mistake == Mistake::ForgetsThePause => {
            Err(GrantError::Unspent { retry_after: None, cause: None })
        }
        429 | 500.. => Err(GrantError::Unspent { retry_after: answer.retry_after, cause: None }),
        _ => Err(GrantError::Terminal { cause: None }),
    }
}

fn form(ask: &Ask) -> Form {
    let grant_type = ("grant_type".to_owned(), Secret::new("refresh_token".into()));
    let token = ask.refresh_token.clone().map(|token| ("refresh_token".to_owned(), token));
    Form {
        url: Url::parse("https://auth.example/token").unwrap(),
        fields: [grant_type].into_iter().chain(token).collect(),
    }
}

fn tokens(body: &Secret) -> Result<Tokens, Malformed> {
    let body: Value = serde_json::from_str(body.expose()).unwrap_or_default();
    let secret = |name| Some(Secret::new(body[name].as_str()?.to_owned()));
    Tokens::new(secret("access_token").ok_or(Malformed::Access)?, secret("refresh_token"), None, None)
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
#[should_panic(expected = "none is under way")]
async fn grant_that_goes_on_when_it_is_given_up_fails() {
    run(Mistake::GoesOnAlone).await;
}
