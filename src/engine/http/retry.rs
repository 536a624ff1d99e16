//! When a request that failed on its way, or was answered with a status that passes, is sent again.
//!
//! Invariant: a request whose method or key does not make repeating harmless is sent again only if no byte of it left.
//! And a server that answers nobody is asked less and less: see [`Budget`].

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::http::Method;
use ::http::header::{HeaderMap, HeaderName, RETRY_AFTER};

use crate::clock;
use crate::error::{Error, Phase};
use crate::http::{Response, WireRequest};

/// The option `retry`, complete.
#[derive(Clone, Debug)]
pub struct RetryRules {
    /// How often more than once a request is sent.
    pub limit: u32,
    /// What may be repeated whatever became of it.
    pub methods: Vec<Method>,
    /// Answers that pass.
    pub statuses: Vec<u16>,
    /// Longest pause. A server that asks for a longer one is not asked again.
    pub max_delay: Duration,
}

impl RetryRules {
    /// How long to wait before `request`, which was sent again `retries` times, is sent once more; `None` if `answer` is
    /// the caller's. `unsent`: no byte of it left. `chance` is between 0 and 1.
    pub fn pause(
        &self,
        retries: u32,
        request: &WireRequest,
        answer: &Result<Response, Error>,
        unsent: bool,
        chance: f64,
    ) -> Option<Duration> {
        if retries >= self.limit || !self.passes(answer) {
            return None;
        }
        if !self.may_repeat(request, unsent && answer.is_err()) || !request.body.is_fresh() {
            return None;
        }
        match answer.as_ref().ok().and_then(|response| retry_after(&response.headers, clock::wall_ms())) {
            Some(asked) => (asked <= self.max_delay).then_some(asked),
            None => Some(self.backoff(retries, chance)),
        }
    }

    /// Whether `request`, of which nobody knows what became of it, can be sent again without doing anything twice.
    pub fn may_repeat(&self, request: &WireRequest, unsent: bool) -> bool {
        unsent || self.methods.contains(&request.method) || request.headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// Whether the same request may fare better a little later.
    pub fn passes(&self, answer: &Result<Response, Error>) -> bool {
        match answer {
            // Another origin's answer says nothing about ours.
            Ok(response) => self.statuses.contains(&response.status) && !response.left_origin,
            Err(Error::Network { fault, .. }) => fault.may_pass(),
            Err(Error::Timeout { phase, .. }) => *phase == Phase::Connect,
            Err(_) => false,
        }
    }

    /// Full jitter, anything from nothing to a bound that doubles, so that callers who failed together do not come back
    /// together (Brooker, "Exponential Backoff And Jitter", 2015).
    fn backoff(&self, retries: u32, chance: f64) -> Duration {
        FIRST_BOUND.saturating_mul(1 << retries.min(16)).min(self.max_delay).mul_f64(chance)
    }
}

/// What all requests of a client may spend on retries together. A dead server thereby gets a few more requests than it
/// would without, and not a multiple. AWS SDKs' numbers ("standard" mode): 100 retries in a row, and one more for
/// every five requests that succeed.
#[derive(Debug)]
pub struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;

    /// Whether there is enough left for a retry, which is thereby spent.
    pub fn spend(&self) -> bool {
        let left = |left: u32| left.checked_sub(Self::RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// A request succeeded.
    pub fn earn(&self) {
        // Read first: most of the time it is full, and then no core has to have it for itself.
        if self.0.load(Ordering::Relaxed) < Self::FULL {
            let more = |left: u32| (left < Self::FULL).then_some(left + 1);
            let _full = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }
}

/// Both forms of RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap, now_ms: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is for ever.
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date_ms = clock::ms_of(httpdate::parse_http_date(text).ok()?);
    Some(Duration::from_millis(date_ms.saturating_sub(now_ms)))
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Within it the first retry falls; the second within twice as much.
const FIRST_BOUND: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
