//! Writes the newest tokens into the store, and repeats the write until it succeeds.
//!
//! A write that outlives its deadline does not hold up the next write. It may put older tokens over newer ones, so that the
//! newest tokens are written again when it ends, and some seconds after the newer write in case that it never ends.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{Order, Save};
use crate::clock;
use crate::error::StoreAction;
use crate::event::Event;
use crate::exit;
use crate::session::Session;
use crate::session::held::Versioned;
use crate::session::participant::Participant;
use crate::session::participant::host::KeepAlive;
use crate::session::past::LONG;
use crate::store::{Late, StoreError, Stored, Swap};

/// The first and the longest pause before a write is repeated. A store that hiccups is back in tens of milliseconds; a
/// store that is down is tried every five seconds.
const REPEAT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How long unsaved tokens keep a program running that has nothing else to do.
const HELD_FOR: Duration = Duration::from_secs(10);

/// How often a write that conflicts reads the store and writes over what it found, before it counts as failed.
const CONFLICTS: u32 = 3;

/// How one write ended.
enum Written {
    Done,
    /// This is stored instead of what was expected.
    Conflict(Option<Stored>),
    Late(Late),
}

impl Session {
    /// Writes what `ticket` stands for. If that fails, it is repeated in the background.
    pub(in crate::session) async fn save(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        ticket: u64,
    ) -> Result<Save, StoreError> {
        let _exit = by.hold_exit();
        let done = self.write(by, ticket).await;
        if let Err(failed) = &done {
            by.host.emit(&self.key, Event::PersistFailed(failed.clone().told(StoreAction::Write)));
            self.write_again(by, REPEAT.0);
        }
        done
    }

    /// Writes the newest tokens, or waits for the write that is under way. The hooks are told of a failure by the one who wanted
    /// them.
    pub(in crate::session) async fn save_newest(
        self: &Arc<Self>,
        by: &Arc<Participant>,
    ) -> Result<(), StoreError> {
        let ticket = self.writer.wanted().ticket;
        self.write(by, ticket).await.map(drop)
    }

    /// Serves these tokens from memory, because the store did not take them, and saves them in the background.
    pub(in crate::session) fn save_later(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
        tokens: &Versioned,
        failed: StoreError,
    ) {
        {
            let inner = self.inner();
            if inner.state.epoch() != epoch {
                return;
            }
            self.writer.want(tokens.stored());
        }
        by.host.emit(&self.key, Event::PersistFailed(failed.told(StoreAction::Write)));
        self.write_again(by, REPEAT.0);
    }

    async fn write(self: &Arc<Self>, by: &Arc<Participant>, ticket: u64) -> Result<Save, StoreError> {
        let _turn = self.writer.turn().await;
        let mut by = Arc::clone(by);
        let mut conflicts = 0;
        while let Some(order) = self.writer.order(ticket) {
            // A panic counts as a failed write, because these may be the only valid tokens.
            let written = AssertUnwindSafe(self.execute(&by, &order)).catch_unwind().await;
            match written.unwrap_or(Err(StoreError::Failed { cause: None })) {
                Err(StoreError::Gone) => by = self.another(&by).ok_or(StoreError::Gone)?,
                Err(error) => return Err(error),
                Ok(Written::Done) => {
                    self.writer.saved(&order);
                    return Ok(Save::Saved);
                }
                Ok(Written::Late(late)) => {
                    tokio::spawn(Arc::clone(self).await_late(by, ticket, late));
                    return Err(StoreError::TimedOut);
                }
                Ok(Written::Conflict(newer)) if conflicts < CONFLICTS => {
                    // No other session rotates these tokens, so that its own tokens are the newest.
                    conflicts += 1;
                    self.writer.saw(newer.as_ref());
                }
                Ok(Written::Conflict(_)) => return Err(StoreError::Failed { cause: None }),
            }
        }
        Ok(Save::Overtaken)
    }

