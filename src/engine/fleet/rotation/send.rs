//! The token is sent, and what becomes of the answer (§7.3, §8).

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use crate::clock::Instant;
use crate::fleet::rotation::Rotation;
use crate::fleet::rotation::holding::Holding;
use crate::fleet::rotation::spending::Spending;
use crate::fleet::{Asking, Rotated};
use crate::grant::GrantError;
use crate::token::Tokens;

/// The first and the longest pause before a question is asked again.
const REPEAT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The longest cool-down that is obeyed (§11).
const MAX_COOLDOWN: Duration = Duration::from_secs(3600);

/// How the time of a lease ended.
pub(super) enum End {
    Answered(Tokens),
    /// The lease was too old, or taken over, before the token was sent.
    Stale,
    /// The server refused the token, and somebody else has the lease: they may have the answer.
    TakenOver,
    Failed {
        error: GrantError,
        cooldown: Option<Duration>,
    },
    Over(Rotated),
}

impl Rotation<'_> {
    /// Spends the token while the lease is renewed.
    pub(super) async fn hold(&mut self, holding: Holding, mut spending: Spending) -> ControlFlow<Rotated> {
        let end = tokio::select! {
            biased;
            end = self.spend(&holding, &mut spending) => end,
            never = self.renew(&holding) => match never {},
        };
        self.attempt = spending.attempt;
        let clear = !spending.doubtful && !matches!(end, End::Answered(_));
        let flow = match end {
            End::Answered(tokens) => Break(self.commit(&holding, &spending, tokens).await),
            End::Stale => {
                self.release(&holding, &spending, None).await;
                self.fleet.hesitate().await;
                Continue(())
            }
            End::TakenOver => Continue(()),
            End::Failed { error, cooldown } => {
                self.release(&holding, &spending, cooldown).await;
                Break(Rotated::Failed(error))
            }
            End::Over(rotated) => Break(rotated),
        };
        // If it is still in the store, nobody of this process waits for it (rule 5.2).
        self.member.known.lock().end(holding.lease, clear);
        flow
    }

    async fn spend(&self, holding: &Holding, spending: &mut Spending) -> End {
        loop {
            // Also if an earlier rotation was told so, and could not store the loss: a refused token is never sent again.
            let refusal = self.member.known.lock().refusal(spending.base.commit);
            if let Some(refusal) = refusal {
                match self.refused(holding, spending, refusal.cause).await {
                    Break(end) => return end,
                    // A candidate was promoted.
                    Continue(()) => continue,
                }
            }
            self.sender.connect().await;
            // A sender that awaits something before it sends asks for its permit once more (rule 7.3).
            let now = self.fleet.clock.now();
            if !holding.is_fresh(now, &self.fleet.settings) {
                return End::Stale;
            }
            spending.attempt += 1;
            let first = *spending.first_sent.get_or_insert(now);
            if spending.token().is_some() {
                self.member.known.lock().sends(spending.base.commit);
            }
            let (attempt, lease) = (spending.attempt, holding.lease);
            let permit = &holding.permit(self.fleet);
            let asking = Asking { token: spending.token(), bound: spending.bound(), attempt, lease, permit };
            let error = match self.sender.send(asking).await {
                Ok(tokens) => return End::Answered(tokens),
                Err(GrantError::Terminal { cause }) => {
                    self.member.known.lock().refuse(spending.base.commit, cause);
                    continue;
                }
                Err(error) => error,
            };
            match self.repeats(spending, &error, first) {
                Break(cooldown) => return End::Failed { error, cooldown },
                Continue(pause) => self.fleet.clock.sleep(pause).await,
            }
        }
    }

    /// The pause before the question is asked again, or the cool-down with which it is not.
    fn repeats(
        &self,
        spending: &mut Spending,
        error: &GrantError,
        first: Instant,
    ) -> ControlFlow<Option<Duration>, Duration> {
        let settings = &self.fleet.settings;
        let mut repeat = true;
        match error {
            GrantError::Unspent { retry_after: Some(time), .. } => {
                self.unspent(spending);
                return Break(Some((*time).min(MAX_COOLDOWN)));
            }
            GrantError::Unspent { .. } => {
                self.unspent(spending);
                repeat = spending.attempt <= settings.max_retries;
            }
            GrantError::Gone => {
                self.unspent(spending);
                repeat = false;
            }
            GrantError::Ambiguous { .. } => {
                spending.doubtful |= spending.token().is_some();
                repeat &= !spending.grace.is_zero();
            }
            GrantError::Malformed { .. } | GrantError::Unknown { .. } | GrantError::Terminal { .. } => {
                spending.doubtful |= spending.token().is_some();
                repeat = false;
            }
        }
        let grace = if spending.doubtful { spending.grace.mul_f64(0.8) } else { Duration::MAX };
        let doubled = REPEAT.0.saturating_mul(2_u32.saturating_pow(spending.attempt - 1)).min(REPEAT.1);
        let pause = doubled.mul_f64(self.fleet.chance());
        let since = self.fleet.clock.now().saturating_duration_since(first);
        if repeat && since + pause < grace.min(settings.refresh_deadline) {
            return Continue(pause);
        }
        Break(None)
    }

    fn unspent(&self, spending: &Spending) {
        if !spending.doubtful {
            self.member.known.lock().unspent();
        }
    }
}
