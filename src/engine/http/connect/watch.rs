//! Limits the time that a connection may take to be made, and shows in a request's [`PhaseCell`] that one is being made.
//!
//! A pool starts a connect inside the task of the request that needs it, so the cell travels in a task-local from
//! [`watched`] to the connector. If a kept connection is free first, the pool moves the connect, which the request no longer
//! needs, to a task of its own. The task-local is not set there, and that tells [`WatchedConnect`].
//!
//! Invariant: a connect changes only the cell of the request that started it, and only while that request waits for it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Timeout, timeout};
use tower_service::Service;

use crate::error::Phase;
use crate::http::PhaseCell;
use crate::http::connect::link::BoxError;

/// Runs `future`; a connect that `future` starts shows in `phase`.
pub(crate) fn watched<F: Future>(phase: &PhaseCell, future: F) -> impl Future<Output = F::Output> + use<F> {
    WATCHED.scope(phase.clone(), future)
}

/// Ends the `Connect` phase of the request that this task runs, if the request is in that phase.
pub(crate) fn left_connect() {
    // An error means that the task runs no watched request.
    let _ = WATCHED.try_with(PhaseCell::connected);
}

/// Notes that the server cannot have acted upon the request that this task runs, though it may have been sent.
pub(crate) fn unprocessed() {
    let _ = WATCHED.try_with(PhaseCell::unprocessed);
}

/// True if this task runs a request. It does not if a pool moved a connect into it.
pub(crate) fn is_watched() -> bool {
    WATCHED.try_with(|_| ()).is_ok()
}

/// For the name, proxy, TCP and TLS together. undici's number: three lost SYNs (1 + 2 + 4 s) fit, and a dead host is
/// found long before the request's own 30 s are over.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connector that is watched, and given up after [`CONNECT_TIMEOUT`].
#[derive(Clone)]
pub(crate) struct Watched<S>(pub(crate) S);

pub(crate) struct WatchedConnect<F> {
    inner: Pin<Box<Timeout<F>>>,
    phase: Option<PhaseCell>,
}

tokio::task_local! {
    static WATCHED: PhaseCell;
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = WatchedConnect<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let phase = WATCHED.try_with(PhaseCell::clone).ok();
        if let Some(phase) = &phase {
            phase.set(Phase::Connect);
        }
        WatchedConnect { inner: Box::pin(timeout(CONNECT_TIMEOUT, self.0.call(destination))), phase }
    }
}

impl<F, T, E> Future for WatchedConnect<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !is_watched()
            && let Some(phase) = self.phase.take()
        {
            phase.connected();
        }
        let outcome = match ready!(self.inner.as_mut().poll(cx)) {
            Ok(outcome) => outcome.map_err(Into::into),
            Err(elapsed) => Err(elapsed.into()),
        };
        if let Some(phase) = self.phase.take()
            && outcome.is_ok()
        {
            phase.connected();
        }
        Poll::Ready(outcome)
    }
}

#[cfg(test)]
mod tests;