    async fn execute(&self, by: &Participant, order: &Order) -> Result<Written, StoreError> {
        if let Some((fleet, member)) = self.shared(by) {
            return self.store_shared(by, fleet, &member, &order.next).await.map(|()| Written::Done);
        }
        Ok(match by.store.compare_and_set(&self.key, order.expected, &order.next).await? {
            Swap::Done => Written::Done,
            Swap::Late(late) => Written::Late(late),
            Swap::Conflict => Written::Conflict(by.store.read(&self.key).await?),
        })
    }

    /// Waits for the end of a write that outlived its deadline.
    async fn await_late(self: Arc<Self>, by: Arc<Participant>, ticket: u64, mut late: Late) {
        // Else the callbacks would go with a client that the program drops meanwhile.
        let _callbacks = by.host.keep_callbacks_alive();
        // A program that ends before the late write would leave the older tokens in the store.
        let mut hold = pin!(async {
            self.writer.overtaken(ticket).await;
            let _held = by.host.keep_process_alive();
            tokio::time::sleep(HELD_FOR).await;
        });
        // However it ends, the write may have been applied: also if its environment has ended, or if it never ends.
        let ended = tokio::select! {
            biased;
            _ = &mut late => true,
            () = &mut hold => false,
        };
        self.write_over(&by, ticket);
        if !ended {
            let _applied = late.await;
            self.write_over(&by, ticket);
        }
    }

    /// Writes the newest tokens again, unless the late write `ticket` was one of them.
    fn write_over(self: &Arc<Self>, by: &Arc<Participant>, ticket: u64) {
        if self.writer.may_be_overwritten(ticket) {
            self.write_again(by, Duration::ZERO);
        }
    }

    /// Writes the newest tokens in the background, until they are saved.
    fn write_again(self: &Arc<Self>, by: &Arc<Participant>, pause: Duration) {
        if !std::mem::replace(&mut self.writer.wanted().repeating, true) {
            // Held before the task runs. Else the program could end, or `close()` resolve, in between.
            let held = (by.host.keep_process_alive(), by.hold_exit(), self.enter());
            tokio::spawn(Arc::clone(self).repeat(Arc::clone(by), pause, held));
        }
    }

    async fn repeat(
        self: Arc<Self>,
        by: Arc<Participant>,
        pause: Duration,
        held: (KeepAlive, Option<exit::Hold>, TaskTrackerToken),
    ) {
        let mut repeated = pin!(self.repeat_until_saved(by, pause));
        if tokio::time::timeout(HELD_FOR, &mut repeated).await.is_err() {
            drop(held);
            repeated.await;
        }
    }

    async fn repeat_until_saved(self: &Arc<Self>, mut by: Arc<Participant>, mut pause: Duration) {
        let begun = clock::now();
        // Else the callbacks would go with a client that the program drops meanwhile.
        let mut kept = by.host.keep_callbacks_alive();
        loop {
            exit::pause(pause).await;
            let longest = by.fleet.as_ref().map_or(REPEAT.1, |fleet| fleet.settings.save_pause());
            pause = (pause * 2).clamp(REPEAT.0, longest);
            if !by.host.alive() {
                match self.another(&by) {
                    Some(other) => {
                        kept = other.host.keep_callbacks_alive();
                        by = other;
                    }
                    None if by.stores_alone() && clock::now() - begun < LONG => {}
                    // A client may come while something else holds the session, such as the registry.
                    None if Arc::strong_count(self) > 1 && clock::now() - begun < LONG => continue,
                    None => break,
                }
            }
            let ticket = self.writer.wanted().ticket;
            by.counters.persist_retries.add();
            match self.write(&by, ticket).await {
                Err(failed) => by.host.emit(&self.key, Event::PersistFailed(failed.told(StoreAction::Write))),
                Ok(_) if self.writer.rests() => return,
                Ok(_) => {}
            }
        }
        drop(kept);
        self.writer.wanted().repeating = false;
    }
}
