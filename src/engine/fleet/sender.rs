//! The session that wants new tokens, as the fleet sees it.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::dpop::Key;
use crate::fleet::State;
use crate::fleet::record::Id;
use crate::grant::{GrantError, Permit};
use crate::secret::Secret;
use crate::token::Tokens;

pub trait Sender: Send + Sync {
    /// Resolves when the token endpoint can be spoken to without a further wait (rule 7.3), or at once.
    fn connect(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Asks for new tokens once. The future settles: it has a limit of its own. The lease was checked right before this call; after a
    /// further wait, [`Asking::permit`] is the check. Without permission nothing is sent, and the answer is `Unspent`.
    ///
    /// An answer with a refresh token and without a usable access token is `Ok` with the access token of before, because it
    /// has to be committed. [`GrantError::Gone`]: nothing was sent.
    fn send<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Result<Tokens, GrantError>>;

    /// True if the token in use was refused or has expired: then a rotation waits for its turn, else it comes later. Asked at
    /// every turn, because a token may be refused while an early rotation is under way.
    fn refused(&self) -> bool;

    /// Kept while the rotation waits for somebody else's lease, and the program may exit.
    fn idle(&self) -> Option<Box<dyn Send + Sync + '_>> {
        None
    }

    /// Called while the rotation goes on. Never waits.
    fn tell(&self, _news: News) {}
}

/// One question for new tokens.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// None: there is no refresh token, and none is spent.
    pub token: Option<&'a Secret>,
    /// The DPoP key of the tokens that are replaced.
    pub bound: Option<&'a Key>,
    /// 1 for the first question of a rotation.
    pub attempt: u32,
    /// The lease under which the question is asked: one for each claim.
    pub lease: Id,
    /// Holds while the lease is young enough for the token to be sent.
    pub permit: &'a Permit,
}

/// What a rotation tells before it ends.
#[derive(Clone, Debug)]
pub enum News {
    /// A read brought another state while an answer is awaited (rule 4.3): another login, most often. [`Member::known`] is
    /// that state. Requests of the old login fail now, rather than when the answer comes.
    ///
    /// [`Member::known`]: crate::fleet::Member::known
    Known(State),
    /// The rotation has waited that long for somebody else's lease.
    Waited(Duration),
    /// The commit found its lease taken over, and the generation unchanged.
    Reclaimed,
    /// The commit found the generation moved on.
    Fenced,
    /// The claim found the intent of a holder that is dead.
    OrphanIntent,
    /// A candidate is tried.
    Candidate,
}
