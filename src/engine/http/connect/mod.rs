//! Makes connections: in time, and such that a request's [`PhaseCell`] shows that one is being made for it.
//!
//! hyper starts a connect inside the task of the request that needs it, so the cell travels in a task-local from
//! [`watched`] to the connector. When a kept connection comes free first, hyper moves the connect it no longer
//! needs to a task of its own, where the task-local is not set; that is how [`Connecting`] learns it was let go.
//!
//! Invariant: a connect touches the cell of the request that started it, and only while that request waits for it.

pub mod abort_handle;
pub mod proxy;
pub mod route;
pub mod tls;
pub mod unix;

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Timeout, timeout};
use tower_service::Service;

use crate::error::Phase;
use crate::http::PhaseCell;

/// Runs `future` such that a connect it starts shows in `phase`.
pub(crate) fn watched<F: Future>(phase: &PhaseCell, future: F) -> impl Future<Output = F::Output> + use<F> {
    WATCHED.scope(phase.clone(), future)
}

/// Ends the `Connect` phase of the request this task runs, if it is in it.
pub(crate) fn left_connect() {
    // Not watched: nobody asked for the phase.
    let _ = WATCHED.try_with(PhaseCell::connected);
}

/// Notes that the server cannot have acted upon the request this task runs, though it may have been sent.
pub(crate) fn unprocessed() {
    let _ = WATCHED.try_with(PhaseCell::unprocessed);
}

/// Whether this task runs a request. A connect that was let go runs in one that does not.
pub(crate) fn is_watched() -> bool {
    WATCHED.try_with(|_| ()).is_ok()
}

/// Name, proxy, TCP and TLS together. undici's number: three lost SYNs (1 + 2 + 4 s) fit, a dead host is known well before
/// the request's own 30 s are over.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connector that is watched, and given up after [`CONNECT_TIMEOUT`].
#[derive(Clone)]
pub(crate) struct Connector<S>(pub(crate) S);

pub(crate) struct Connecting<F> {
    inner: Pin<Box<Timeout<F>>>,
    phase: Option<PhaseCell>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

tokio::task_local! {
    static WATCHED: PhaseCell;
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let phase = WATCHED.try_with(PhaseCell::clone).ok();
        if let Some(phase) = &phase {
            phase.set(Phase::Connect);
        }
        Connecting { inner: Box::pin(timeout(CONNECT_TIMEOUT, self.0.call(destination))), phase }
    }
}

impl<F, T, E> Future for Connecting<F>
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
mod tests {
    use std::future::{pending, poll_fn, ready};

    use super::*;

    type Outcome = Result<(), &'static str>;

    /// A connector whose connects end as `connect` says.
    struct Fake<F>(fn() -> F);

    impl<F: Future<Output = Outcome>> Service<()> for Fake<F> {
        type Response = ();
        type Error = &'static str;
        type Future = F;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Outcome> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> F {
            (self.0)()
        }
    }

    async fn poll_once<F: Future + Unpin>(future: &mut F) -> bool {
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_ready())).await
    }

    #[tokio::test]
    async fn a_connect_shows_while_it_lasts() {
        let phase = PhaseCell::new();
        let mut connector = Connector(Fake(|| ready(Ok(()))));
        watched(&phase, async {
            let connect = connector.call(());
            assert_eq!(phase.get(), Phase::Connect);
            connect.await.unwrap();
            assert_eq!(phase.get(), Phase::Response);
        })
        .await;
    }

    #[tokio::test]
    async fn a_failed_connect_leaves_the_phase_at_connect() {
        let phase = PhaseCell::new();
        let mut connector = Connector(Fake(|| ready(Err("refused"))));
        watched(&phase, connector.call(())).await.unwrap_err();
        assert_eq!(phase.get(), Phase::Queue, "a call outside of the watched future is nobody's");
        watched(&phase, async { connector.call(()).await }).await.unwrap_err();
        assert_eq!(phase.get(), Phase::Connect);
        assert!(phase.provably_unsent());
    }

    #[tokio::test]
    async fn a_connect_that_was_let_go_is_no_longer_the_requests() {
        let phase = PhaseCell::new();
        let mut connector = Connector(Fake(pending::<Outcome>));
        let mut connect = None;
        watched(&phase, async {
            assert!(!poll_once(connect.insert(connector.call(()))).await);
        })
        .await;
        assert_eq!(phase.get(), Phase::Connect);
        assert!(!poll_once(connect.as_mut().unwrap()).await);
        assert_eq!(phase.get(), Phase::Response);
    }
}
