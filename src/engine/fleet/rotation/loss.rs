//! The server has refused the token (§12). Only an answer of the server to the current token ends a session.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::clock::Instant;
use crate::error::{Cause, LostReason};
use crate::fleet::documents::Stored;
use crate::fleet::record::{Candidate, Intent, Lost, Record};
use crate::fleet::rotation::Rotation;
use crate::fleet::rotation::holding::Holding;
use crate::fleet::rotation::send::End;
use crate::fleet::rotation::spending::Spending;
use crate::fleet::switches::{Bug, Rule};
use crate::fleet::{News, Rotated};
use crate::store::StoreError;

impl Rotation<'_> {
    /// Continues if a candidate was promoted, which is to be sent now.
    pub(super) async fn refused(
        &self,
        holding: &Holding,
        spending: &mut Spending,
        cause: Option<Cause>,
    ) -> ControlFlow<End> {
        let settings = &self.fleet.settings;
        let begun = self.fleet.clock.now();
        // A holder that is only slow gets one lease more to commit its answer.
        let mut patient = !spending.doubtful;
        // A promotion that was reported as failed, and when it was tried first.
        let mut promoting: Option<(Candidate, Instant)> = None;
        loop {
            let writing = holding.writing.lock().await;
            let stored = match self.member.read(self.fleet).await {
                Ok(Some(stored)) => stored,
                Ok(None) => return Break(End::Over(Rotated::Nobody)),
                Err(error) => {
                    drop(writing);
                    self.outlast(begun, error).await?;
                    continue;
                }
            };
            let is_mine = holding.is_mine(&stored.record, self.fleet.settings.switches);
            if let Some((candidate, tried)) = &promoting
                && is_mine
                && stored.record.commit == candidate.id
            {
                holding.wrote(stored.clone(), *tried);
                spending.promoted(stored.record.bare());
                return Continue(());
            }
            if stored.record.mark() != spending.base.mark() {
                return Break(End::Over(self.adopted()));
            }
            if let Some(lost) = stored.record.lost {
                return Break(End::Over(Rotated::Lost { reason: lost.reason, by_us: false, cause }));
            }
            if !is_mine && settings.switches.keeps(Rule::R12) && !settings.switches.has(Bug::LoserMarksLost) {
                return Break(End::TakenOver);
            }
            let tried = self.fleet.clock.now();
            let written = if let Some(candidate) = stored.record.candidates.last() {
                let candidate = candidate.clone();
                let known = promoting.take().filter(|(known, _)| known.id == candidate.id);
                let tried = known.map_or(tried, |(_, tried)| tried);
                let promoted = self.promote(holding, stored, spending, &candidate, tried).await;
                promoting = Some((candidate, tried));
                promoted
            } else if patient {
                let reason = reason(spending);
                let done = self.latch(stored, reason).await;
                done.map(|done| {
                    done.then(|| {
                        Break(End::Over(Rotated::Lost { reason, by_us: true, cause: cause.clone() }))
                    })
                })
            } else {
                drop(writing);
                patient = true;
                self.fleet.clock.sleep(settings.lease()).await;
                continue;
            };
            drop(writing);
            match written {
                Ok(Some(flow)) => return flow,
                Ok(None) => self.fleet.hesitate().await,
                Err(error) => self.outlast(begun, error).await?,
            }
        }
    }

    /// Makes a candidate the tokens, with an intent, so that it is tried once even over a crash (rule 10.3). Newest first.
    async fn promote(
        &self,
        holding: &Holding,
        stored: Stored,
        spending: &mut Spending,
        candidate: &Candidate,
        tried: Instant,
    ) -> Result<Option<ControlFlow<End>>, StoreError> {
        let Stored { record, version } = stored;
        let mut next = record.successor(candidate.id, candidate.tokens.clone());
        next.candidates.retain(|other| other.id != candidate.id);
        next.lease = record.lease;
        if let Some(lease) = &mut next.lease {
            lease.beat += 1;
        }
        let token = candidate.tokens.fingerprint();
        next.intent = record.intent.map(|intent| Intent { token, unanswered: false, ..intent });
        self.sender.tell(News::Candidate);
        if !self.fleet.settings.switches.keeps(Rule::R10_3) {
            spending.promoted(next.bare());
            return Ok(Some(Continue(())));
        }
        let draft = self.fleet.draft(next);
        if !self.fleet.write(&self.member.session, Some(version), &draft).await? {
            return Ok(None);
        }
        self.member.wrote(self.fleet, &draft.record, tried);
        spending.promoted(draft.record.bare());
        holding.wrote(draft.stored(), tried);
        Ok(Some(Continue(())))
    }

    /// Ends the session for the whole fleet, until the next login or a late success (rule 10.1).
    async fn latch(&self, stored: Stored, reason: LostReason) -> Result<bool, StoreError> {
        let Stored { record, version } = stored;
        let begun = self.fleet.clock.now();
        let lost = Some(Lost { reason });
        let draft = self.fleet.draft(Record { lost, ..record.bare() });
        let done = self.fleet.write(&self.member.session, Some(version), &draft).await?;
        if done {
            self.member.wrote(self.fleet, &draft.record, begun);
        }
        Ok(done)
    }

    /// Waits for a store that fails. The loss is not known to anybody until it is written.
    async fn outlast(&self, begun: Instant, error: StoreError) -> ControlFlow<End> {
        let settings = &self.fleet.settings;
        if self.fleet.clock.now().saturating_duration_since(begun) >= settings.lease() * 2 {
            return Break(End::Over(Rotated::StoreUnavailable(error)));
        }
        self.fleet.clock.sleep(settings.lease() / 20).await;
        Continue(())
    }
}

fn reason(spending: &Spending) -> LostReason {
    match &spending.base.tokens {
        _ if spending.doubtful => LostReason::RotationOutcomeUnknown,
        Some(kept) if kept.tokens.refresh.is_some() => LostReason::Rejected,
        _ => LostReason::NoRefreshToken,
    }
}
