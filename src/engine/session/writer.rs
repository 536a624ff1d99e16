//! Puts the newest tokens into the store, in order and for as long as it takes.
//!
//! Invariant: one write at a time, always of the newest tokens. A write that fails is repeated until it succeeds or
//! newer tokens take its place; until then the session never reads the store.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;

use crate::clock;
use crate::error::{Error, StoreAction};
use crate::event::Event;
use crate::session::Session;
use crate::session::held::Versioned;
use crate::session::participant::{KeepAlive, Participant};
use crate::session::signal::{Counted, Gauge};
use crate::store::{StoreError, Stored, Swap, Version};

/// Pauses between repeated writes: a store that hiccups is back in tens of milliseconds, one that is down is asked
/// every five seconds.
const REPEAT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How long unsaved tokens keep a program running that has nothing else to do.
const HELD_FOR: Duration = Duration::from_secs(10);

/// How often a write that conflicts reads the store and writes over what it found, before it counts as failed.
const CONFLICTS: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Writer {
    turn: tokio::sync::Mutex<()>,
    wanted: Mutex<Wanted>,
    holding: Gauge,
}

/// What the store should hold. Each change of it has a ticket, the next number.
#[derive(Debug, Default)]
struct Wanted {
    next: Option<Stored>,
    ticket: u64,
    saved: u64,
    /// The version that the store had when it was read or written last.
    stored: Option<Version>,
    repeating: bool,
}

/// How a save ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Save {
    Saved,
    /// Newer tokens are saved instead.
    Overtaken,
}

/// How one write ended.
enum Written {
    Done,
    /// This is stored instead of what was expected.
    Conflict(Option<Stored>),
}

impl Writer {
    /// From now on the store should hold this.
    pub(super) fn want(&self, next: Stored) -> u64 {
        let mut wanted = self.wanted();
        wanted.next = Some(next);
        wanted.ticket += 1;
        wanted.ticket
    }

    /// The newest tokens that the store is to hold.
    pub(super) fn newest(&self) -> Option<Versioned> {
        self.wanted().next.clone().and_then(Versioned::of)
    }

    /// A read found this in the store.
    pub(super) fn saw(&self, stored: Option<&Stored>) {
        self.wanted().stored = stored.map(|stored| stored.version);
    }

    /// Memory is ahead of the store.
    pub(super) fn unsaved(&self) -> bool {
        let wanted = self.wanted();
        wanted.saved < wanted.ticket
    }

    pub(super) async fn settled(&self) {
        self.holding.idle().await;
    }

    /// Whether nothing is left to repeat.
    fn rests(&self) -> bool {
        let mut wanted = self.wanted();
        let saved = wanted.saved == wanted.ticket;
        wanted.repeating = !saved;
        saved
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written for this ticket, and over which version. None: newer tokens took its place, or it is saved.
    fn open(&self, ticket: u64) -> Option<(Stored, Option<Version>)> {
        let wanted = self.wanted();
        let open = ticket == wanted.ticket && wanted.saved < ticket;
        wanted.next.clone().filter(|_| open).map(|next| (next, wanted.stored))
    }

    fn saved(&self, ticket: u64, version: Version) {
        let mut wanted = self.wanted();
        (wanted.saved, wanted.stored) = (ticket, Some(version));
    }
}

impl Session {
    /// Writes what `ticket` stands for. If that fails, it is repeated in the background.
    pub(super) async fn save(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        ticket: u64,
    ) -> Result<Save, StoreError> {
        let done = self.write(by, ticket).await;
        if let Err(failed) = &done {
            by.host.emit(Event::PersistFailed(error(failed)));
            if !std::mem::replace(&mut self.writer.wanted().repeating, true) {
                // Held from here on, so that there is no moment in which nothing seems to be under way.
                let held = (by.host.keep_process_alive(), self.writer.holding.enter());
                tokio::spawn(Arc::clone(self).repeat(Arc::clone(by), held));
            }
        }
        done
    }

    async fn write(self: &Arc<Self>, by: &Arc<Participant>, ticket: u64) -> Result<Save, StoreError> {
        let _turn = self.writer.turn.lock().await;
        let mut by = Arc::clone(by);
        let mut conflicts = 0;
        while let Some((next, expected)) = self.writer.open(ticket) {
            // A panic is a failure like any other: these tokens may be the only valid ones there are.
            let write = AssertUnwindSafe(self.write_over(&by, expected, &next));
            let written = write.catch_unwind().await;
            match written.unwrap_or(Err(StoreError::Failed { cause: None })) {
                Err(StoreError::Gone) => by = self.another(&by).ok_or(StoreError::Gone)?,
                Err(error) => return Err(error),
                Ok(Written::Done) => {
                    self.writer.saved(ticket, next.version);
                    return Ok(Save::Saved);
                }
                Ok(Written::Conflict(newer)) if conflicts < CONFLICTS => {
                    // Nobody else rotates this session, so that its own tokens are the newest.
                    conflicts += 1;
                    self.writer.saw(newer.as_ref());
                }
                Ok(Written::Conflict(_)) => return Err(StoreError::Failed { cause: None }),
            }
        }
        Ok(Save::Overtaken)
    }

    async fn write_over(
        &self,
        by: &Participant,
        expected: Option<Version>,
        next: &Stored,
    ) -> Result<Written, StoreError> {
        Ok(match by.store.compare_and_set(&self.key, expected, next).await? {
            Swap::Done => Written::Done,
            Swap::Conflict => Written::Conflict(by.store.read(&self.key).await?),
        })
    }

    async fn repeat(self: Arc<Self>, by: Arc<Participant>, held: (KeepAlive, Counted)) {
        let mut repeated = pin!(self.repeat_until_saved(by));
        if tokio::time::timeout(HELD_FOR, &mut repeated).await.is_err() {
            drop(held);
            repeated.await;
        }
    }

    async fn repeat_until_saved(self: &Arc<Self>, mut by: Arc<Participant>) {
        let begun = clock::now();
        let mut pause = REPEAT.0;
        // The program may have dropped the client meanwhile, and its callbacks with it.
        let mut kept = by.host.keep_callbacks_alive();
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(REPEAT.1);
            if !by.host.alive() {
                match self.another(&by) {
                    Some(other) => {
                        kept = other.host.keep_callbacks_alive();
                        by = other;
                    }
                    None if clock::now() - begun < HELD_FOR => continue,
                    None => break,
                }
            }
            let ticket = self.writer.wanted().ticket;
            by.counters.persist_retries.add();
            match self.write(&by, ticket).await {
                Err(failed) => by.host.emit(Event::PersistFailed(error(&failed))),
                Ok(_) if self.writer.rests() => return,
                Ok(_) => {}
            }
        }
        drop(kept);
        self.writer.wanted().repeating = false;
    }
}

/// A failed write, as the user sees it.
pub(super) fn error(failed: &StoreError) -> Error {
    let cause = match failed {
        StoreError::Failed { cause } | StoreError::Corrupt { cause } => cause.clone(),
        StoreError::TimedOut | StoreError::Gone => None,
    };
    Error::Store { action: StoreAction::Write, timed_out: *failed == StoreError::TimedOut, cause }
}
