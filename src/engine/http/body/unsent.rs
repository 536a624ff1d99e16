//! Stops the sending of a request's body that no answer depends on any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::http::connect::link_handle::LinkHandle;

/// True if all of a request's body was given to its connection. A clone is the same state.
#[derive(Clone, Default)]
pub(crate) struct UploadState(Arc<AtomicU8>);

impl UploadState {
    pub(crate) fn complete(&self) {
        self.0.store(COMPLETE, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == STOPPED
    }

    /// Stops the upload. False if it was complete or stopped before.
    fn stop(&self) -> bool {
        self.0.compare_exchange(UNDER_WAY, STOPPED, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

const UNDER_WAY: u8 = 0;
const COMPLETE: u8 = 1;
const STOPPED: u8 = 2;

/// A request whose body may still be on its way. Dropping it stops the upload.
pub struct Unsent {
    upload: UploadState,
    /// Its connection, if that carries no other request.
    link: Option<LinkHandle>,
}

impl Unsent {
    pub(crate) fn new(upload: UploadState) -> Self {
        Self { upload, link: None }
    }

    /// The request is given to this connection. `None` for HTTP/2, where `OutgoingBody` ends its own stream alone.
    pub(crate) fn goes_over(&mut self, link: Option<&LinkHandle>) {
        self.link = link.cloned();
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if self.upload.stop()
            && let Some(link) = &self.link
        {
            link.abort();
        }
    }
}
