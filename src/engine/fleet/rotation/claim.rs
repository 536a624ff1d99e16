//! The claim (§5): one write of lease and intent, which is also the proof that the store can be written (rule 5.1).

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use serde_json::Map;

use crate::fleet::documents::Stored;
use crate::fleet::record::{Id, Intent, Kept, Lease, Record, millis};
use crate::fleet::rotation::holding::Holding;
use crate::fleet::rotation::spending::Spending;
use crate::fleet::rotation::{Free, Rotation};
use crate::fleet::switches::{Bug, Rule};
use crate::fleet::{News, Rotated};
use crate::store::{StoreError, Version};

impl Rotation<'_> {
    /// None: begin again.
    pub(super) async fn claim(&self, free: Free) -> ControlFlow<Rotated, Option<(Holding, Spending)>> {
        let Free { record, version: expected, lock } = free;
        let settings = &self.fleet.settings;
        let orphan = self.orphan(&record);
        // Nodes may differ in what they believe of the server (rule 9.1).
        let grace = orphan.map_or(millis(settings.grace), |orphan| orphan.grace.min(millis(settings.grace)));
        let is_orphan = orphan.is_some();
        if is_orphan && grace == 0 && !self.sender.refused() {
            // The time lets a stopped holder come back with its answer (rule 9.2).
            return Break(Rotated::Later);
        }
        let contended = is_orphan || record.lease.is_some() || record.intent.is_some();
        let lock = match lock {
            None => self.lock().await,
            lock => lock,
        };
        let lease = self.fleet.id();
        let claimed = self.claimed(&record, lease, grace, lock.is_some());
        let spending = Spending::new(&record, grace, is_orphan, self.attempt);
        // The time before the write: the lease may be as old as that.
        let begun = self.fleet.clock.now();
        let draft = self.fleet.draft(claimed);
        let written = self.fleet.write(&self.member.session, expected, &draft).await;
        let mut stored = draft.stored();
        match written {
            Ok(true) => {}
            Ok(false) => {
                self.fleet.hesitate().await;
                return Continue(None);
            }
            Err(error) => {
                match self.undecided((lease, !is_orphan), &stored, (record, expected), error).await? {
                    Some(claimed) => stored = claimed,
                    None => return Continue(None),
                }
            }
        }
        if contended && settings.switches.keeps(Rule::R5_3) {
            // The old holder, only slow, may have committed between the read and the claim (rule 5.3).
            match self.member.read(self.fleet).await {
                Ok(Some(read)) if read.version == stored.version => {}
                Ok(_) => return Continue(None),
                Err(error) => {
                    self.member.known.lock().end(lease, !is_orphan);
                    return Break(Rotated::StoreUnavailable(error));
                }
            }
        }
        if is_orphan {
            self.sender.tell(News::OrphanIntent);
        }
        let begun = if settings.switches.keeps(Rule::R7_3) { begun } else { self.fleet.clock.now() };
        Continue(Some((Holding::new(lease, stored, begun, lock), spending)))
    }

    /// The intent of somebody who died, or who got no answer. It says that the refresh token may be spent.
    fn orphan<'r>(&self, record: &'r Record) -> Option<&'r Intent> {
        let intent = record.intent.as_ref()?;
        (intent.token.is_some() && !self.member.known.lock().is_clear(intent.claim)).then_some(intent)
    }

    fn claimed(&self, record: &Record, id: Id, grace: u64, locked: bool) -> Record {
        let settings = &self.fleet.settings;
        let token = record.tokens.as_ref().and_then(Kept::fingerprint);
        let mut claimed = record.bare();
        let constant = settings.switches.has(Bug::ConstantOwner);
        let owner = if constant { "owner".into() } else { Arc::clone(&settings.owner) };
        let (ms, rest) = (millis(settings.lease()), Map::new());
        claimed.lease = Some(Lease { id, owner, ms, beat: 0, locked, rest });
        claimed.intent = Some(Intent { token, claim: id, grace, unanswered: false, rest: Map::new() })
            .filter(|_| !settings.switches.has(Bug::NoIntent));
        claimed
    }

    /// The claim was reported as failed. Some: it was applied. None: it is ruled out. `clear`: it was no claim over an orphan,
    /// whose token may be spent although nothing is sent now.
    async fn undecided(
        &self,
        (lease, clear): (Id, bool),
        claimed: &Stored,
        (record, expected): (Record, Option<Version>),
        error: StoreError,
    ) -> ControlFlow<Rotated, Option<Stored>> {
        let read = self.member.read(self.fleet).await;
        let by_id = self.fleet.settings.switches.keeps(Rule::R3_3);
        let is_mine = |stored: &Stored| {
            let is_id = stored.record.lease.as_ref().is_some_and(|stored| stored.id == lease);
            if by_id { is_id } else { stored.version == claimed.version }
        };
        let stored = match read {
            Ok(Some(stored)) if is_mine(&stored) => return Continue(Some(stored)),
            Ok(stored) => stored,
            Err(error) => {
                self.member.known.lock().end(lease, clear);
                return Break(Rotated::StoreUnavailable(error));
            }
        };
        self.member.known.lock().end(lease, clear);
        if stored.map(|stored| stored.version) != expected {
            // Somebody has written: the late claim will conflict.
            return Continue(None);
        }
        if expected.is_none() {
            return Break(Rotated::StoreUnavailable(error));
        }
        // Only another write over the same version rules a late claim out (rule 3.1).
        let same = self.fleet.draft(record);
        match self.fleet.write(&self.member.session, expected, &same).await {
            Ok(_) => Continue(None),
            Err(error) => Break(Rotated::StoreUnavailable(error)),
        }
    }
}
