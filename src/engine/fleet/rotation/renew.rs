//! The lease is renewed until the answer is there, and released if none came (§7, §8).

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::pending;

use crate::fleet::News;
use crate::fleet::documents::Stored;
use crate::fleet::record::{Cooldown, Record, millis};
use crate::fleet::rotation::Rotation;
use crate::fleet::rotation::holding::Holding;
use crate::fleet::rotation::spending::Spending;
use crate::fleet::switches::{Bug, Rule};
use crate::store::Version;

/// How often a release that fails is tried.
const RELEASES: u32 = 3;

impl Rotation<'_> {
    /// Renews the lease every third of it (rule 7.1). Never resolves.
    pub(super) async fn renew(&self, holding: &Holding) -> Infallible {
        let settings = &self.fleet.settings;
        let until = holding.claimed + settings.refresh_deadline + settings.store_deadline();
        let mut renewed = true;
        while !holding.is_taken() {
            let pause = settings.lease() / if renewed { 3 } else { 20 };
            self.fleet.clock.sleep(pause).await;
            if self.fleet.clock.now() >= until {
                break;
            }
            renewed = self.renew_once(holding).await;
        }
        pending().await
    }

    async fn renew_once(&self, holding: &Holding) -> bool {
        let _writing = holding.writing.lock().await;
        let Stored { mut record, version } = holding.stored();
        if let Some(lease) = &mut record.lease {
            lease.beat += 1;
        }
        let begun = self.fleet.clock.now();
        let draft = self.fleet.draft(record);
        let switches = self.fleet.settings.switches;
        match self.fleet.write(&self.member.session, Some(version), &draft).await {
            Ok(true) => {
                let begun = if switches.keeps(Rule::R7_3) { begun } else { self.fleet.clock.now() };
                holding.wrote(draft.stored(), begun);
                true
            }
            Ok(false) | Err(_) if switches.has(Bug::RenewalFailureIgnored) => {
                holding.wrote(holding.stored(), begun);
                true
            }
            Ok(false) if switches.keeps(Rule::R7_2) => {
                self.look_for_lease(holding).await;
                false
            }
            Ok(false) => {
                holding.take();
                false
            }
            Err(_) => false,
        }
    }

    /// After a conflict: an own write that was reported as failed, or a side write, leaves the lease as it is (rule 7.2).
    async fn look_for_lease(&self, holding: &Holding) {
        let stored = if self.fleet.settings.switches.keeps(Rule::R4_3) {
            self.member.read(self.fleet).await
        } else {
            self.fleet.read(&self.member.session).await
        };
        let Ok(stored) = stored else { return };
        match stored {
            Some(stored) if holding.is_mine(&stored.record, self.fleet.settings.switches) => {
                holding.saw(stored);
            }
            // A copy of the store from before the claim looks like this. A lease that was really taken and given back since is
            // not fresh, so that nothing is sent (rule 7.3).
            Some(Stored { record, .. }) if record.lease.is_none() && Some(record.mark()) == self.base => {}
            _ => holding.take(),
        }
        if let Some(state) = self.member.known()
            && Some(state.mark) != self.base
        {
            self.sender.tell(News::Known(state));
        }
    }

    /// Gives the lease back. The intent goes with it, unless the token may be spent (rules 8.2, 8.3).
    pub(super) async fn release(&self, holding: &Holding, spending: &Spending, cooldown: Option<Duration>) {
        let id = self.fleet.id();
        if let Some(cooldown) = cooldown {
            self.member.known.lock().cool_down(id, self.fleet.clock.now() + cooldown);
        }
        for _ in 0..RELEASES {
            if holding.is_taken() {
                return;
            }
            let Stored { mut record, version } = holding.stored();
            record.lease = None;
            record.intent = record.intent.filter(|_| spending.doubtful);
            if let Some(intent) = &mut record.intent {
                intent.unanswered = true;
            }
            record.cooldown = cooldown.map(|time| Cooldown { id, ms: millis(time) });
            if self.write_release(holding, record, version).await {
                return;
            }
        }
    }

    async fn write_release(&self, holding: &Holding, record: Record, version: Version) -> bool {
        let begun = self.fleet.clock.now();
        let draft = self.fleet.draft(record);
        match self.fleet.write(&self.member.session, Some(version), &draft).await {
            Ok(true) => {
                self.member.wrote(self.fleet, &draft.record, begun);
                return true;
            }
            Ok(false) => self.look_for_lease(holding).await,
            Err(_) => self.fleet.clock.sleep(self.fleet.settings.lease() / 20).await,
        }
        false
    }
}
