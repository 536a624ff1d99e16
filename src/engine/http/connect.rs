//! Tells a request's [`PhaseCell`] when a connection is being made for it, which reqwest does not.
//!
//! hyper starts a connect inside the task of the request that needs it, so the cell travels in a task-local from
//! [`watched`] to the connector. When a kept connection comes free first, hyper moves the connect it no longer
//! needs to a task of its own, where the task-local is not set; that is how [`Connecting`] learns it was let go.
//!
//! Invariant: a connect touches the cell of the request that started it, and only while that request waits for it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tower::{Layer, Service};

use super::PhaseCell;
use crate::engine::error::Phase;

/// Runs `future` such that a connect it starts shows in `phase`.
pub(super) fn watched<F: Future>(phase: &PhaseCell, future: F) -> impl Future<Output = F::Output> + use<F> {
    WATCHED.scope(phase.clone(), future)
}

/// Ends the `Connect` phase of the request this task runs, if it is in it.
pub(super) fn left_connect() {
    // Not watched: nobody asked for the phase.
    let _ = WATCHED.try_with(PhaseCell::connected);
}

/// For `reqwest::ClientBuilder::connector_layer`.
#[derive(Clone, Copy)]
pub(super) struct WatchConnects;

#[derive(Clone)]
pub(super) struct Connector<S>(S);

pub(super) struct Connecting<F> {
    inner: F,
    phase: Option<PhaseCell>,
}

tokio::task_local! {
    static WATCHED: PhaseCell;
}

impl<S> Layer<S> for WatchConnects {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Connector(inner)
    }
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let phase = WATCHED.try_with(PhaseCell::clone).ok();
        if let Some(phase) = &phase {
            phase.set(Phase::Connect);
        }
        Connecting { inner: self.0.call(destination), phase }
    }
}

impl<F, T, E> Future for Connecting<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let let_go = WATCHED.try_with(|_| ()).is_err();
        if let_go && let Some(phase) = self.phase.take() {
            phase.connected();
        }
        let outcome = ready!(Pin::new(&mut self.inner).poll(cx));
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

    type Outcome = Result<(), ()>;

    /// A connector whose connects end as `connect` says.
    struct Fake<F>(fn() -> F);

    impl<F: Future<Output = Outcome>> Service<()> for Fake<F> {
        type Response = ();
        type Error = ();
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
        let mut connector = WatchConnects.layer(Fake(|| ready(Ok(()))));
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
        let mut connector = WatchConnects.layer(Fake(|| ready(Err(()))));
        watched(&phase, connector.call(())).await.unwrap_err();
        assert_eq!(phase.get(), Phase::Queue, "a call outside of the watched future is nobody's");
        watched(&phase, async { connector.call(()).await }).await.unwrap_err();
        assert_eq!(phase.get(), Phase::Connect);
        assert!(phase.provably_unsent());
    }

    #[tokio::test]
    async fn a_connect_that_was_let_go_is_no_longer_the_requests() {
        let phase = PhaseCell::new();
        let mut connector = WatchConnects.layer(Fake(pending::<Outcome>));
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
