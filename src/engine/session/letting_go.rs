//! A session forgets its tokens, which come again when they are needed.

use crate::session::identities::Let;
use crate::session::shared::Shared;
use crate::session::state::Status;
use crate::session::{Inner, Session};

impl Session {
    /// Forgets the tokens, which the store or the grant brings again, unless they are needed here.
    pub(super) fn let_go(&self, also_used: bool) -> Let {
        let mut inner = self.inner();
        if inner.is_busy() || self.writer.unsaved() {
            return Let::Busy;
        }
        let used = inner.state.held().is_some_and(|held| held.take_use());
        if used && !also_used {
            return Let::Used;
        }
        inner.state.let_go();
        if let Some(shared) = &mut inner.shared {
            **shared = Shared::new(&self.key);
        }
        self.writer.let_go();
        Let::Go
    }
}

impl Inner {
    fn is_busy(&self) -> bool {
        *self.state.status() != Status::Ready
            || self.flight.is_some()
            || self.shared.as_ref().is_some_and(|shared| shared.is_busy())
    }
}
