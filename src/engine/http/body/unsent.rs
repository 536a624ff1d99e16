//! Stops the sending of a request's body that no answer depends on any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::{Extensions, Request};
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

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
    connection: CaptureConnection,
}

impl Unsent {
    pub(crate) fn new<B>(upload: UploadState, request: &mut Request<B>) -> Self {
        Self { upload, connection: capture_connection(request) }
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        if !self.upload.stop() {
            return;
        }
        let connection = self.connection.connection_metadata();
        // An HTTP/2 connection also carries other requests; `OutgoingBody` ends only its own stream there.
        if let Some(connection) = connection.as_ref().filter(|connection| !connection.is_negotiated_h2()) {
            let mut extras = Extensions::new();
            connection.get_extras(&mut extras);
            if let Some(handle) = extras.get::<LinkHandle>() {
                handle.abort();
            }
        }
    }
}
