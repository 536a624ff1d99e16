//! The numbers of `stats()`.

use napi_derive::napi;

use super::Client;
use engine::client::OriginCount;

/// Requests to one origin.
#[napi(object, object_from_js = false)]
pub struct NativeOriginStats {
    pub origin: String,
    pub requests: f64,
    pub client_errors: f64,
    pub server_errors: f64,
    pub failed: f64,
    pub replays: f64,
    pub retries: f64,
    pub duration_ms: f64,
}

impl From<(String, OriginCount)> for NativeOriginStats {
    fn from((origin, count): (String, OriginCount)) -> Self {
        Self {
            origin,
            requests: count.requests as f64,
            client_errors: count.client_errors as f64,
            server_errors: count.server_errors as f64,
            failed: count.failed as f64,
            replays: count.replays as f64,
            retries: count.retries as f64,
            duration_ms: count.time.as_secs_f64() * 1000.0,
        }
    }
}

#[napi]
impl Client {
    /// In the order of `STATS` in `lib/client.js`.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> Vec<f64> {
        let config = &self.shared.config;
        let counters = &config.participant.counters;
        let waiting = &config.participant.waiting;
        let counts = [
            counters.requests.get(),
            counters.replays.get(),
            counters.retries.get(),
            waiting.count() as u64,
            waiting.peak() as u64,
            counters.rotations.get(),
            counters.rotations_failed.get(),
            counters.adopted.get(),
            counters.reuse_suspected.get(),
            counters.ambiguous.get(),
            counters.persist_retries.get(),
            config.registry.in_use() as u64,
            counters.lease_waits.get(),
            counters.lease_wait_ms.get(),
            counters.reclaimed.get(),
            counters.fenced.get(),
            counters.orphan_intents.get(),
            counters.candidates.get(),
        ];
        counts.iter().map(|count| *count as f64).collect()
    }

    /// Requests that have ended, by origin.
    #[napi(catch_unwind)]
    pub fn origin_stats(&self) -> Vec<NativeOriginStats> {
        self.shared.config.origin_counts.all().into_iter().map(NativeOriginStats::from).collect()
    }
}
