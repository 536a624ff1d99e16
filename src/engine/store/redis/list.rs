//! The records of a Redis, for `token-rotator inspect`. Redis goes on serving others meanwhile.

use super::{RedisRegister, commands};
use crate::store::{Listed, StoreError, session_name};

/// Of one step of a scan: few enough to hold up Redis for less than a millisecond.
const STEP: u32 = 500;

impl RedisRegister {
    /// The records of these sessions, or of all if there are none. A cluster cannot list all: each node has some of them.
    pub async fn list(&self, sessions: &[String]) -> Result<Vec<Listed>, StoreError> {
        let mut names: Vec<_> = sessions.iter().map(|session| session_name(session)).collect();
        if sessions.is_empty() {
            names = self.names().await?;
        }
        let mut listed = Vec::with_capacity(names.len());
        for name in names {
            // A key that is no hash is another program's, and hides no record.
            let stored = self.wire.ask(&commands::read(&self.key_of(&name))).await;
            let document = stored.and_then(|stored| self.document(stored));
            listed.push(Listed { name, written_at: None, document });
        }
        Ok(listed)
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(literal(&self.prefix) + "{*}").arg("COUNT").arg(STEP);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.wire.ask(&scan).await?;
            let keys = keys.into_iter().filter_map(|key| String::from_utf8(key).ok());
            names.extend(keys.filter_map(|key| self.name_of(&key).map(str::to_owned)));
            cursor = next;
            if cursor == 0 {
                // A scan may tell of a key twice.
                names.sort();
                names.dedup();
                return Ok(names);
            }
        }
    }

    fn name_of<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&self.prefix)?.strip_prefix('{')?.strip_suffix('}')
    }
}

/// A text as a pattern that matches it alone.
fn literal(text: &str) -> String {
    let escaped = |character| matches!(character, '*' | '?' | '[' | ']' | '\\' | '^');
    text.chars().flat_map(|it| escaped(it).then_some('\\').into_iter().chain([it])).collect()
}
