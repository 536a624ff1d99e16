//! The refresh itself: how often the same refresh token is sent, and how long its answer is waited for.
//!
//! Invariant: a token that may be spent is sent again only within the grace that the server gives, and never while an
//! earlier question with it may still be answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{sleep, sleep_until};

use crate::clock;
use crate::clock::Instant;
use crate::error::Error;
use crate::event::Event;
use crate::grant::{Ask, Entered, GrantError};
use crate::secret::Secret;
use crate::session::flight::Flight;
use crate::session::flight::spent_tokens::{Answer, Turn};
use crate::session::schedule;
use crate::session::schedule::Policy;
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

/// A question that another login may wait for: it is answered, a panic included.
struct Open(Arc<Answer>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.set(Err(GrantError::Ambiguous { cause: None }));
    }
}

impl Flight {
    /// Asks for new tokens, again after failures that spent nothing, and once more after one that may have spent the
    /// token if the server takes it twice.
    pub(crate) async fn refresh(&mut self, token: Option<&Secret>) -> Result<Tokens, GrantError> {
        let mut attempt = 1;
        let mut first_sent: Option<Instant> = None;
        let mut sent_again = false;
        loop {
            let error = match self.ask(token, attempt, &mut first_sent).await {
                Ok(tokens) => return Ok(tokens),
                Err(error) => error,
            };
            let since = first_sent.map_or(Duration::ZERO, |at| clock::now() - at);
            let Policy { max_retries, refresh_timeout, rotation_grace, .. } = self.by.policy;
            let (pause, deadline) = match &error {
                GrantError::Unspent { retry_after, .. } if attempt <= max_retries => {
                    // This question spent nothing; the one before it, without an answer, may have.
                    let grace = if sent_again { rotation_grace } else { Duration::MAX };
                    let pause = schedule::try_pause(attempt, *retry_after, rand::random());
                    (pause, refresh_timeout.min(grace))
                }
                GrantError::Ambiguous { .. } if !sent_again => {
                    sent_again = true;
                    (Duration::ZERO, rotation_grace)
                }
                GrantError::Gone if self.change_participant() => (Duration::ZERO, Duration::MAX),
                _ => return Err(error),
            };
            if since + pause >= deadline {
                return Err(error);
            }
            sleep(pause).await;
            if self.overtaken() {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// One question, unless a login before this one has asked it.
    async fn ask(
        &mut self,
        token: Option<&Secret>,
        attempt: u32,
        first_sent: &mut Option<Instant>,
    ) -> Result<Tokens, GrantError> {
        let turn = token
            .map(|token| self.session.inner().past.get_or_insert_default().asked.turn(token, self.epoch));
        let asked = match turn {
            Some(Turn::Wait(answer)) => return self.wait_for(&answer, token, first_sent).await,
            Some(Turn::Ask(answer)) => Some(Open(answer)),
            None => None,
        };
        let by = Arc::clone(&self.by);
        by.host.emit(Event::BeforeRefresh);
        let entered = Entered::default();
        let session = Arc::clone(&self.session.key);
        let answer = by.grant.refresh(Ask {
            session,
            refresh_token: token.cloned(),
            epoch: self.epoch,
            attempt,
            entered: entered.clone(),
        });
        let answer = self.answer(answer, &entered, first_sent).await;
        if let Some(Open(asked)) = &asked {
            asked.set(answer.clone());
        }
        self.noted(token, answer)
    }

    async fn wait_for(
        &mut self,
        answer: &Answer,
        token: Option<&Secret>,
        first_sent: &mut Option<Instant>,
    ) -> Result<Tokens, GrantError> {
        let entered = Entered::default();
        entered.fire();
        let answer = self.answer(Box::pin(answer.wait(Arrival::draw())), &entered, first_sent).await;
        self.noted(token, answer)
    }

    /// Callers wait `refreshTimeout` from the moment the question really began; the question itself goes on, for its
    /// answer may hold the only valid refresh token there is.
    async fn answer(
        &self,
        mut answer: BoxFuture<'_, Result<Tokens, GrantError>>,
        entered: &Entered,
        first_sent: &mut Option<Instant>,
    ) -> Result<Tokens, GrantError> {
        tokio::select! {
            biased;
            answer = &mut answer => {
                // It may be answered before anybody saw it begin.
                if !matches!(answer, Err(GrantError::Gone)) {
                    first_sent.get_or_insert_with(clock::now);
                }
                return answer;
            }
            () = entered.wait() => {}
        }
        let begun = clock::now();
        let Policy { refresh_timeout: patience, .. } = self.by.policy;
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            () = sleep_until(*first_sent.get_or_insert(begun) + patience) => self.overdue(patience),
        }
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            () = sleep_until(begun + self.by.policy.hard_limit()) => Err(GrantError::Ambiguous { cause: None }),
        }
    }

    /// Remembers that the token may be spent.
    fn noted(
        &mut self,
        token: Option<&Secret>,
        answer: Result<Tokens, GrantError>,
    ) -> Result<Tokens, GrantError> {
        if let Err(GrantError::Ambiguous { .. } | GrantError::Malformed { .. }) = answer {
            self.by.counters.ambiguous.add();
            self.maybe_spent = token.map(Secret::fingerprint);
        }
        answer
    }

    /// Sends the waiters away; the question stays under way, and no other is asked meanwhile.
    fn overdue(&self, after: Duration) {
        let late = Error::RefreshTimeout { after };
        let mut inner = self.session.inner();
        inner.state.overdue(self.epoch, after);
        let Policy { anonymous, forgets, .. } = self.by.policy;
        if inner.state.epoch() == self.epoch {
            if forgets {
                inner.state.forget();
            }
            if anonymous {
                self.by.host.emit(Event::RefreshFailed(late.clone()));
            }
        }
        drop(inner);
        self.handle.outcome.set(Err(late));
    }
}
