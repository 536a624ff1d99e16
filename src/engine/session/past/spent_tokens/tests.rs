use super::*;
use crate::token::tests::tokens;

fn secret(text: &str) -> Secret {
    Secret::new(text.into())
}

fn sends(sent: &mut SpentTokens, token: &str, epoch: u64) -> Option<Arc<Answer>> {
    match sent.send(&secret(token), epoch) {
        Send::Now(answer) => Some(answer),
        Send::AlreadySent(_) => None,
    }
}

#[test]
fn token_that_an_earlier_login_has_sent_is_not_sent_again_until_it_is_known_to_be_unspent() {
    let mut sent = SpentTokens::default();
    let answer = sends(&mut sent, "r1", 0).unwrap();
    assert!(sends(&mut sent, "r1", 1).is_none());
    assert!(sends(&mut sent, "r5", 1).is_some(), "another token");
    answer.set(Ok(tokens("a2", Some("r2"))));
    assert!(sends(&mut sent, "r1", 2).is_none());
    assert!(sends(&mut sent, "r6", 3).is_some());
    assert!(sends(&mut sent, "r1", 4).is_some(), "an answer is forgotten when another token is sent");
}

#[test]
fn token_that_was_not_spent_is_sent_again() {
    for (epoch, answer) in [
        (0, Ok(tokens("a2", Some("r2")))),
        (1, Ok(tokens("a2", Some("r1")))),
        (1, Ok(tokens("a2", None))),
        (1, Err(GrantError::Unspent { retry_after: None, cause: None })),
    ] {
        let mut sent = SpentTokens::default();
        sends(&mut sent, "r1", 0).unwrap().set(answer);
        assert!(sends(&mut sent, "r1", epoch).is_some());
    }
}
