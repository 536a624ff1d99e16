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

/// The answer to: may a refresh token be sent?
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

    /// True if an earlier login has spent the token, and its answer is known.
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
        let successor = match self.answer.get() {
            Some(Ok(tokens)) => tokens.refresh,
            Some(Err(GrantError::Malformed { refresh, .. })) => refresh,
            _ => None,
        };
        successor.is_some_and(|token| token != self.token)
    }
}

#[cfg(test)]
mod tests;
