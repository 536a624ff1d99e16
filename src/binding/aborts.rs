//! Requests that JavaScript can abort, by the number that JavaScript gave them.

use std::sync::Arc;

use tokio::sync::Notify;

use super::queue::pending::Pending;

#[derive(Default)]
pub(super) struct Aborts(Pending<Arc<Notify>>);

impl Aborts {
    /// Makes the request of this number one that [`Aborts::abort`] ends.
    pub(super) fn abortable(self: &Arc<Self>, number: u32) -> Abortable {
        let aborted = Arc::new(Notify::new());
        self.0.insert(number, Arc::clone(&aborted));
        Abortable { aborts: Arc::clone(self), number, aborted }
    }

    pub(super) fn abort(&self, number: u32) {
        if let Some(request) = self.0.remove(number) {
            request.notify_one();
        }
    }
}

/// The engine's end of an abort. Dropped with its request, so that the number is free again.
pub(super) struct Abortable {
    aborts: Arc<Aborts>,
    number: u32,
    aborted: Arc<Notify>,
}

impl Abortable {
    /// Resolves when the request is aborted, and otherwise never.
    pub(super) async fn aborted(&self) {
        self.aborted.notified().await;
    }
}

impl Drop for Abortable {
    fn drop(&mut self) {
        drop(self.aborts.0.remove(self.number));
    }
}
