//! Logins, logouts and seeds (§13).

use std::sync::Arc;

use crate::fleet::record::{Id, Kept, Login, Record};
use crate::fleet::switches::Rule;
use crate::fleet::{Fleet, Member, State};
use crate::store::{StoreError, Version};
use crate::token::Tokens;

/// How many failed writes a login outlasts while the store can be read.
const FAILURES: u32 = 3;

impl Member {
    /// Logs in, or out with None (§13). `id`: new for each call of the program, and the same when a call that failed is
    /// repeated. A call that failed may still take effect later. Returns what is true now: another login may have come since.
    pub async fn login(
        &self,
        fleet: &Fleet,
        id: Id,
        tokens: Option<Tokens>,
    ) -> Result<Option<State>, StoreError> {
        let tokens = tokens.map(|tokens| fleet.kept(tokens));
        let switches = fleet.settings.switches;
        let mut failures = 0;
        let mut versions: Vec<Version> = Vec::new();
        // The sightings of this session, the newest first.
        let mut past: Vec<Record> = Vec::new();
        past.extend(self.known.lock().record().filter(|_| switches.keeps(Rule::R13)).cloned());
        loop {
            let (stored, version) = self.read_or_replace(fleet).await?;
            let done = match &stored {
                // By the id, because somebody may have written on top (rule 3.3).
                Some(stored) if switches.keeps(Rule::R3_3) => {
                    stored.login.id == id || stored.before.contains(&id)
                }
                _ => version.is_some_and(|version| versions.contains(&version)),
            };
            if done {
                return self.look(fleet).await;
            }
            past.splice(0..0, stored);
            let next = successor(id, &past, tokens.clone());
            let begun = fleet.clock.now();
            let draft = fleet.draft(next);
            versions.push(draft.version());
            match fleet.write(&self.session, version, &draft).await {
                Ok(true) => {
                    self.wrote(fleet, &draft.record, begun);
                    return Ok(self.known());
                }
                Ok(false) => {}
                // The write may have been applied: the next read tells, by the id (rule 3.3).
                Err(error) => {
                    failures += 1;
                    if failures == FAILURES {
                        return Err(error);
                    }
                }
            }
            fleet.hesitate().await;
        }
    }

    /// A read for a login. It is judged, so that requests of an earlier login end at once, and nothing is written because
    /// of it. A record that nobody can read is none.
    async fn read_or_replace(&self, fleet: &Fleet) -> Result<(Option<Record>, Option<Version>), StoreError> {
        let begun = fleet.clock.now();
        match fleet.read_any(self.longest_read(fleet), &self.session).await? {
            (version, Err(StoreError::Corrupt { .. })) => Ok((None, version)),
            (_, Err(error)) => Err(error),
            (version, Ok(record)) => {
                let times = (begun, fleet.clock.now());
                self.known.lock().weigh(record.as_ref(), times, fleet);
                Ok((record, version))
            }
        }
    }

    /// Logs in with tokens that count only if nothing is stored. Returns what is true now.
    pub async fn seed(&self, fleet: &Fleet, id: Id, tokens: Tokens) -> Result<Option<State>, StoreError> {
        if self.read(fleet).await?.is_some() {
            return Ok(self.known());
        }
        let begun = fleet.clock.now();
        let login = Record::login(Login { id, seq: 1 }, Vec::new(), Some(fleet.kept(tokens)));
        let draft = fleet.draft(login);
        if fleet.write(&self.session, None, &draft).await? {
            self.wrote(fleet, &draft.record, begun);
            return Ok(self.known());
        }
        self.look(fleet).await
    }
}

/// A new login over what is stored and what is known: both are its past, because the store may go back to either (rule 13).
fn successor(id: Id, past: &[Record], tokens: Option<Kept>) -> Record {
    let seq = past.iter().map(|record| record.login.seq).max().unwrap_or_default() + 1;
    let mut before: Vec<Id> = Vec::new();
    let logins = past.iter().map(|record| record.login.id);
    for login in logins.chain(past.iter().flat_map(|record| record.before.iter().copied())) {
        if login != id && !before.contains(&login) {
            before.push(login);
        }
    }
    Record::login(Login { id, seq }, before, tokens)
}

impl Fleet {
    fn kept(&self, tokens: Tokens) -> Kept {
        let lifetime = tokens.lifetime(self.clock.wall_ms());
        Kept { tokens: Arc::new(tokens), lifetime }
    }
}
