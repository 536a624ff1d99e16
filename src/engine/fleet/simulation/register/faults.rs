//! How a register fails.

use std::time::Duration;

use super::super::time::{Moment, NodeId};

/// How a register fails: probabilities for each operation, and spans of time.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(crate) latency: (Duration, Duration),
    /// Of each way.
    pub(crate) slow: f64,
    pub(crate) slow_latency: (Duration, Duration),
    /// An error, and nothing was done.
    pub(crate) fails: f64,
    /// An error, although the write was applied.
    pub(crate) fails_applied: f64,
    /// No answer, and the write is applied `late_by` after its time-out or never.
    pub(crate) hangs: f64,
    pub(crate) late_by: (Duration, Duration),
    /// The write is applied, and its node is cut off before it hears of that.
    pub(crate) breaks: f64,
    pub(crate) broken_for: (Duration, Duration),
    /// When the register itself gives an operation up.
    pub(crate) timeout: Duration,
    /// A read is answered by a copy that is this old.
    pub(crate) stale: f64,
    pub(crate) stale_by: Duration,
    /// After so many faults in a row a node's next operation is sound.
    pub(crate) most_in_a_row: u32,
}

/// A time in which nothing arrives at the register.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
    /// None: for everybody.
    pub(crate) node: Option<NodeId>,
    /// No answer at all, instead of an error.
    pub(crate) hangs: bool,
}

impl Faults {
    /// A register that only takes its time.
    pub(crate) fn none(latency: (Duration, Duration)) -> Self {
        let zero = Duration::ZERO;
        Self {
            latency,
            slow: 0.0,
            slow_latency: latency,
            fails: 0.0,
            fails_applied: 0.0,
            hangs: 0.0,
            late_by: (zero, zero),
            breaks: 0.0,
            broken_for: (zero, zero),
            timeout: zero,
            stale: 0.0,
            stale_by: zero,
            most_in_a_row: 0,
        }
    }
}

/// What becomes of one operation.
pub(super) enum Fate {
    Sound,
    Fails,
    FailsApplied,
    /// Applied so long after its time-out; None: never.
    Hangs(Option<Duration>),
    /// Applied, and the node is cut off for so long.
    Breaks(Duration),
}
