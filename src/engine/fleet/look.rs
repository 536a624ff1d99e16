//! Reads that are judged, and what has to be written because of them (§4).

use std::time::Duration;

use crate::clock::Instant;
use crate::fleet::documents::Stored;
use crate::fleet::record::Record;
use crate::fleet::{Fleet, Member, Saved, State};
use crate::store::StoreError;

impl Member {
    /// Reads the record and judges it (§4): adopts what is newer, writes back what the store has forgotten. Also confirms
    /// (rule 4.4). None: nobody is logged in.
    pub async fn look(&self, fleet: &Fleet) -> Result<Option<State>, StoreError> {
        self.read_within(self.longest_read(fleet), fleet).await?;
        Ok(self.known())
    }

    /// How long a read may take that no lease waits for. A process that knows nothing holds no lease, which a slow read could cost
    /// it, and has no tokens to serve meanwhile. A store may be slow when it is called for the first time (rule 3.4).
    pub(super) fn longest_read(&self, fleet: &Fleet) -> Duration {
        let knows = self.known.lock().record().is_some();
        if knows { fleet.settings.store_deadline() } else { fleet.settings.store_deadline }
    }

    /// One more try to save tokens that are in memory alone (§10: for the life of the process, after pauses from 50 ms to
    /// [`save_pause`](crate::fleet::Settings::save_pause)).
    /// Only reads if all is saved.
    pub async fn save(&self, fleet: &Fleet) -> Result<Saved, StoreError> {
        self.read(fleet).await?;
        let superseded = self.known.lock().take_superseded();
        Ok(Saved { state: self.known(), superseded })
    }

    /// The stored state, once nothing has to be written over it. A token is sent only after this (rule 4.2).
    pub(super) async fn read(&self, fleet: &Fleet) -> Result<Option<Stored>, StoreError> {
        self.read_within(fleet.settings.store_deadline(), fleet).await
    }

    async fn read_within(&self, deadline: Duration, fleet: &Fleet) -> Result<Option<Stored>, StoreError> {
        loop {
            let begun = fleet.clock.now();
            let stored = fleet.read_within(deadline, &self.session).await?;
            let times = (begun, fleet.clock.now());
            let record = stored.as_ref().map(|stored| &stored.record);
            let Some(write) = self.known.lock().weigh(record, times, fleet) else {
                return Ok(stored);
            };
            let begun = fleet.clock.now();
            let draft = fleet.draft(*write);
            if fleet.write(&self.session, stored.map(|stored| stored.version), &draft).await? {
                self.wrote(fleet, &draft.record, begun);
                return Ok(Some(draft.stored()));
            }
            fleet.hesitate().await;
        }
    }

    /// This process has written `record`, from `begun` on.
    pub(super) fn wrote(&self, fleet: &Fleet, record: &Record, begun: Instant) {
        self.known.lock().wrote(record, (begun, fleet.clock.now()), fleet);
    }
}
