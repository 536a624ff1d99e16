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
    let phase = PhaseCell::default();
    let mut connector = Watched(Fake(|| ready(Ok(()))));
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
    let phase = PhaseCell::default();
    let mut connector = Watched(Fake(|| ready(Err("refused"))));
    watched(&phase, connector.call(())).await.unwrap_err();
    assert_eq!(phase.get(), Phase::Queue, "a call outside of the watched future is nobody's");
    watched(&phase, async { connector.call(()).await }).await.unwrap_err();
    assert_eq!(phase.get(), Phase::Connect);
    assert!(phase.provably_unsent());
}

#[tokio::test]
async fn a_connect_that_hyper_moved_away_is_no_longer_the_requests() {
    let phase = PhaseCell::default();
    let mut connector = Watched(Fake(pending::<Outcome>));
    let mut connect = None;
    watched(&phase, async {
        assert!(!poll_once(connect.insert(connector.call(()))).await);
    })
    .await;
    assert_eq!(phase.get(), Phase::Connect);
    assert!(!poll_once(connect.as_mut().unwrap()).await);
    assert_eq!(phase.get(), Phase::Response);
}
