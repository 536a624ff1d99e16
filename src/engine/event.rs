//! The news that a session tells the program's hooks. The session does not wait for them.

use std::sync::Arc;

use crate::error::Error;
use crate::token::Tokens;

/// Events are delivered in the order in which they happened, and before the answers that they explain.
#[derive(Clone, Debug)]
pub enum Event {
    BeforeRefresh,
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
}
