//! A rotation, until it has its turn (§5): the record is read, judged and compared with what the caller used.

mod claim;
mod finish;
mod holding;
mod loss;
mod renew;
mod send;
mod spending;

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use futures_util::future::{BoxFuture, pending};

use crate::clock::Instant;
use crate::fleet::documents::Stored;
use crate::fleet::record::{Lease, Record};
use crate::fleet::silence;
use crate::fleet::switches::Bug;
use crate::fleet::{Fleet, Mark, Member, News, Rotated, Sender};
use crate::store::{HolderLock, StoreError, Version};

/// The first pause between two reads of a waiter. It doubles up to [`silence::poll`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Rotation<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) member: &'a Member,
    pub(super) sender: &'a dyn Sender,
    pub(super) base: Option<Mark>,
    /// How often the server was asked.
    pub(super) attempt: u32,
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy)]
struct Waiting {
    since: Instant,
    pause: Duration,
}

/// What a claim is written over.
pub(super) struct Free {
    pub(super) record: Record,
    pub(super) version: Option<Version>,
    /// The register's lock on this machine, if it has such a thing and nobody else holds it.
    pub(super) lock: Option<Box<dyn Send + Sync>>,
}

impl<'a> Rotation<'a> {
    pub(super) fn new(
        fleet: &'a Fleet,
        member: &'a Member,
        base: Option<Mark>,
        sender: &'a dyn Sender,
    ) -> Self {
        Self { fleet, member, sender, base, attempt: 0, waiting: None }
    }

    pub(super) async fn run(mut self) -> Rotated {
        loop {
            if let Break(end) = self.turn().await {
                self.stop_waiting();
                return end;
            }
        }
    }

    async fn turn(&mut self) -> ControlFlow<Rotated> {
        // Before the read, so that no change is missed.
        let changed = self.waiting.and_then(|_| self.fleet.register.watch(&self.member.session));
        let stored = match self.member.read(self.fleet).await {
            Ok(stored) => stored,
            Err(error) if self.waiting.is_some() => return self.wait(None, changed, Some(error)).await,
            Err(error) => return Break(Rotated::StoreUnavailable(error)),
        };
        let (record, version) = self.to_rotate(stored)?;
        let mut free = Free { record, version, lock: None };
        if !self.is_free(&mut free).await {
            let lease = free.record.lease.as_ref();
            return self.wait(lease, changed, None).await;
        }
        drop(changed);
        let Some((holding, spending)) = self.claim(free).await? else { return Continue(()) };
        self.stop_waiting();
        self.hold(holding, spending).await
    }

    /// The record, if it is the state of the caller and has something to rotate.
    fn to_rotate(&self, stored: Option<Stored>) -> ControlFlow<Rotated, (Record, Option<Version>)> {
        let Some(Stored { record, version }) = stored else {
            return match self.base {
                Some(_) => Break(Rotated::Nobody),
                None => Continue((Record::blank(self.fleet.id()), None)),
            };
        };
        let nobody_ever = record.generation == 0;
        let same = self.base.map_or(nobody_ever, |base| base == record.mark());
        if !same && !self.fleet.settings.switches.has(Bug::DropReread) {
            return Break(self.adopted());
        }
        if record.tokens.is_none() && !nobody_ever {
            return Break(Rotated::Nobody);
        }
        if let Some(lost) = record.lost {
            return Break(Rotated::Lost { reason: lost.reason, by_us: false, cause: None });
        }
        if let Some(cooldown) = record.cooldown {
            let left = self.member.known.lock().left(cooldown, self.fleet.clock.now());
            if !left.is_zero() {
                return Break(Rotated::CoolingDown { left });
            }
        }
        Continue((record, Some(version)))
    }

    pub(super) fn adopted(&self) -> Rotated {
        self.member.known().map_or(Rotated::Nobody, Rotated::Adopted)
    }

    /// True if nobody alive holds a lease (§6).
    async fn is_free(&self, free: &mut Free) -> bool {
        let Some(lease) = &free.record.lease else { return true };
        let switches = self.fleet.settings.switches;
        let is_own_by_name = switches.has(Bug::FenceByOwner) && lease.owner == self.fleet.settings.owner;
        if self.member.known.lock().is_dead(lease) || is_own_by_name || switches.has(Bug::RefreshWhenBusy) {
            return true;
        }
        if lease.locked {
            // The holder had this lock: its process has ended (rule 6.4).
            free.lock = self.lock().await;
        }
        free.lock.is_some()
    }

    pub(super) async fn lock(&self) -> Option<Box<dyn Send + Sync>> {
        let deadline = self.fleet.settings.store_deadline();
        match self.fleet.within(deadline, self.fleet.register.lock_holder(&self.member.session)).await {
            Ok(HolderLock::Taken(lock)) => Some(lock),
            // A process that is stopped has it, or the store has none: silence tells.
            Ok(HolderLock::Busy | HolderLock::Unsupported) | Err(_) => None,
        }
    }

    /// Waits for a change, or for as long as a waiter may without a read.
    async fn wait(
        &mut self,
        lease: Option<&Lease>,
        changed: Option<BoxFuture<'_, ()>>,
        error: Option<StoreError>,
    ) -> ControlFlow<Rotated> {
        if !self.sender.refused() {
            return Break(Rotated::Later);
        }
        let now = self.fleet.clock.now();
        let settings = &self.fleet.settings;
        let Waiting { since, pause } =
            *self.waiting.get_or_insert(Waiting { since: now, pause: FIRST_PAUSE });
        // Longer than the holder's own patience, or the waiter leaves while the holder brings new tokens (rule 6.3).
        let lives = lease.map_or(Duration::ZERO, silence::duration).max(settings.lease());
        let patience = if settings.switches.has(Bug::ShortPatience) {
            lives / 2
        } else {
            lives * 2 + settings.refresh_deadline
        };
        let waited = now.saturating_duration_since(since);
        if waited >= patience {
            return Break(error.map_or(Rotated::LockTimeout { waited }, Rotated::StoreUnavailable));
        }
        let longest = lease.map_or(settings.lease() / 10, silence::poll);
        self.waiting = Some(Waiting { since, pause: (pause * 2).min(longest) });
        let _idle = self.sender.idle();
        tokio::select! {
            biased;
            () = changed.unwrap_or_else(|| Box::pin(pending())) => {}
            () = self.fleet.clock.sleep(pause.min(longest)) => {}
        }
        Continue(())
    }

    fn stop_waiting(&mut self) {
        if let Some(Waiting { since, .. }) = self.waiting.take() {
            let waited = self.fleet.clock.now().saturating_duration_since(since);
            self.sender.tell(News::Waited(waited));
        }
    }
}
