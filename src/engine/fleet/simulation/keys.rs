//! Sealed records, and a key that is rolled out in two deploys while everything else goes wrong (rule 2.3).

use std::sync::Arc;

use super::time::{Moment, NodeId};
use crate::fleet::{Seal, SealKey};

/// When each node is deployed with the new key as the second one, and when with the new key as the first one.
#[derive(Clone, Debug)]
pub(super) struct RollOut {
    /// The old key is no key: sealing is turned on.
    pub(super) from_plain: bool,
    pub(super) deploys: Vec<[Moment; 2]>,
}

impl RollOut {
    /// The keys of a process that starts now.
    pub(super) fn seal(&self, node: NodeId, now: Moment) -> Seal {
        let deployed = self.deploys[node].iter().filter(|deploy| **deploy <= now).count();
        let [old, new] = self.keys();
        match deployed {
            0 => seal(&[old]),
            1 => seal(&[old, new]),
            _ => seal(&[new, old]),
        }
    }

    /// Opens what any process writes.
    pub(super) fn opener(&self) -> Arc<Seal> {
        Arc::new(seal(&self.keys()))
    }

    fn keys(&self) -> [SealKey; 2] {
        let key = |byte| SealKey::from_bytes(&[byte; 32]).expect("a key");
        let plain = SealKey::from_text("none").expect("a word for no key");
        [if self.from_plain { plain } else { key(1) }, key(2)]
    }
}

fn seal(keys: &[SealKey]) -> Seal {
    Seal::new("simulation", keys)
}
