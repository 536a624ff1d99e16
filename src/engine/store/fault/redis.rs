//! What is wrong with a Redis server, a cluster or its sentinels.

use crate::fault::Fault;

/// Each text goes on after the name of the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisProblem {
    #[error("{0}")]
    Network(Fault),
    /// A file or a function that tells where Redis is, or who may connect to it.
    #[error("cannot be connected to: {problem}")]
    Unread { problem: String },
    /// An error that Redis answered. `code` is its first word, and nothing else of the answer is kept.
    #[error("answers {code}: {advice}")]
    Answer { code: &'static str, advice: &'static str },
    #[error("holds something else under the key of this session; delete it, or set another prefix")]
    Foreign,
    #[error(
        "know no living master {name:?}; check the option sentinel, or wait until a new master is chosen"
    )]
    NoMaster { name: String },
}

/// What to do about an error, by its code.
const ADVICE: [(&str, &str); 17] = [
    ("READONLY", "the server is a replica; set url to the master, or use sentinel or cluster"),
    ("LOADING", "Redis reads its data from disk; the store works again when Redis is ready"),
    ("OOM", "maxmemory is reached; give Redis more memory, because an eviction policy would delete sessions"),
    ("BUSY", "a script of another program blocks Redis; wait for it, or end it with SCRIPT KILL"),
    ("CLUSTERDOWN", "the cluster does not serve all slots; see CLUSTER INFO"),
    ("MASTERDOWN", "the replica has lost its master; wait for a new one, or set url to it"),
    ("MOVED", "the server is one node of a cluster; set cluster to true"),
    ("ASK", "the cluster is moving the session to another node; the store works again afterwards"),
    ("TRYAGAIN", "the cluster is moving the session to another node; the store works again afterwards"),
    ("NOAUTH", "Redis wants a login; put user and password into url"),
    ("WRONGPASS", "Redis refuses the user and password of url"),
    ("NOPERM", "the ACL user lacks a right; give it the commands and the prefix that docs/redis.md names"),
    ("MISCONF", "Redis cannot save to its disk, and therefore refuses writes; see the log of Redis"),
    ("NOREPLICAS", "Redis refuses writes because too few replicas follow it (min-replicas-to-write)"),
    ("WRONGTYPE", "another program uses the key of this session; set another prefix"),
    ("DENIED", "protected mode refuses other machines; set a password in the configuration of Redis"),
    ("ERR", "see the log of Redis"),
];

impl RedisProblem {
    /// An unknown code becomes `ERR`, because it is text from the wire.
    pub(crate) fn of_code(code: &str) -> Self {
        let known = ADVICE.iter().find(|(known, _)| *known == code);
        let &(code, advice) = known.unwrap_or(&ADVICE[ADVICE.len() - 1]);
        Self::Answer { code, advice }
    }
}
