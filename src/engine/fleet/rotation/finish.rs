//! The answer is committed, or kept in memory while the store fails (§10).

use std::sync::Arc;

use crate::fleet::commit::{Commit, Decision};
use crate::fleet::documents::Stored;
use crate::fleet::record::{Kept, Record};
use crate::fleet::rotation::Rotation;
use crate::fleet::rotation::holding::Holding;
use crate::fleet::rotation::spending::Spending;
use crate::fleet::switches::Bug;
use crate::fleet::{News, Rotated};
use crate::grant::GrantError;
use crate::store::{StoreError, Version};
use crate::token::Tokens;

impl Rotation<'_> {
    pub(super) async fn commit(&self, holding: &Holding, spending: &Spending, tokens: Tokens) -> Rotated {
        let base = &spending.base;
        let switches = self.fleet.settings.switches;
        if switches.has(Bug::SideFieldDiscards) && tokens.extra().is_some() {
            return Rotated::Failed(GrantError::Malformed { refresh: None, cause: None });
        }
        let tokens = tokens.succeeding(base.tokens.as_ref().map(|kept| &*kept.tokens));
        let lifetime = tokens.lifetime(self.fleet.clock.wall_ms());
        let kept = Kept { tokens: Arc::new(tokens), lifetime };
        let commit =
            Arc::new(Commit { id: holding.lease, base: base.clone(), kept, seen: spending.seen.clone() });
        if switches.has(Bug::ReleaseBeforeCommit) {
            self.release(holding, spending, None).await;
        }
        if switches.has(Bug::PublishBeforeCommit) {
            self.member.known.lock().keep(&commit, None, self.fleet.clock.now());
        }
        let Stored { record, version } = holding.stored();
        match self.write_commit(&commit, commit.over(&record), Some(version)).await {
            Ok(Some(rotated)) => return rotated,
            Ok(None) if switches.has(Bug::TokenDropped) => return Rotated::Later,
            Ok(None) => {}
            Err(error) => return self.keep(&commit, holding, error),
        }
        loop {
            match self.commit_over_newer(&commit).await {
                Ok(Some(rotated)) => return rotated,
                Ok(None) => self.fleet.hesitate().await,
                Err(error) => return self.keep(&commit, holding, error),
            }
        }
    }

    /// One round after a conflict. None: another conflict.
    async fn commit_over_newer(&self, commit: &Arc<Commit>) -> Result<Option<Rotated>, StoreError> {
        let begun = self.fleet.clock.now();
        let stored = self.fleet.read(&self.member.session).await?;
        let record = stored.as_ref().map(|stored| &stored.record);
        let next = match commit.decide(record, self.fleet.settings.switches) {
            Decision::Write(next) => next,
            Decision::Done | Decision::Superseded => {
                let times = (begun, self.fleet.clock.now());
                // If something has to be written back, the next read finds that too.
                self.member.known.lock().weigh(record, times, self.fleet);
                return Ok(Some(self.ended(commit)));
            }
        };
        let fenced = next.has_candidate(commit.id);
        let lease = record.and_then(|record| record.lease.as_ref());
        let news = match lease {
            _ if fenced => Some(News::Fenced),
            Some(lease) if lease.id != commit.id => Some(News::Reclaimed),
            _ => None,
        };
        let done = self.write_commit(commit, *next, stored.map(|stored| stored.version)).await?;
        if let Some(news) = news.filter(|_| done.is_some()) {
            self.sender.tell(news);
        }
        Ok(done)
    }

    async fn write_commit(
        &self,
        commit: &Commit,
        next: Record,
        expected: Option<Version>,
    ) -> Result<Option<Rotated>, StoreError> {
        let begun = self.fleet.clock.now();
        let draft = self.fleet.draft(next);
        match self.fleet.write(&self.member.session, expected, &draft).await {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(_) if self.fleet.settings.switches.has(Bug::SwallowStoreError) => {}
            Err(error) => return Err(error),
        }
        self.member.wrote(self.fleet, &draft.record, begun);
        Ok(Some(self.ended(commit)))
    }

    /// The store has failed. The write may have been applied, or be applied later; [`Member::save`] finds out (rule 3.1).
    ///
    /// [`Member::save`]: crate::fleet::Member::save
    fn keep(&self, commit: &Arc<Commit>, holding: &Holding, error: StoreError) -> Rotated {
        self.member.known.lock().keep(commit, holding.take_lock(), self.fleet.clock.now());
        match self.ended(commit) {
            Rotated::Committed { state, .. } => Rotated::Committed { state, unsaved: Some(error) },
            other => other,
        }
    }

    /// By what this process knows now.
    fn ended(&self, commit: &Commit) -> Rotated {
        match self.member.known() {
            Some(state) if state.mark.commit == commit.id => Rotated::Committed { state, unsaved: None },
            Some(state) if state.mark.login == commit.base.login.id => Rotated::Adopted(state),
            state => Rotated::Superseded { tokens: commit.tokens(), state },
        }
    }
}
