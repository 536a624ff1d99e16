//! What a server writes down: every redemption that reached it, in the order in which it saw them.

use super::super::time::{Moment, NodeId};
use crate::fleet::Id;

/// One redemption, with what became of its answer.
#[derive(Clone, Debug)]
pub(crate) struct Redemption {
    pub(crate) token: String,
    pub(crate) node: NodeId,
    /// How many processes the node had before this one.
    pub(crate) life: u32,
    pub(crate) flight: Id,
    /// The holder's last check (7.3), and when the request really left.
    pub(crate) checked: Moment,
    pub(crate) left: Moment,
    pub(crate) arrived: Moment,
    pub(crate) verdict: Verdict,
    /// When the answer reached the node's machine. None: it was lost.
    pub(crate) delivered: Option<Moment>,
    /// When the process had the answer. None: also if it had given up, or died.
    pub(crate) answered: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Issued(String),
    /// `invalid_grant`. True: the login ended here.
    Refused(bool),
}

/// A request as it arrives, without what the server makes of it.
pub(crate) struct Request {
    pub(crate) token: String,
    pub(crate) node: NodeId,
    pub(crate) life: u32,
    pub(crate) flight: Id,
    pub(crate) checked: Moment,
    pub(crate) left: Moment,
}
