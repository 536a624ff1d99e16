//! The refresh tokens that this session has sent, so that two logins do not send the same one.
//!
//! A login may bring the very tokens that a flight of the login before is refreshing. To send that refresh token again
//! would spend it twice, so that the new login takes the answer of the earlier refresh.

use std::sync::Arc;

use crate::grant::GrantError;
use crate::secret::Secret;
use crate::token::Tokens;
use crate::wait::outcome::Outcome;

pub(crate) type Answer = Outcome<Result<Tokens, GrantError>>;

#[derive(Debug, Default)]
pub(crate) struct SpentTokens(Vec<Sent>);

#[derive(Debug)]
struct Sent {
    token: Secret,
    epoch: u64,
    answer: Arc<Answer>,
}

/// Whether to send a refresh token.
#[derive(Debug)]
pub(crate) enum Send {
    /// Send it, and set this answer.
    Now(Arc<Answer>),
    /// An earlier login has sent it: wait for this answer.
    AlreadySent(Arc<Answer>),
}

impl SpentTokens {
    pub(crate) fn send(&mut self, token: &Secret, epoch: u64) -> Send {
        if let Some(sent) = self.earlier(token, epoch).find(|sent| sent.unanswered() || sent.spent()) {
            return Send::AlreadySent(Arc::clone(&sent.answer));
        }
        // A refresh that was answered matters only until a refresh with another token starts.
        self.0.retain(Sent::unanswered);
        let answer = Arc::<Answer>::default();
        self.0.push(Sent { token: token.clone(), epoch, answer: Arc::clone(&answer) });
        Send::Now(answer)
    }

    /// Whether an earlier login has spent the token, and its answer is known.
    pub(crate) fn spent(&self, token: &Secret, epoch: u64) -> bool {
        self.earlier(token, epoch).any(Sent::spent)
    }

    fn earlier(&self, token: &Secret, epoch: u64) -> impl Iterator<Item = &Sent> {
        self.0.iter().filter(move |sent| sent.token == *token && sent.epoch < epoch)
    }
}

impl Sent {
    fn unanswered(&self) -> bool {
        self.answer.get().is_none()
    }

    /// A refresh that brought the same refresh token has spent nothing: the server does not rotate.
    fn spent(&self) -> bool {
        let Some(Ok(tokens)) = self.answer.get() else { return false };
        tokens.refresh.is_some_and(|token| token != self.token)
    }
}

#[cfg(test)]
mod tests {
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
}
