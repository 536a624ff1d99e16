//! The phase of a request on its way: a timeout names the phase, and a retry asks whether any byte was sent.
//!
//! Invariant: the phase is `Connect` only while a connection is being made *for this request*. A request that waits for
//! its answer on a kept connection is in `Response`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::Phase;

/// One request's phase, shared by the task that runs the request and by its observers. A clone is the same cell. The
/// default is a request that has not left the queue.
#[derive(Clone, Debug, Default)]
pub struct PhaseCell(Arc<AtomicU8>);

// Relaxed throughout, because no other memory depends on the cell.
impl PhaseCell {
    pub fn get(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) & PHASE {
            QUEUE => Phase::Queue,
            CONNECT => Phase::Connect,
            RESPONSE => Phase::Response,
            _ => Phase::Body,
        }
    }

    /// True if no byte of the request was sent, or the server said that it did not act upon the request. Then sending it
    /// again does nothing twice. Exact once the exchange has failed; false when in doubt.
    pub fn provably_unsent(&self) -> bool {
        let bits = self.0.load(Ordering::Relaxed);
        bits & ANSWERED == 0 && (matches!(bits & PHASE, QUEUE | CONNECT) || bits & UNPROCESSED != 0)
    }

    /// Starts an exchange, and forgets everything about an earlier one.
    pub(crate) fn begin(&self) {
        self.0.store(RESPONSE, Ordering::Relaxed);
    }

    /// A redirect led to another origin, whose answer says nothing about the request's token.
    pub(crate) fn leave_origin(&self) {
        self.0.fetch_or(AWAY, Ordering::Relaxed);
    }

    pub fn is_away(&self) -> bool {
        self.0.load(Ordering::Relaxed) & AWAY != 0
    }

    pub fn set(&self, phase: Phase) {
        self.0.store(self.0.load(Ordering::Relaxed) & !PHASE | phase as u8, Ordering::Relaxed);
    }

    /// The server cannot have acted upon the request. Holds until the request is sent again.
    pub(crate) fn unprocessed(&self) {
        self.0.fetch_or(UNPROCESSED, Ordering::Relaxed);
    }

    /// A connection was made: `Connect` becomes `Response`. Any other phase stays, so that a late call does no harm.
    pub(crate) fn connected(&self) {
        let bits = self.0.load(Ordering::Relaxed);
        if bits & PHASE == CONNECT {
            let next = bits & !PHASE | RESPONSE;
            // If another thread set a newer phase meanwhile, that one is right.
            let _ = self.0.compare_exchange(bits, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// A head arrived. Kept across redirects, because a connect that fails after a redirect does not prove that the first
    /// request was not processed.
    pub(crate) fn answered(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) & AWAY | ANSWERED | BODY, Ordering::Relaxed);
    }
}

// Queue is zero so that the default cell is a queued request.
const QUEUE: u8 = Phase::Queue as u8;
const CONNECT: u8 = Phase::Connect as u8;
const RESPONSE: u8 = Phase::Response as u8;
const BODY: u8 = Phase::Body as u8;
/// The two bits that hold one of the four phases above.
const PHASE: u8 = 0b011;
/// The bits above them.
const ANSWERED: u8 = 0b0_0100;
const AWAY: u8 = 0b0_1000;
const UNPROCESSED: u8 = 0b1_0000;

#[cfg(test)]
mod tests;
