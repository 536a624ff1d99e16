use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::clock;
use crate::secret::Secret;
use crate::session::Stamp;
use crate::session::held::tests::stamped;
use crate::token::tests::tokens;

fn held(generation: u64) -> Held {
    stamped(tokens(&format!("a{generation}"), None), Stamp { epoch: 0, generation }, true, clock::now(), 0)
}

fn made(presented: Presented) -> HeaderValue {
    match presented {
        Presented::Made(value) => value,
        Presented::Making(_) => panic!("the header takes waiting"),
    }
}

#[derive(Default)]
struct Counting(AtomicUsize);

impl Format for Counting {
    fn format<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<HeaderValue, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(HeaderValue::try_from(format!("Token {}", token.expose())).unwrap()) })
    }
}

#[test]
fn bearer_header_takes_no_waiting_and_is_sensitive() {
    let presenter = presenter(None);
    for (generation, value) in [(1, "Bearer a1"), (1, "Bearer a1"), (2, "Bearer a2"), (1, "Bearer a1")] {
        let header = made(presenter.header(&held(generation)));
        assert_eq!(header, value);
        assert!(header.is_sensitive());
    }
}

#[tokio::test(start_paused = true)]
async fn formatted_header_takes_no_waiting_once_it_was_made() {
    let counting = Arc::new(Counting::default());
    let format: Arc<dyn Format> = Arc::clone(&counting) as _;
    let presenter = presenter(Some(&format));
    let first = held(1);
    drop(presenter.header(&first));
    assert_eq!(counting.0.load(Ordering::Relaxed), 0, "nobody polled, so that nobody was asked");
    presenter.header(&first).value().await.unwrap();
    let header = made(presenter.header(&first));
    assert_eq!((header.to_str().unwrap(), header.is_sensitive()), ("Token a1", true));
    assert!(matches!(presenter.header(&held(2)), Presented::Making(_)));
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
}
