//! One connection for all requests to an origin that speaks HTTP/2. The pool starts a connection for each request that
//! finds none, and keeps only the first that is ready; a storm would make hundreds of TLS handshakes in vain.
//!
//! Invariant: a connect is delayed or dropped only if another one makes it unnecessary. If that other one fails, or
//! speaks HTTP/1.1 after all, the delayed ones start at once.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use http::uri::Authority;
use hyper_util::client::legacy::connect::Connection;
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::http::connect::link::BoxError;
use crate::http::connect::watch::is_watched;
use crate::lock::Lock;

/// A connector to https origins that knows which of them speak HTTP/2.
#[derive(Clone)]
pub(crate) struct Http2Dedup<S> {
    inner: S,
    known: Http2Origins,
}

/// The origins that spoke HTTP/2, each with a semaphore that lets one connect through. A closed semaphore lets all through.
#[derive(Clone, Default)]
struct Http2Origins(Arc<Lock<HashMap<Authority, Arc<Semaphore>>>>);

impl<S> Http2Dedup<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, known: Http2Origins::default() }
    }
}

impl<S> Service<Uri> for Http2Dedup<S>
where
    S: Service<Uri, Error = BoxError>,
    S::Response: Connection + Send,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = DedupedConnect<S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let origin = uri.authority().cloned();
        let connect = self.inner.call(uri);
        let known = self.known.clone();
        let connecting = {
            let origin = origin.clone();
            async move {
                let Some(origin) = origin else { return connect.await };
                let one_at_a_time = known.semaphore(&origin);
                let _permit = match &one_at_a_time {
                    Some(semaphore) => semaphore.acquire().await.ok(),
                    None => None,
                };
                let outcome = connect.await;
                match &outcome {
                    Ok(link) if link.connected().is_negotiated_h2() => known.learn(origin),
                    _ => known.forget(&origin),
                }
                outcome
            }
        };
        DedupedConnect {
            inner: Box::pin(connecting),
            wanted: is_watched(),
            origin,
            known: self.known.clone(),
        }
    }
}

pub(crate) struct DedupedConnect<T> {
    inner: BoxFuture<'static, Result<T, BoxError>>,
    /// True if a request waited for it when it started.
    wanted: bool,
    origin: Option<Authority>,
    known: Http2Origins,
}

impl<T> Future for DedupedConnect<T> {
    type Output = Result<T, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let let_go = self.wanted && !is_watched();
        if let_go && self.origin.as_ref().is_some_and(|origin| self.known.semaphore(origin).is_some()) {
            return Poll::Ready(Err("another connection took its place".into()));
        }
        self.inner.as_mut().poll(cx)
    }
}

impl Http2Origins {
    fn semaphore(&self, origin: &Authority) -> Option<Arc<Semaphore>> {
        self.0.lock().get(origin).map(Arc::clone)
    }

    fn learn(&self, origin: Authority) {
        let mut known = self.0.lock();
        if known.len() >= MANY {
            known.clear();
        }
        known.entry(origin).or_insert_with(|| Arc::new(Semaphore::new(1)));
    }

    fn forget(&self, origin: &Authority) {
        if let Some(semaphore) = self.0.lock().remove(origin) {
            semaphore.close();
        }
    }
}

/// A client has few origins. If it has more than this, all are forgotten, so that the map stays small.
const MANY: usize = 1000;

#[cfg(test)]
mod tests;
