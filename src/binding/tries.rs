//! A request that JavaScript traces. `lib/tracing/traced-request.js` hears of its tries.

use std::sync::Arc;

use ::http::header::HeaderMap;
use futures_util::future::BoxFuture;

use super::options::header_lines;
use super::queue::Queue;
use super::queue::call::{Arg, Reply};
use engine::client::{Tries, Try};
use engine::error::Error;
use engine::http::Response;

pub(super) struct TracedRequest {
    pub(super) queue: Arc<Queue>,
    /// The number of the client's callbacks.
    pub(super) client: u32,
    /// The number that JavaScript gave the request.
    pub(super) request: u32,
}

impl Tries for TracedRequest {
    /// A trace never fails a request, so that headers which are no headers are left out.
    fn begin(&self, this: Try) -> BoxFuture<'_, HeaderMap> {
        Box::pin(async move {
            let number = |number: u32| Arg::Number(f64::from(number));
            let generation = this.generation.map_or(Arg::Null, |generation| Arg::Number(generation as f64));
            let args = vec![
                number(self.request),
                number(this.number),
                number(this.replays),
                number(this.retries),
                generation,
            ];
            match self.queue.call(self.client, "beginTry", args).reply.await {
                Ok(Reply::Text(lines)) => header_lines(&lines).unwrap_or_default(),
                _ => HeaderMap::default(),
            }
        })
    }

    fn end(&self, answer: &Result<Box<Response>, Error>) {
        let (status, code) = match answer {
            Ok(response) => (Arg::Number(f64::from(response.status)), Arg::Null),
            Err(error) => (Arg::Null, Arg::Text(error.code().to_owned())),
        };
        let request = Arg::Number(f64::from(self.request));
        self.queue.notify(self.client, "endTry", vec![request, status, code]);
    }
}
