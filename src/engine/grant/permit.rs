//! The permission to send a question.

use std::fmt;
use std::sync::Arc;

/// A token is spent under a lease, which may be lost while secrets are read, a name is looked up or a connection is made. So the
/// permission is looked at last, when nothing is awaited any more before the first byte (rule 7.3).
#[derive(Clone, Default)]
pub struct Permit(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Permit {
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(holds)))
    }

    /// True if the question may be sent now. Always, by default.
    pub fn holds(&self) -> bool {
        self.0.as_ref().is_none_or(|holds| holds())
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({})", self.holds())
    }
}
