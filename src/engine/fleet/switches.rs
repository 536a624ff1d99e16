//! What a test can take out of the protocol, or put into it, to see that something notices.
//!
//! Outside tests [`Switches`] is empty, and both questions are constants.

use crate::fleet::record::CANDIDATES;

/// The rules whose absence a simulation sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    R3_3,
    R3_4,
    R4_1,
    R4_2,
    R4_3,
    R5_3,
    R6_1,
    R6_2,
    R6_5,
    R7_2,
    R7_3,
    R10_1,
    R10_2,
    R10_3,
    /// The lease is no longer mine: wait like anybody else.
    R12,
    /// `before` holds the login that this process knows.
    R13,
}

/// Mistakes that others made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The record is not compared with what the caller used, so that a rotation of somebody else is followed by one more.
    DropReread,
    /// The owner tells whose lease it is, so that a lease of an earlier claim or run counts as the own one.
    FenceByOwner,
    /// The same, and every process has the same owner.
    ConstantOwner,
    /// A write that failed counts as done.
    SwallowStoreError,
    NoIntent,
    NoSizeCap,
    PublishBeforeCommit,
    /// The answer of an earlier login is committed over the newer one.
    IgnoreEpoch,
    ReleaseBeforeCommit,
    RefreshWhenBusy,
    RenewalFailureIgnored,
    /// A waiter leaves after half a lease, while the holder brings new tokens.
    ShortPatience,
    /// Tokens whose commit conflicts are dropped.
    TokenDropped,
    /// An answer with a side field (`extra`) is discarded.
    SideFieldDiscards,
    LoserMarksLost,
}

/// Set in the settings of a fleet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Switches {
    #[cfg(test)]
    pub without: Option<Rule>,
    #[cfg(test)]
    pub bug: Option<Bug>,
}

impl Switches {
    /// How many candidates a record holds (rule 10.2).
    pub(super) fn candidates(self) -> usize {
        if self.keeps(Rule::R10_2) { CANDIDATES } else { 1 }
    }
}

#[cfg(not(test))]
#[allow(clippy::unused_self, reason = "in tests it is used")]
impl Switches {
    pub(super) const fn keeps(self, _: Rule) -> bool {
        true
    }

    pub(super) const fn has(self, _: Bug) -> bool {
        false
    }
}

#[cfg(test)]
impl Switches {
    pub(super) fn keeps(self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    pub(super) fn has(self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}
