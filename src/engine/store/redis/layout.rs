//! How many servers Redis is made of.

#[derive(Clone, PartialEq, Eq)]
pub enum RedisLayout {
    Single,
    Cluster,
    /// `master` is the name by which the sentinels know it.
    Sentinel {
        master: String,
    },
}
