//! Which refresh tokens this session has asked about, so that none is asked about by two logins.
//!
//! Whoever logs in again with the tokens that are being refreshed begins an epoch, and leaves the flight of the one
//! before to end by itself. To ask about the same refresh token once more would spend it twice: the answer to the
//! question that was asked is the answer to this one.

use std::sync::Arc;

use crate::grant::GrantError;
use crate::secret::Secret;
use crate::token::Tokens;
use crate::wait::outcome::Outcome;

pub(crate) type Answer = Outcome<Result<Tokens, GrantError>>;

#[derive(Debug, Default)]
pub(crate) struct SpentTokens(Vec<Question>);

#[derive(Debug)]
struct Question {
    token: Secret,
    epoch: u64,
    answer: Arc<Answer>,
}

/// Whether to ask about a refresh token.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Ask, and put the answer here.
    Ask(Arc<Answer>),
    /// A login before this one has asked.
    Wait(Arc<Answer>),
}

impl SpentTokens {
    pub(crate) fn turn(&mut self, token: &Secret, epoch: u64) -> Turn {
        if let Some(asked) = self.before(token, epoch).find(|asked| asked.open() || asked.spent()) {
            return Turn::Wait(Arc::clone(&asked.answer));
        }
        // What has been answered is of use for as long as its token is the last that was asked about.
        self.0.retain(Question::open);
        let answer = Arc::<Answer>::default();
        self.0.push(Question { token: token.clone(), epoch, answer: Arc::clone(&answer) });
        Turn::Ask(answer)
    }

    /// Whether a login before this one has spent the token, and knows what became of it.
    pub(crate) fn spent(&self, token: &Secret, epoch: u64) -> bool {
        self.before(token, epoch).any(Question::spent)
    }

    fn before(&self, token: &Secret, epoch: u64) -> impl Iterator<Item = &Question> {
        self.0.iter().filter(move |asked| asked.token == *token && asked.epoch < epoch)
    }
}

impl Question {
    fn open(&self) -> bool {
        self.answer.get().is_none()
    }

    /// A server that does not rotate may be asked as often as one likes.
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

    fn asks(asked: &mut SpentTokens, token: &str, epoch: u64) -> Option<Arc<Answer>> {
        match asked.turn(&secret(token), epoch) {
            Turn::Ask(answer) => Some(answer),
            Turn::Wait(_) => None,
        }
    }

    #[test]
    fn question_of_a_login_before_is_not_asked_again_while_it_is_open_or_if_it_spent_the_token() {
        let mut asked = SpentTokens::default();
        let answer = asks(&mut asked, "r1", 0).unwrap();
        assert!(asks(&mut asked, "r1", 1).is_none());
        assert!(asks(&mut asked, "r5", 1).is_some(), "another token is another question");
        answer.set(Ok(tokens("a2", Some("r2"))));
        assert!(asks(&mut asked, "r1", 2).is_none());
        assert!(asks(&mut asked, "r6", 3).is_some());
        assert!(asks(&mut asked, "r1", 4).is_some(), "what was answered is forgotten with the next question");
    }

    #[test]
    fn question_that_spent_nothing_is_asked_again() {
        for (epoch, answer) in [
            (0, Ok(tokens("a2", Some("r2")))),
            (1, Ok(tokens("a2", Some("r1")))),
            (1, Ok(tokens("a2", None))),
            (1, Err(GrantError::Unspent { retry_after: None, cause: None })),
        ] {
            let mut asked = SpentTokens::default();
            asks(&mut asked, "r1", 0).unwrap().set(answer);
            assert!(asks(&mut asked, "r1", epoch).is_some());
        }
    }
}
