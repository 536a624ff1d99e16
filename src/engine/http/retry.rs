//! Decides whether a request is sent again after a network error, or after a status that may pass, such as 503.
//!
//! Invariant: a request that must not be done twice, by its method and without an idempotency key, is sent again only if
//! the server did not get it. All retries of a client together are limited by [`Budget`].

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
    /// How often a request is sent again at most.
    pub limit: u32,
    /// Methods that may be repeated even if the server may have acted upon the request.
    pub methods: Vec<Method>,
    /// Statuses that may pass.
    pub statuses: Vec<u16>,
    /// The longest pause. If a server asks for a longer one, the request is not sent again.
    pub max_delay: Duration,
}

impl RetryRules {
    /// How long to wait before `request`, which was sent again `retries` times, is sent once more; `None` if the caller
    /// gets `answer`. `unsent`: the server did not act upon the request. `chance` is between 0 and 1.
    pub fn pause(
        &self,
        retries: u32,
        request: &WireRequest,
        answer: &Result<Box<Response>, Error>,
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

    /// True if sending `request` again does nothing twice, even if the server may have acted upon it.
    pub fn may_repeat(&self, request: &WireRequest, unsent: bool) -> bool {
        unsent || self.methods.contains(&request.method) || request.headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// True if the same request may succeed a little later.
    pub fn passes(&self, answer: &Result<Box<Response>, Error>) -> bool {
        match answer {
            // `statuses` is about the client's own origin.
            Ok(response) => self.statuses.contains(&response.status) && !response.left_origin,
            Err(Error::Network { fault, .. }) => fault.may_pass(),
            Err(Error::Transport { may_pass, .. }) => *may_pass,
            Err(Error::Timeout { phase, .. }) => *phase == Phase::Connect,
            Err(_) => false,
        }
    }

    /// Full jitter: a random delay below a bound that doubles, so that requests that failed together do not come back
    /// together (Brooker, "Exponential Backoff And Jitter", 2015).
    fn backoff(&self, retries: u32, chance: f64) -> Duration {
        FIRST_BOUND.saturating_mul(1 << retries.min(16)).min(self.max_delay).mul_f64(chance)
    }
}

/// Limits a client's retries, so that a dead server does not get a multiple of the requests. The numbers of the AWS SDKs
/// ("standard" mode): 100 retries in a row, and one more for every five requests that succeed.
#[derive(Debug)]
pub struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;

    /// Takes one retry from the budget. False if none is left.
    pub fn spend(&self) -> bool {
        let left = |left: u32| left.checked_sub(Self::RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// A request succeeded.
    pub fn earn(&self) {
        // The budget is full most of the time; a read alone does not take the cache line from other cores.
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
pub(crate) fn retry_after(headers: &HeaderMap, now_ms: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit means: never.
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date_ms = clock::ms_of(httpdate::parse_http_date(text).ok()?);
    Some(Duration::from_millis(date_ms.saturating_sub(now_ms)))
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Upper bound of the first random delay; it doubles for each retry.
const FIRST_BOUND: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
