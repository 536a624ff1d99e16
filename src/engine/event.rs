//! What a session tells the outside while it works. Nothing here waits for an answer.

use std::sync::Arc;

use crate::error::Error;
use crate::token::Tokens;

/// Sent in the order in which it happened; the binding delivers it in that order, before the answers it explains.
#[derive(Clone, Debug)]
pub enum Event {
    BeforeRefresh,
    Refreshed(Arc<Tokens>),
    RefreshFailed(Error),
    /// The store would not take tokens that were already rotated; the write is repeated.
    PersistFailed(Error),
    /// The session ended: asked once for each session that is lost.
    Logout,
}
