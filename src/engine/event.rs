//! The news that a session tells the program's hooks. The session does not wait for them.

use std::sync::Arc;

use crate::error::Error;
use crate::token::Tokens;

/// Events are delivered in the order in which they happened, and before the answers that they explain.
#[derive(Clone, Debug)]
pub enum Event {
    /// A rotation begins. It may find the tokens of another process, and need no refresh.
    RotationBegins {
        reason: Reason,
        epoch: u64,
    },
    /// A refresh is about to be sent. The first attempt has the number 1.
    BeforeRefresh {
        attempt: u32,
        epoch: u64,
    },
    Refreshed(Arc<Tokens>),
    RefreshFailed(Error),
    /// A write of the newest tokens failed. It is repeated.
    PersistFailed(Error),
    /// The tokens of a refresh that another login has overtaken. They are good, and kept nowhere.
    Superseded(Arc<Tokens>),
    /// The server did not revoke the tokens of a login that has ended.
    RevokeFailed(Error),
    /// The session is lost. Told once for each loss.
    Logout,
    /// After all other events of the rotation.
    RotationEnds(RotationEnd),
}

/// The reason of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No token was good for a request.
    Expired,
    /// A token would end soon.
    Ahead,
    /// A server rejected the token.
    Rejected,
    /// The program asked for the rotation.
    Asked,
    /// A login brought a refresh token that was spent already.
    Spent,
}

/// How a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationEnd {
    /// Of the login that the rotation began under. A rotation of the next login may be under way too.
    pub epoch: u64,
    pub outcome: RotationOutcome,
    /// The code of the error that callers get.
    pub code: Option<&'static str>,
    /// Of the tokens that the session holds now.
    pub generation: u64,
    /// How long other processes kept this one waiting, ms.
    pub lease_wait_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationOutcome {
    Rotated,
    /// Another process had rotated, and its tokens were taken over.
    Adopted,
    /// The tokens held are good.
    Unchanged,
    /// Another login, or a logout, came meanwhile.
    Overtaken,
    /// The session goes on after a pause.
    Failed,
    /// The session is lost.
    Lost,
}
