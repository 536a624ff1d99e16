//! Requests that JavaScript can abort, by the number that JavaScript gave them.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::queue::pending::Pending;

/// To remove a request is to abort it.
pub(super) type Aborts = Pending<oneshot::Sender<()>>;

/// The engine's end of an abort. Dropped with its request, so that the number is free again.
pub(super) struct Abortable {
    aborts: Arc<Aborts>,
    number: u32,
    removed: oneshot::Receiver<()>,
}

impl Abortable {
    pub(super) fn new(aborts: &Arc<Aborts>, number: u32) -> Self {
        let (sender, removed) = oneshot::channel();
        aborts.insert(number, sender);
        Self { aborts: Arc::clone(aborts), number, removed }
    }

    /// Resolves when the request is aborted, and otherwise never.
    pub(super) async fn aborted(&mut self) {
        let _removed = (&mut self.removed).await;
    }
}

impl Drop for Abortable {
    fn drop(&mut self) {
        drop(self.aborts.remove(self.number));
    }
}
