//! Records as the documents that a register keeps, and the deadline of every call to it.

use std::time::Duration;

use serde::Deserialize;

use crate::clock::awake;
use crate::fleet::Fleet;
use crate::fleet::record::{FORMAT, Record};
use crate::fleet::switches::Bug;
use crate::secret::Secret;
use crate::store::{Document, StoreError, StoreFault, StoreFuture, Version};

/// A record, and the version of the write that stored it.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) record: Record,
    pub(super) version: Version,
}

/// A record that is to be written. A repeat of it keeps its version (rule 3.2).
pub(super) struct Draft {
    pub(super) record: Record,
    document: Document,
}

impl Draft {
    pub(super) fn version(&self) -> Version {
        self.document.version
    }

    pub(super) fn stored(self) -> Stored {
        Stored { record: self.record, version: self.document.version }
    }
}

impl Fleet {
    pub(super) async fn read(&self, session: &str) -> Result<Option<Stored>, StoreError> {
        self.read_within(self.settings.store_deadline(), session).await
    }

    pub(super) async fn read_within(
        &self,
        deadline: Duration,
        session: &str,
    ) -> Result<Option<Stored>, StoreError> {
        let read = self.within(deadline, self.register.read(session)).await?;
        let Some(document) = read else { return Ok(None) };
        let record = parse(&document.text)?;
        Ok(Some(Stored { record, version: document.version }))
    }

    /// The stored record, and its version also if the record cannot be read.
    pub(super) async fn read_any(
        &self,
        deadline: Duration,
        session: &str,
    ) -> Result<(Option<Version>, Result<Option<Record>, StoreError>), StoreError> {
        let document = self.within(deadline, self.register.read(session)).await?;
        let version = document.as_ref().map(|document| document.version);
        Ok((version, document.map(|document| parse(&document.text)).transpose()))
    }

    /// New content gets a new version: random, because a counter starts again after a deletion (rule 2.1).
    pub(super) fn draft(&self, mut record: Record) -> Draft {
        record.v = FORMAT;
        let switches = self.settings.switches;
        if !switches.has(Bug::NoSizeCap) {
            record.trim(switches.candidates());
        }
        // Only a map whose keys are no text could not be written, and a record has none.
        let text = serde_json::to_string(&record).expect("a record is JSON");
        let version = self.clock.random().to_be_bytes().into();
        Draft { record, document: Document { text: Secret::new(text), version } }
    }

    pub(super) async fn write(
        &self,
        session: &str,
        expected: Option<Version>,
        draft: &Draft,
    ) -> Result<bool, StoreError> {
        let logged_out = draft.record.tokens.is_none() && draft.record.generation > 0;
        let next = &draft.document;
        let call = if logged_out {
            self.register.set_tombstone(session, expected, next)
        } else {
            self.register.compare_and_set(session, expected, next)
        };
        self.within(self.settings.store_deadline(), call).await
    }

    /// A call that takes longer than the deadline says nothing (rule 3.4).
    pub(super) async fn within<T>(
        &self,
        deadline: Duration,
        call: StoreFuture<'_, T>,
    ) -> Result<T, StoreError> {
        tokio::select! {
            biased;
            answer = call => answer,
            () = awake(deadline, |time| self.clock.sleep(time)) => Err(StoreError::TimedOut),
        }
    }
}

/// Read first, because a newer format may have another shape (rule 2.2).
#[derive(Deserialize)]
struct Format {
    min: u32,
}

pub(super) fn parse(text: &Secret) -> Result<Record, StoreError> {
    let corrupt = |_| StoreError::Corrupt { cause: None };
    let Format { min } = serde_json::from_str(text.expose()).map_err(corrupt)?;
    if min > FORMAT {
        return Err(StoreError::Fault(StoreFault::TooNew { min }));
    }
    serde_json::from_str(text.expose()).map_err(corrupt)
}
