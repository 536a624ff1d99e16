//! The refresh: how often the same refresh token is sent, and how long a flight waits for the answer.
//!
//! Invariant: a refresh token that may be spent is sent again only within the server's grace, and never while an earlier
//! refresh with it may still be answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{sleep, sleep_until};

use crate::clock;
use crate::clock::Instant;
use crate::dpop::Key;
use crate::error::Error;
use crate::event::Event;
use crate::grant::{Ask, Entered, GrantError, Permit};
use crate::secret::Secret;
use crate::session::flight::Flight;
use crate::session::past::spent_tokens::{Answer, Send};
use crate::session::schedule;
use crate::session::schedule::Policy;
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

/// A refresh that a later login may wait for. Dropping it answers, so that a panic leaves no login waiting.
struct Unanswered(Arc<Answer>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.set(Err(GrantError::Ambiguous { cause: None }));
    }
}

impl Flight {
    /// Asks for new tokens. Asks again after failures that spent nothing. After a failure that may have spent the token, asks
    /// once more if the server has a grace.
    pub(crate) async fn refresh(&mut self, from: Option<&Tokens>) -> Result<Tokens, GrantError> {
        let token = from.and_then(|from| from.refresh.as_ref());
        let bound = from.and_then(|from| from.bound()).map(|bound| &bound.key);
        let mut attempt = 1;
        let mut first_sent: Option<Instant> = None;
        let mut sent_again = false;
        loop {
            let error = match self.ask(token, bound, attempt, &Permit::default(), &mut first_sent).await {
                Ok(tokens) => return Ok(tokens),
                Err(error) => error,
            };
            let since = first_sent.map_or(Duration::ZERO, |at| clock::now() - at);
            let Policy { max_retries, refresh_timeout, rotation_grace, .. } = self.by.policy;
            let (pause, deadline) = match &error {
                GrantError::Unspent { retry_after, .. } if attempt <= max_retries => {
                    // This try spent nothing, but an earlier one without an answer may have spent the token.
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

    /// Asks once, unless an earlier login has sent the same refresh token: then its answer is the answer.
    pub(super) async fn ask(
        &mut self,
        token: Option<&Secret>,
        bound: Option<&Key>,
        attempt: u32,
        permit: &Permit,
        first_sent: &mut Option<Instant>,
    ) -> Result<Tokens, GrantError> {
        // Also a rotation that has waited for its turn: the process may end before the successor of the token is stored.
        if self.by.ending.is_cancelled() && first_sent.is_none() {
            return Err(GrantError::Unspent { retry_after: None, cause: None });
        }
        let sending = token.map(|token| self.session.inner().past().spent_tokens.send(token, self.epoch));
        let unanswered = match sending {
            Some(Send::AlreadySent(answer)) => return self.wait_for(&answer, token, first_sent).await,
            Some(Send::Now(answer)) => Some(Unanswered(answer)),
            None => None,
        };
        let by = Arc::clone(&self.by);
        by.host.emit(&self.session.key, Event::BeforeRefresh { attempt, epoch: self.epoch });
        let entered = Entered::default();
        let session = Arc::clone(&self.session.key);
        let claims = self.session.inner().wanted_claims();
        let answer = by.grant.refresh(Ask {
            session,
            refresh_token: token.cloned(),
            bound: bound.cloned(),
            claims: claims.clone(),
            epoch: self.epoch,
            attempt,
            permit: permit.clone(),
            entered: entered.clone(),
        });
        let answer = self.answer(answer, &entered, first_sent).await;
        if let (Some(claims), Ok(_)) = (claims, &answer) {
            let mut inner = self.session.inner();
            let now = inner.now();
            inner.claims_were_asked_for(&claims, self.epoch, now);
        }
        if let Some(Unanswered(shared)) = &unanswered {
            shared.set(answer.clone());
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

    /// Callers wait for `refreshTimeout` from the moment at which the callback was entered. The refresh itself goes on,
    /// because its answer may hold the only valid refresh token.
    async fn answer(
        &self,
        mut answer: BoxFuture<'_, Result<Tokens, GrantError>>,
        entered: &Entered,
        first_sent: &mut Option<Instant>,
    ) -> Result<Tokens, GrantError> {
        tokio::select! {
            biased;
            answer = &mut answer => {
                // The answer may come before `entered` was seen.
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

    /// Remembers a token that may be spent.
    fn noted(
        &mut self,
        token: Option<&Secret>,
        answer: Result<Tokens, GrantError>,
    ) -> Result<Tokens, GrantError> {
        if let Err(GrantError::Ambiguous { .. } | GrantError::Malformed { refresh: None, .. }) = answer {
            self.by.counters.ambiguous.add();
            self.maybe_spent = token.map(Secret::fingerprint);
        }
        answer
    }

    /// Callers get an error. The refresh stays under way, and no other refresh begins meanwhile.
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
                self.by.host.emit(&self.session.key, Event::RefreshFailed(late.clone()));
            }
        }
        drop(inner);
        self.handle.outcome.set(Err(late));
    }
}
